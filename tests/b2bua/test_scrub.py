"""The leak guard, piece by piece: header values, Content-Type, SDP, multipart, other bodies."""

from __future__ import annotations

import pytest

from proxy.b2bua.extract import Secrets
from proxy.b2bua.scrub import scrub_body, scrub_lines, scrub_type

SECRETS = Secrets((b"612345678", b"38000"), (b"dupont",), (b"10.1.0.1",))
SDP = b"v=0\r\no=- 1 1 IN IP4 10.1.0.1\r\ns=-\r\nc=IN IP4 10.1.0.1\r\nt=0 0\r\nm=audio 38000 RTP/AVP 8\r\n"


@pytest.mark.parametrize(
    "value",
    [
        b"x +33612345678", b"06 12 34 56 78", b"06.12.34.56.78", b"06-12/34(56)78", b"06_12,34;56:78",
        b"%30%36%31%32%33%34%35%36%37%38", b"06\xc2\xa012\xc2\xa034\xc2\xa056\xc2\xa078", b"Jean DUPONT", b"du%70ont",
        b"http://10.1.0.1/x", b"38000",
    ],
)  # fmt: skip
def test_a_header_that_shows_a_secret_is_dropped(value: bytes) -> None:
    lines = [b"Via: 0612345678", b"Reason: " + value, b"Accept: application/sdp"]
    assert scrub_lines(lines, 1, SECRETS) == 1
    assert lines == [b"Via: 0612345678", b"Accept: application/sdp"]


@pytest.mark.parametrize("value", [b"Q.850;cause=16", b"0612345679", b"06 12 34 56 7", b"dupond", b"10.1.0.2", b"%zz"])
def test_a_header_that_shows_none_stays(value: bytes) -> None:
    lines = [b"Reason: " + value]
    assert scrub_lines(lines, 0, SECRETS) == 0
    assert lines == [b"Reason: " + value]


def test_a_header_name_is_no_secret() -> None:
    lines = [b"Dupont: 1"]
    assert scrub_lines(lines, 0, SECRETS) == 0


@pytest.mark.parametrize(
    ("kind", "crossing"),
    [
        (b"application/sdp", b"application/sdp"),
        (b"application/sdp;x=1", b"application/sdp;x=1"),
        (b"application/sdp;who=dupont", b"application/sdp"),
        (b"application/dupont", b"application/octet-stream"),
        (b'multipart/mixed;boundary="a-0612345678"', b"multipart/mixed;boundary=crossed-part"),
        (b"Multipart/Related;boundary=10.1.0.1", b"Multipart/Related;boundary=crossed-part"),
        (b"multipart/mixed;boundary=free", b"multipart/mixed;boundary=free"),
    ],
)
def test_a_content_type_is_cut_down_to_what_shows_nothing(kind: bytes, crossing: bytes) -> None:
    assert scrub_type(kind, SECRETS) == crossing


def test_sdp_without_a_secret_stays_as_it_is() -> None:
    assert scrub_body(SDP, b"application/sdp", SECRETS) == SDP


@pytest.mark.parametrize(
    "kind", [b"application/sdp", b"Application/SDP", b"application / sdp", b"application/sdp;charset=x", b""]
)
def test_the_lines_that_name_the_owner_are_emptied_or_dropped(kind: bytes) -> None:
    body = SDP.replace(b"o=- ", b"o=anyone ").replace(b"s=-", b"s=title\r\ni=about\r\nu=http://x\r\ne=a@b\r\np=+1")
    assert scrub_body(body, kind, SECRETS) == SDP


def test_lines_may_end_in_any_way() -> None:
    body = SDP.replace(b"o=- ", b"o=anyone ")
    assert scrub_body(body.replace(b"\r\n", b"\n"), b"application/sdp", SECRETS) == SDP.replace(b"\r\n", b"\n")
    assert scrub_body(body.replace(b"\r\n", b"\r"), b"application/sdp", SECRETS) == SDP.replace(b"\r\n", b"\r")
    assert scrub_body(b"o=", b"application/sdp", SECRETS) == b"o="


def test_a_number_cannot_be_read_on_behind_a_bare_cr() -> None:
    body = SDP + b"x=06\r12345678\r\n"
    assert scrub_body(body, b"application/sdp", SECRETS) == (SDP + b"x=06\r\n12345678\r\n").replace(b"\r", b"")


def test_a_binary_part_crosses_byte_by_byte() -> None:
    binary = bytes(range(256)) + b"\r\n\r\r\n\n\rs\r"
    kind = b"multipart/mixed;boundary=x"
    body = b"--x\r\nContent-Type: application/octet-stream\r\n\r\n" + binary + b"\r\n--x--\r\n"
    assert scrub_body(body, kind, SECRETS) == body


