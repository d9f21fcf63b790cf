"""What is seen without parsing agrees with what the parser sees, or is not seen at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.sip.matching import invite_key
from proxy.sip.message import ParseError
from proxy.sip.parse import parse
from proxy.sip.skim import begins_dialog, header_value, plain_number, transaction_key
from tests.ladder import Caller

CORPUS = Path(__file__).parents[1] / "corpus"
INVITE = Caller().invite()


def to(uri: str) -> bytes:
    return f"INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n".encode()


@pytest.mark.parametrize(
    "uri",
    ["sip:+33612345678@10.0.0.1", "sip:0612345678@edge;user=phone", "sip:+262262123456@e", "sip:+331234567890123@e",
     "sip:0612345678;npdi@e"],
)  # fmt: skip
def test_an_ordinary_number_is_seen(uri: str) -> None:
    assert plain_number(to(uri))


@pytest.mark.parametrize(
    "uri",
    ["sip:112@e", "sip:15@e", "sip:+33112@e", "sip:0033112@e", "sip:0033116117@e", "sip:+33116117@e", "sip:116000@e",
     "sip:3114;phone-context=+33@e", "urn:service:sos", "urn:service:sos.fire", "tel:112", "tel:+33612345678",
     "sips:+33612345678@e", "sip:%31%31%32@e", "sip:1-1-2@e", "sip:alice@e", "sip:10.0.0.1:5060", "sip:06.12.34.56.78@e"],
)  # fmt: skip
def test_whatever_may_be_an_emergency_number_is_left_to_the_parser(uri: str) -> None:
    assert not plain_number(to(uri))


def test_the_key_is_that_of_the_parser() -> None:
    assert transaction_key(INVITE) == invite_key(parse(INVITE))
    bare = INVITE.replace(b";rport", b"")
    assert transaction_key(bare) == invite_key(parse(bare))
    assert transaction_key(INVITE.replace(b"z9hG4bK", b"old")) == b""
    assert transaction_key(b"INVITE sip:a SIP/2.0\r\n\r\n") == b""


def test_a_tag_of_the_callee_means_a_dialog() -> None:
    assert begins_dialog(INVITE)
    caller = Caller()
    caller.to_tag = "there"
    assert not begins_dialog(caller.request("INVITE"))
    assert not begins_dialog(b"INVITE sip:a SIP/2.0\r\nt: <sip:b>\r\n\r\n")  # not seen: left to the parser


@pytest.mark.parametrize("path", sorted(CORPUS.rglob("*.sip")) or sorted(p for p in CORPUS.rglob("*") if p.is_file()))
def test_on_strange_messages_it_never_says_more_than_the_parser(path: Path) -> None:
    data = path.read_bytes()
    key = transaction_key(data)
    begins = begins_dialog(data)
    try:
        message = parse(data)
    except ParseError:
        return
    if begins and message.method == b"INVITE" and not message.status:
        assert not message.to_tag
    assert plain_number(data) in (False, True)
    assert key == b"" or b"\n" in key


def test_a_header_by_its_line() -> None:
    assert header_value(INVITE, b"\r\nX-Account:") == b"acme"
    assert header_value(INVITE, b"\r\nX-Nobody:") == b""
    assert header_value(b"INVITE x\r\nX-Account: cut", b"\r\nX-Account:") == b""
