"""The topmost Via: read in every legal spelling, answered so that the response finds its way (RFC 3261 18.2, RFC 3581)."""

from __future__ import annotations

import pytest

from proxy.sip.hop import UDP, Hop
from proxy.sip.message import Message, ParseError
from proxy.sip.via import answered_via, read_via, reply_hop, sent_host


def read(value: bytes) -> Message:
    message = Message(b"OPTIONS", b"sip:x", 0)
    read_via(message, value)
    return message


@pytest.mark.parametrize(
    ("value", "via", "sent_by", "branch", "rport"),
    [
        (b"SIP/2.0/UDP h", b"SIP/2.0/UDP h", b"h", b"", False),
        (b"SIP/2.0/UDP h:5070;branch=z9hG4bK1;rport", b"SIP/2.0/UDP h:5070;branch=z9hG4bK1;rport", b"h:5070", b"z9hG4bK1", True),
        (b"SIP/2.0/UDP h;rport;branch=1", b"SIP/2.0/UDP h;rport;branch=1", b"h", b"1", True),
        (b"SIP/2.0/UDP h ; Branch = 1 ; RPORT", b"SIP/2.0/UDP h ; Branch = 1 ; RPORT", b"h", b"1", True),
        (b"SIP/2.0/UDP h;rport=", b"SIP/2.0/UDP h;rport=", b"h", b"", True),
        (b"SIP/2.0/UDP h;rport=5060", b"SIP/2.0/UDP h;rport=5060", b"h", b"", False),
        (b"SIP / 2.0 / TCP\th : 5070;ttl=1", b"SIP / 2.0 / TCP\th : 5070;ttl=1", b"h:5070", b"", False),
        (b"sip/2.0/udp [::1] :\t5070;branch=2", b"sip/2.0/udp [::1] :\t5070;branch=2", b"[::1]:5070", b"2", False),
        (b"SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b;branch=2", b"SIP/2.0/UDP a;branch=1", b"a", b"1", False),
        (b", SIP/2.0/UDP a;branch=1", b"SIP/2.0/UDP a;branch=1", b"a", b"1", False),
        (b'SIP/2.0/UDP a;x=";rport, b;branch=no";branch=1', b'SIP/2.0/UDP a;x=";rport, b;branch=no";branch=1', b"a", b"1", False),
        (b"SIP/3.0/UDP a;branch=1", b"SIP/3.0/UDP a;branch=1", b"a", b"1", False),
        (b"SIP/2.0/UDP a;branch=1;", b"SIP/2.0/UDP a;branch=1;", b"a", b"1", False),
    ],
)  # fmt: skip
def test_read(value: bytes, via: bytes, sent_by: bytes, branch: bytes, rport: bool) -> None:
    message = read(value)
    assert (message.via, message.sent_by, message.branch, message.rport) == (via, sent_by, branch, rport)


