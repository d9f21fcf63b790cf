"""Digest arithmetic against the examples of the RFCs, and both headers through reader and writer."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.sip.digest import (
    MD5,
    SHA_256,
    SHA_512_256,
    STRONGEST_FIRST,
    Challenge,
    answer,
    challenge_value,
    credentials_value,
    hashed,
    is_digest,
    is_user_hash,
    parameters,
    proves,
    read_challenge,
    read_credentials,
    user_hash,
)
from proxy.sip.message import ParseError

MUFASA = (b"Mufasa", b"http-auth@example.org", b"Circle of Life")
NONCE = b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
JASON = ("Jäsøn Doe".encode(), b"api@example.org", b"Secret, or not?")
URI = b"sip:+33140000000@edge.example.net"


@pytest.mark.parametrize(
    ("algorithm", "wanted"),
    [
        (MD5, b"8ca523f5e9506fed4657c9700eebdbec"),
        (SHA_256, b"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616_3_9_1(algorithm: bytes, wanted: bytes) -> None:
    ha1 = user_hash(algorithm, *MUFASA)
    assert answer(algorithm, False, ha1, NONCE, b"00000001", CNONCE, b"auth", b"GET", b"/dir/index.html", b"") == wanted


def test_the_example_of_rfc_7616_3_9_2_as_erratum_4897_corrects_it() -> None:
    got = answer(
        SHA_512_256, False, user_hash(SHA_512_256, *JASON), b"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        b"00000001", b"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", b"auth", b"GET", b"/doe.json", b"",
    )  # fmt: skip
    assert got == b"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"


def test_the_example_of_rfc_2617_3_5() -> None:
    ha1 = user_hash(MD5, b"Mufasa", b"testrealm@host.com", b"Circle Of Life")
    nonce, cnonce = b"dcd98b7102dd2f0e8b11d0f600bfb0c093", b"0a4f113b"
    got = answer(MD5, False, ha1, nonce, b"00000001", cnonce, b"auth", b"GET", b"/dir/index.html", b"")
    assert ha1 == b"939e7578ed9e3c518a452acee763bce9"
    assert got == b"6629fae49393a05397450978507c4ef1"


def test_without_protection_the_counts_are_left_out() -> None:
    ha1 = user_hash(MD5, b"u", b"r", b"p")
    wanted = hashed(MD5, b"%b:n:%b" % (ha1, hashed(MD5, b"INVITE:" + URI)))
    assert answer(MD5, False, ha1, b"n", b"00000007", b"c", b"", b"INVITE", URI, b"body") == wanted


def test_a_session_hashes_its_nonces_in_and_auth_int_the_body() -> None:
    ha1 = user_hash(SHA_256, b"u", b"r", b"p")
    inner = hashed(SHA_256, ha1 + b":n:c")
    asked = hashed(SHA_256, b"INVITE:%b:%b" % (URI, hashed(SHA_256, b"body")))
    wanted = hashed(SHA_256, b"%b:n:00000001:c:auth-int:%b" % (inner, asked))
    assert answer(SHA_256, True, ha1, b"n", b"00000001", b"c", b"auth-int", b"INVITE", URI, b"body") == wanted


@pytest.mark.parametrize("algorithm", STRONGEST_FIRST)
@pytest.mark.parametrize("session", [False, True])
def test_what_we_answer_to_our_own_challenge_proves_itself(algorithm: bytes, session: bool) -> None:
    named = algorithm + b"-sess" if session else algorithm
    challenge = read_challenge(challenge_value(b"edge", b"n1", named, False))
    assert challenge is not None
    assert (challenge.algorithm, challenge.session, challenge.qop, challenge.stale) == (
        algorithm, session, b"auth", False,
    )  # fmt: skip
    ha1 = user_hash(algorithm, b"vms", b"edge", b"secret")
    value = credentials_value(challenge, b"vms", ha1, b"INVITE", URI, b"", 3, b"cn")
    found = read_credentials(value)
    assert (found.user, found.realm, found.nonce, found.uri, found.nc) == (b"vms", b"edge", b"n1", URI, 3)
    assert proves(found, ha1, b"INVITE")
    assert not proves(found, ha1, b"BYE")
    assert not proves(found, user_hash(algorithm, b"vms", b"edge", b"Secret"), b"INVITE")
    assert not proves(read_credentials(value.replace(b"nc=00000003", b"nc=00000004")), ha1, b"INVITE")


def test_an_answer_in_capitals_is_an_answer() -> None:
    challenge = Challenge(b"r", b"n", None, MD5, False, b"auth", False)
    ha1 = user_hash(MD5, b"u", b"r", b"p")
    found = read_credentials(credentials_value(challenge, b"u", ha1, b"INVITE", URI, b"", 1, b"c"))
    found_upper = read_credentials(
        credentials_value(challenge, b"u", ha1, b"INVITE", URI, b"", 1, b"c").replace(
            found.response, found.response.upper()
        )
    )
    assert proves(found_upper, ha1, b"INVITE")


def test_stale_and_opaque_come_back_as_they_are() -> None:
    value = challenge_value(b"edge", b"n", SHA_256, True) + b', opaque="x\\"y"'
    challenge = read_challenge(value)
    assert challenge is not None
    assert challenge.stale
    assert challenge.opaque == b'x\\"y'
    assert b'opaque="x\\"y"' in credentials_value(challenge, b"u", b"0" * 64, b"BYE", URI, b"", 1, b"c")


@pytest.mark.parametrize(
    ("value", "algorithm", "session", "qop"),
    [
        (b'Digest realm="r", nonce="n"', MD5, False, b""),
        (b'digest nonce="n",realm="r",algorithm=md5', MD5, False, b""),
        (b'Digest  realm = "r" , nonce = "n" , qop="auth-int,auth"', MD5, False, b"auth"),
        (b'Digest realm="r", nonce="n", qop="auth-int"', MD5, False, b"auth-int"),
        (b'Digest realm="r", nonce="n", qop=auth, algorithm="SHA-256"', SHA_256, False, b"auth"),
        (b'Digest realm="r", nonce="n", algorithm=SHA-512-256-sess, qop="auth"', SHA_512_256, True, b"auth"),
        (b'Digest realm="a, b=c", nonce="n", domain="sip:x", stale=FALSE, charset=UTF-8', MD5, False, b""),
    ],
)  # fmt: skip
def test_challenges_of_every_kind_are_read(value: bytes, algorithm: bytes, session: bool, qop: bytes) -> None:
    found = read_challenge(value)
    assert found is not None
    assert (found.algorithm, found.session, found.qop) == (algorithm, session, qop)


def test_no_protection_is_answered_without_counts() -> None:
    challenge = read_challenge(b'Digest realm="r", nonce="n"')
    assert challenge is not None
    value = credentials_value(challenge, b"u", user_hash(MD5, b"u", b"r", b"p"), b"INVITE", URI, b"", 1, b"c")
    assert set(parameters(value)) == {b"username", b"realm", b"nonce", b"uri", b"response", b"algorithm"}


def test_a_session_without_protection_still_tells_its_cnonce() -> None:
    challenge = Challenge(b"r", b"n", None, MD5, True, b"", False)
    value = credentials_value(challenge, b"u", user_hash(MD5, b"u", b"r", b"p"), b"INVITE", URI, b"", 1, b"c")
    assert parameters(value)[b"cnonce"] == b"c"
    assert parameters(value)[b"algorithm"] == b"MD5-sess"


@pytest.mark.parametrize(
    "value",
    [
        b'Basic realm="r"',
        b'Digest realm="r", nonce="n", algorithm=SHA-1',
        b'Digest realm="r", nonce="n", qop="token"',
        b"Digest",
    ],
)
def test_what_we_cannot_answer_is_no_challenge(value: bytes) -> None:
    assert read_challenge(value) is None


@pytest.mark.parametrize(
    "value",
    [
        b'Digest nonce="n"',
        b'Digest realm="r"',
        b'Digest realm="r", realm="s", nonce="n"',
        b'Digest realm="r, nonce="n"',
        b'Digest realm="r" x, nonce="n"',
        b'Digest realm="r\\", nonce=n',
        b"Digest realm",
        b"Digest =x",
        b"Digest realm=a b, nonce=n",
        b'Digest realm="r",, nonce="n"',
    ],
)
def test_a_broken_challenge_is_a_400(value: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        read_challenge(value)
    assert (caught.value.status, caught.value.kind) == (400, "digest")


GOOD = b'Digest username="u", realm="r", nonce="n", uri="sip:x", response="00", cnonce="c", qop=auth, nc=0000000A'


def test_credentials_are_read() -> None:
    found = read_credentials(GOOD)
    assert (found.user, found.algorithm, found.cnonce, found.nc) == (b"u", MD5, b"c", 10)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"qop=auth", b"qop=auth-int"),
        (b", qop=auth", b""),
        (b"nc=0000000A", b"nc=A"),
        (b"nc=0000000A", b"nc=0000000g"),
        (b", nc=0000000A", b""),
        (b', cnonce="c"', b""),
        (b'username="u", ', b""),
        (b"qop=auth", b"qop=auth, algorithm=SHA-1"),
    ],
)
def test_credentials_that_answer_no_challenge_of_ours_are_a_400(old: bytes, new: bytes) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ParseError):
        read_credentials(GOOD.replace(old, new))


def test_a_user_hash_is_known_by_its_looks() -> None:
    assert is_user_hash(MD5, user_hash(MD5, b"u", b"r", b"p"))
    assert not is_user_hash(SHA_256, user_hash(MD5, b"u", b"r", b"p"))
    assert not is_user_hash(MD5, b"z" * 32)


@given(st.binary(max_size=300))
def test_nothing_but_a_parse_error_comes_of_any_bytes(junk: bytes) -> None:
    for read in (read_challenge, read_credentials):
        with suppress(ParseError):
            read(b"Digest " + junk)


@given(
    st.dictionaries(
        st.sampled_from([b"realm", b"nonce", b"opaque", b"x-other"]),
        st.text(alphabet='ab ,="\\;:', max_size=20),
    )
)
def test_quoted_values_survive_whatever_they_hold(values: dict[bytes, str]) -> None:
    quoted = {
        name: text.replace("\\", "\\\\").replace('"', '\\"').encode() for name, text in values.items()
    }  # fmt: skip
    value = b"Digest " + b", ".join([b'%b="%b"' % pair for pair in quoted.items()])
    assert is_digest(value)
    assert parameters(value) == quoted
