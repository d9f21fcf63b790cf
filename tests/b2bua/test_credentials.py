"""A carrier's challenges: which is answered, how the count grows, and what a request looks like with credentials."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proxy.b2bua.credentials import Login, cseq_of, logins_for, renewed, with_line
from proxy.b2bua.logins import CarrierLogin
from proxy.sip.message import Message
from proxy.sip.parse import parse
from tests.b2bua.digest_peer import fields, is_right
from tests.ladder import Caller, Seen, carrier, datagram, topology

GIVEN = CarrierLogin(b"edge", b"secret")


def response(*values: str, status: int = 401) -> Message:
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    lines = ["Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx", "From: <sip:a@b>;tag=1", "To: <sip:c@d>;tag=2"]
    lines += ["Call-ID: c", "CSeq: 1 INVITE", *[f"{name}: {value}" for value in values]]
    return parse(datagram(f"SIP/2.0 {status} Who", lines))


def asked(*values: str, status: int = 401) -> Login:
    login = Login(GIVEN)
    found = login.choose(response(*values, status=status))
    assert found is not None
    login.learn(found, status)
    return login


STRONG = 'Digest realm="c", nonce="n2", qop="auth", algorithm=SHA-256'
WEAK = 'Digest realm="c", nonce="n1", qop="auth", algorithm=MD5'


@pytest.mark.parametrize("values", [(STRONG, WEAK), (WEAK, STRONG), (WEAK, "Digest realm=", STRONG, "Basic realm=x")])
def test_the_strongest_that_we_can_is_answered(values: tuple[str, ...]) -> None:
    found = Login(GIVEN).choose(response(*values))
    assert found is not None
    assert (found.algorithm, found.nonce) == (b"SHA-256", b"n2")


def test_there_may_be_nothing_to_answer() -> None:
    assert Login(GIVEN).choose(response()) is None
    assert Login(GIVEN).choose(response('Digest realm="c", nonce="n", algorithm=X')) is None
    assert Login(replace(GIVEN, realm=b"other")).choose(response(STRONG)) is None
    assert Login(replace(GIVEN, realm=b"c")).choose(response(STRONG)) is not None
    assert Login(GIVEN).choose(response(STRONG, status=407)) is not None


@pytest.mark.parametrize(
    ("value", "status", "header"),
    [
        (STRONG, 401, "authorization"),
        (WEAK, 407, "proxy-authorization"),
        ('Digest realm="c", nonce="n"', 407, "proxy-authorization"),
    ],
)
def test_a_request_is_signed_before_its_length_and_stays_whole(value: str, status: int, header: str) -> None:
    login = asked(value, status=status)
    invite = Caller().invite()
    for count in (1, 2):
        signed = Seen("b", with_line(invite, login.line(invite, b"cn")), 0.0)
        assert is_right(signed, "secret")
        assert fields(signed.header(header)).get("nc", f"{count:08x}") == f"{count:08x}"
        assert signed.body == parse(invite).body
        assert signed.head.split("\r\n")[-1].startswith("Content-Length")
        assert [line for line in signed.head.split("\r\n") if "uthorization" not in line] == (
            parse_lines(invite)
        )  # fmt: skip
        assert "secret" not in signed.head


def parse_lines(data: bytes) -> list[str]:
    return data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")


def test_without_a_challenge_nothing_is_signed() -> None:
    login = Login(GIVEN)
    invite = Caller().invite()
    assert with_line(invite, login.line(invite, b"c")) is invite
    login = asked(STRONG)
    login.forget()
    assert with_line(invite, login.line(invite, b"c")) is invite


def test_a_request_goes_out_anew() -> None:
    login = asked(STRONG)
    invite = Caller().invite(extra=["Via: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKa1-1x"])
    sent = with_line(invite, login.line(invite, b"c"))
    again = renewed(sent, b"z9hG4bKa1-1;rport", b"z9hG4bKnew", 2)
    assert b"uthorization" not in again
    assert again.count(b"z9hG4bKnew") == 1
    assert cseq_of(again) == 2
    assert again.replace(b"z9hG4bKnew", b"z9hG4bKa1-1;rport").replace(b"CSeq: 2 ", b"CSeq: 1 ") == (
        Caller().invite(extra=["Via: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKa1-1x"])
    )  # fmt: skip


def test_a_login_goes_on_counting_over_a_reload_unless_it_changed() -> None:
    given = topology(carrier_trunk=carrier(login=GIVEN))
    known = logins_for(given, {})
    assert logins_for(given, known)["carrier-1"] is known["carrier-1"]
    moved = topology(carrier_trunk=carrier(login=CarrierLogin(b"edge", b"other")))
    assert logins_for(moved, known)["carrier-1"] is not known["carrier-1"]
    assert logins_for(topology(), known) == {}