def test_attributes_that_show_a_secret_are_dropped_and_ports_stay() -> None:
    session = SDP.replace(b"t=0 0\r\n", b"t=0 0\r\na=tool:10.1.0.1\r\na=x:06 12 34 56 78\r\na=sendrecv\r\n")
    body = session + b"a=ssrc:1 cname:Dupont\r\na=rtcp:38001 IN IP4 10.1.0.1\r\na=label:0612345678\r\n"
    kept = SDP.replace(b"t=0 0\r\n", b"t=0 0\r\na=sendrecv\r\n") + b"a=rtcp:38001 IN IP4 10.1.0.1\r\n"
    kept += b"a=label:0000000000\r\n"
    assert scrub_body(body, b"application/sdp", SECRETS) == kept


def test_a_name_that_is_a_word_of_sdp_takes_no_codec_away() -> None:
    body = SDP + b"a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\na=ssrc:1 cname:Telephone\r\n"
    named = Secrets((), (b"telephone", b"audio", b"sendrecv"), ())
    kept = SDP + b"a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
    assert scrub_body(body, b"application/sdp", named) == kept


def test_a_session_id_that_is_the_number_becomes_another_that_is_as_stable() -> None:
    body = SDP.replace(b"o=- 1 1", b"o=x 33612345678 1")
    assert b"o=- 33000000000 1 IN" in scrub_body(body, b"application/sdp", SECRETS)


def multipart(border: bytes) -> bytes:
    parts = (
        b"Content-Type: application/sdp\r\nContent-ID: <dupont@x>\r\nContent-Disposition: session\r\n\r\n"
        + SDP.replace(b"o=-", b"o=anyone"),
        b"Content-Type: text/plain\r\n\r\ncall 0612345678 now",
    )
    return b"".join([b"--" + border + b"\r\n" + part + b"\r\n" for part in parts]) + b"--" + border + b"--\r\n"


def test_sdp_inside_multipart_is_cleaned_and_so_are_the_heads_of_its_parts() -> None:
    body = scrub_body(multipart(b"free"), b"multipart/mixed;boundary=free", SECRETS)
    assert body == (
        b"--free\r\nContent-Type: application/sdp\r\nContent-Disposition: session\r\n\r\n" + SDP
        + b"\r\n--free\r\nContent-Type: text/plain\r\n\r\ncall 0000000000 now\r\n--free--\r\n"
    )  # fmt: skip


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_border_that_shows_a_secret_is_renamed_in_the_body_as_well(quote: bytes) -> None:
    kind = b"multipart/mixed; Boundary=" + quote + b"0612345678" + quote + b";x=1"
    body = scrub_body(multipart(b"0612345678"), kind, SECRETS)
    assert body.count(b"--crossed-part") == 3
    assert b"612345678" not in body


@pytest.mark.parametrize("kind", [b"multipart/mixed;x=dupont", b'multipart/mixed;boundary="dupont'])
def test_a_border_that_cannot_be_found_still_leaves_no_number(kind: bytes) -> None:
    assert b"612345678" not in scrub_body(multipart(b"0612345678"), kind, SECRETS)


def test_a_line_that_shows_a_secret_where_no_line_should_be_is_dropped() -> None:
    inside = SDP.replace(b"t=0 0\r\n", b"t=0 0\r\nReferred-By: <sip:dupont@x>\r\nb=AS:06 12 34 56 78\r\n")
    assert scrub_body(inside, b"application/sdp", SECRETS) == SDP
    head = multipart(b"free").replace(b"Content-ID: <dupont@x>", b"Remote-Party-ID: dupont")
    assert b"dupont" not in scrub_body(head, b"multipart/mixed;boundary=free", SECRETS)


def test_each_sdp_part_starts_with_a_session_of_its_own() -> None:
    part = b"--free\r\nContent-Type: application/sdp\r\n\r\n" + SDP.replace(b"m=", b"a=tool:%2B33612345678\r\nm=")
    cleaned = scrub_body(part * 2, b"multipart/mixed;boundary=free", SECRETS)
    assert b"tool" not in cleaned
    assert cleaned.count(b"m=audio 38000") == 2


def test_the_type_of_a_part_is_cut_down_to_what_shows_nothing() -> None:
    body = multipart(b"free").replace(b"text/plain", b"text/plain;name=dupont.txt").replace(b"--free--", b"--dupont--")
    cleaned = scrub_body(body, b"multipart/mixed;boundary=free", SECRETS)
    assert b"\r\nContent-Type: text/plain\r\n\r\ncall" in cleaned
    assert b"dupont" not in cleaned


def test_a_body_without_a_type_is_cleaned_like_any_that_may_hold_sdp() -> None:
    assert scrub_body(multipart(b"free"), b"", SECRETS) == scrub_body(multipart(b"free"), b"multipart/x", SECRETS)
    assert b"anyone" not in scrub_body(multipart(b"free"), b"", SECRETS)


def test_other_bodies_lose_the_digits_only() -> None:
    assert scrub_body(b"o=x 0612345678 dupont", b"text/plain", SECRETS) == b"o=x 0000000000 dupont"