@pytest.mark.parametrize(
    "value",
    [b"", b"x", b"SIP/2.0/UDP", b"SIP/2.0/UDP ", b"SIP/2.0/UDP ;branch=1", b"SIP/2.0/UD(P h", b"HTTP/2.0/UDP h", b"SIP/2/ ",
     b"SIP/(/UDP h", b",", b" , ,", b"SIP/2.0/UDP h;;,;,,", b"SIP/2.0/UDP h, x", b'SIP/2.0/UDP h;a="', b'SIP/2.0/UDP h;a=",',
     b"SIP/2.0/UDP h;branch=" + b"x" * 8192],
)  # fmt: skip
def test_read_refused(value: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        read(value)
    assert caught.value.status == 400


V = b"SIP/2.0/UDP "


@pytest.mark.parametrize(
    ("via", "answered"),
    [
        (V + b"192.0.2.1;branch=1", V + b"192.0.2.1;branch=1"),
        (V + b"192.0.2.1:5070;branch=1", V + b"192.0.2.1:5070;branch=1"),
        (V + b"h;branch=1", V + b"h;branch=1;received=192.0.2.1"),
        (V + b"192.0.2.11;branch=1", V + b"192.0.2.11;branch=1;received=192.0.2.1"),
        (V + b"h;rport;branch=1", V + b"h;rport=5099;received=192.0.2.1;branch=1"),
        (V + b"h;branch=1;rport", V + b"h;branch=1;rport=5099;received=192.0.2.1"),
        (V + b"192.0.2.1;rport", V + b"192.0.2.1;rport=5099;received=192.0.2.1"),
        (V + b"h;rport=;branch=1", V + b"h;branch=1;rport=5099;received=192.0.2.1"),
        (V + b"h; RPORT ;branch=1", V + b"h;branch=1;rport=5099;received=192.0.2.1"),
        (V + b"h;rportal=1;rport;branch=1", V + b"h;rportal=1;rport=5099;received=192.0.2.1;branch=1"),
        (V + b"h;received=10.0.0.1;rport;b=1", V + b"h;b=1;rport=5099;received=192.0.2.1"),
        (V + b"192.0.2.1;received=10.0.0.1;b=1", V + b"192.0.2.1;b=1;received=192.0.2.1"),
        (V + b"h;rport=1;branch=1", V + b"h;rport=1;branch=1;received=192.0.2.1"),
        (V + b'h;x=";rport;";rport', V + b'h;x=";rport;";rport=5099;received=192.0.2.1'),
        (V + b'192.0.2.1;x=";received=1"', V + b'192.0.2.1;x=";received=1";received=192.0.2.1'),
    ],
)
def test_answered(via: bytes, answered: bytes) -> None:
    assert answered_via(read(via), Hop(UDP, "192.0.2.1", 5099)) == answered


def test_answered_over_ipv6_carries_no_brackets() -> None:
    assert answered_via(read(V + b"[2001:db8::1]:5070"), Hop(UDP, "2001:db8::1", 1)) == V + b"[2001:db8::1]:5070"
    assert (
        answered_via(read(V + b"[2001:db8::2]"), Hop(UDP, "2001:db8::1", 1))
        == V + b"[2001:db8::2];received=2001:db8::1"
    )
    assert answered_via(read(V + b"["), Hop(UDP, "2001:db8::1", 1)) == V + b"[;received=2001:db8::1"
    assert answered_via(read(V + b"h;rport"), Hop(UDP, "2001:db8::1", 7)) == V + b"h;rport=7;received=2001:db8::1"


def test_a_via_whose_quote_never_closes_is_only_marked() -> None:
    message = Message(b"OPTIONS", b"sip:x", 0)
    message.via = V + b'h;x="'
    assert answered_via(message, Hop(UDP, "192.0.2.1", 1)) == V + b'h;x=";received=192.0.2.1'


@pytest.mark.parametrize(
    ("sent_by", "host"),
    [
        (b"h", b"h"),
        (b"h:1", b"h"),
        (b"[::1]", b"::1"),
        (b"[::1]:1", b"::1"),
        (b"", b""),
        (b"[", b""),
        (b"[::1", b"::1"),
    ],
)
def test_sent_host(sent_by: bytes, host: bytes) -> None:
    assert sent_host(sent_by) == host


@pytest.mark.parametrize(
    ("via", "port"),
    [(b"h", 5060), (b"h:5070", 5070), (b"[::1]", 5060), (b"[::1]:5070", 5070), (b"h:5070;rport", 5099), (b"h;rport", 5099),
     (b"h:0", 5099), (b"h:65536", 5099), (b"h:x", 5099), (b"h:", 5099), (b"h:123456", 5099), (b"h:\xb2", 5099),
     (b"h:5070;maddr=192.0.2.9", 5070)],
)  # fmt: skip
def test_reply_port(via: bytes, port: int) -> None:
    hop = reply_hop(read(V + via), Hop(UDP, "192.0.2.1", 5099))
    assert (hop.host, hop.port) == ("192.0.2.1", port)


def test_without_a_sent_by_the_answer_goes_where_the_request_came_from() -> None:
    assert reply_hop(Message(b"OPTIONS", b"sip:x", 0), Hop(UDP, "192.0.2.1", 5099)).port == 5099
