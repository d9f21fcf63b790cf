"""What is seen without parsing agrees with what the parser sees, or is not seen at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.sip.build import response_head
from proxy.sip.hop import UDP, Hop
from proxy.sip.matching import invite_key
from proxy.sip.message import ParseError
from proxy.sip.parse import parse
from proxy.sip.skim import begins_dialog, echoed, header_value, plain_number, transaction_key
from tests.ladder import Caller

CORPUS = Path(__file__).parents[1] / "corpus"
INVITE = Caller().invite()
SOURCE = Hop(UDP, "10.1.0.1", 5070)


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


def echoed_by_the_parser(data: bytes) -> bytes:
    message = parse(data)
    return response_head(message, SOURCE) + b"To: " + message.to_value


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"", b""), (b";rport", b";rport;x=1"), (b"\r\nFrom: ", b"\r\nVia: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKold\r\nFrom: "),
     (b"\r\nMax-Forwards", b"\r\nAllow: INVITE\r\nX-From: a\r\nMax-Forwards"), (b"CSeq: 1 ", b"CSeq: 4711 ")],
)  # fmt: skip
def test_what_an_answer_repeats_is_what_the_parser_would_have_it_repeat(old: bytes, new: bytes) -> None:
    data = INVITE.replace(old, new, 1)
    assert old == new or data != INVITE
    assert echoed(data, SOURCE.mark()) == echoed_by_the_parser(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b";rport", b""), (b";rport", b";received=10.0.0.1;rport"), (b";rport", b';rport;oc;oc-algo="loss"'), (b";rport", b";rport=5;a"),
     (b"\r\nFrom: ", b"\r\nf: "), (b"\r\nFrom: ", b"\r\nfrom: "), (b"\r\nTo: ", b"\r\nt: "), (b"\r\nTo: ", b"\r\nTO: "),
     (b"\r\nCall-ID: ", b"\r\ni: "), (b"\r\nCall-ID: ", b"\r\ncall-id: "), (b"\r\nCSeq: ", b"\r\nCSEQ: "),
     (b"\r\nCSeq: 1 ", b"\r\nCSeq: 01 "), (b"\r\nCSeq: 1 ", b"\r\nCSeq: one "), (b"\r\nCSeq: 1 INVITE", b"\r\nCSeq: 1 BYE"),
     (b"\r\nMax-Forwards", b"\r\nTimestamp: 1\r\nMax-Forwards"), (b"\r\nMax-Forwards", b"\r\n folded\r\nMax-Forwards"),
     (b"\r\nMax-Forwards", b"\r\nv: SIP/2.0/UDP a;branch=z9hG4bKb\r\nMax-Forwards"), (b"\r\nTo: ", b"\r\nTo: <sip:a>\r\nTo: "),
     (b"\r\nCall-ID: ", b"\r\nCall-ID: a\nb"), (b"\r\nCall-ID: ", b"\r\nCall-ID: a\0"), (b";tag=", b";gat="), (b"\r\n\r\n", b"\r\n"),
     (b"SIP/2.0/UDP ", b"SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK1;rport, SIP/2.0/UDP ")],
)  # fmt: skip
def test_what_is_written_in_another_way_is_left_to_the_parser(old: bytes, new: bytes) -> None:
    assert old in INVITE
    assert echoed(INVITE.replace(old, new), SOURCE.mark()) == b""


@pytest.mark.parametrize("path", sorted(path for path in CORPUS.rglob("*") if path.is_file()))
def test_no_strange_message_is_repeated_in_another_way_than_the_parser_has_it(path: Path) -> None:
    data = path.read_bytes()
    echo = echoed(data, SOURCE.mark())
    try:
        wanted = echoed_by_the_parser(data)
    except ParseError:
        return
    assert echo in (b"", wanted)
