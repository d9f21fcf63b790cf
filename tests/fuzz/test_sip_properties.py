"""The invariants of reading SIP, for any bytes at all.

1. Whatever arrives, reading it succeeds or raises `ParseError`; nothing else, ever.
2. What is built from what was read is read as the same again, and no answer carries a bare line end.
3. Work grows with the size of a datagram, not with its square: counted in bytes looked at, not in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from proxy.sip.address import parameters_of, parse_address, split_values
from proxy.sip.build import refusal, request
from proxy.sip.edits import HeaderEdits
from proxy.sip.hop import UDP, Hop
from proxy.sip.message import Message
from proxy.sip.parse import parse
from proxy.sip.tags import tag_of
from proxy.sip.uri import parse_uri, subscriber
from proxy.sip.via import answered_via, read_via
from tests.fuzz.readers import READERS, attempt, read_message, refused_by

BOUNDED = settings(
    max_examples=300, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
INVITE = (
    b"INVITE sip:+33155501234@edge.example.net;user=phone SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport, SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK2\r\n"
    b'v: SIP/2.0/UDP 192.0.2.3;x="a;b,c"\r\nMax-Forwards: 70\r\n'
    b'From: "Fran\xe7ois, \\"F\\"" <sip:%2B33162000001:pw@vms.example.org;user=phone>;tag=f1\r\n'
    b"To: <tel:+33155501234;phone-context=x>\r\nCall-ID: c1@vms\r\nCSeq: 7 INVITE\r\nContact: <sip:vms@192.0.2.1>\r\n"
    b"Record-Route: <sip:p1;lr>, <sip:[::1]:5070;lr>\r\nP-Asserted-Identity: <sip:a@b>, <tel:+33162000001>\r\n"
    b"Subject: folded\r\n\tvalue\r\nTimestamp: 1\r\nContent-Length: 4\r\n\r\nv=0\n"
)
RESPONSE = b"SIP/2.0 183 Session Progress\r\n" + INVITE.partition(b"\r\n")[2]
ANYTHING = st.binary(max_size=400)
# letters that mean something to this grammar come far more often than by chance
SHAPED = st.lists(
    st.sampled_from(
        [b'"', b"\\", b"<", b">", b";", b",", b"=", b":", b"@", b"%", b"%2", b"[", b"]", b"?", b" ", b"\t", b"\r\n", b"\n", b"\x00",
         b"\r\n ", b"sip:", b"tel:", b"tag", b"SIP/2.0/UDP ", b"rport", b"branch=", b"received", b"\xb2", b"\xff", b"1", b"a", b"lr"]
    ),
    max_size=40,
).map(b"".join)  # fmt: skip
VALUES = ANYTHING | SHAPED


# 1. Anything at all


@BOUNDED
@given(VALUES)
@example(b",")
@example(b'"' * 99)
@example(b"<" * 99)
def test_any_value_is_read_or_refused(value: bytes) -> None:
    for reader in READERS:
        attempt(reader, value)
    message = Message(b"OPTIONS", b"sip:x", 0)
    attempt(lambda data: read_via(message, data), value)
    assert answered_via(message, Hop(UDP, "192.0.2.9", 5099))


@BOUNDED
@given(VALUES)
def test_any_user_part_becomes_text(user: bytes) -> None:
    for scheme in (b"sip:", b"tel:", b"urn:", b"x:"):
        for raw in (scheme + user, scheme + user + b"@host"):
            if attempt(parse_uri, raw):
                assert isinstance(subscriber(parse_uri(raw)), str)


@BOUNDED
@given(VALUES)
def test_any_datagram_is_read_or_refused(data: bytes) -> None:
    read_message(data)


@BOUNDED
@given(
    VALUES,
    st.sampled_from([b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Content-Length", b"Contact", b"Record-Route"]),
)
@example(b",", b"Via")
@example(b",", b"Contact")
@example(b"<sip:x@\xb2.1.1.1>", b"Contact")
def test_any_value_in_a_good_message_is_read_or_refused(value: bytes, name: bytes) -> None:
    for data in (INVITE, RESPONSE):
        lines = [line for line in data.partition(b"\r\n\r\n")[0].split(b"\r\n") if not line.startswith(name + b":")]
        read_message(b"\r\n".join([*lines, name + b": " + value]) + b"\r\n\r\nv=0\n")


@BOUNDED
@given(st.data())
def test_damaged_messages_are_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(data.draw(st.sampled_from([INVITE, RESPONSE])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged)))
        until = at + data.draw(st.integers(0, 12))
        damaged[at:until] = data.draw(st.binary(max_size=3) | SHAPED.map(lambda shaped: shaped[:12]))
    read_message(bytes(damaged))


def test_every_prefix_is_read_or_refused() -> None:
    for size in range(len(INVITE)):
        read_message(INVITE[:size])
        read_message(RESPONSE[:size])


def test_every_byte_in_every_place_is_read_or_refused() -> None:
    for at in range(len(INVITE)):
        for byte in (b"\x00", b"\n", b"\r", b'"', b",", b";", b" ", b"\xff", b":", b"<", b">"):
            read_message(INVITE[:at] + byte + INVITE[at + 1 :])


# 2. Round trips

TOKENS = st.text(alphabet="abcXYZ019-.!%*_+`'~", min_size=1, max_size=12).map(str.encode)
TEXTS = st.text(alphabet='abc XYZ\u00e9,;<>"\\:@=\t', max_size=20).map(lambda text: " ".join(text.split()).encode())
HOSTS = st.sampled_from([b"example.net", b"192.0.2.1", b"[2001:db8::1]", b"h:5070", b"[::1]:5070"])
USERS = st.text(alphabet="abc019+-.;,?/&=$%:", min_size=1, max_size=15).map(str.encode)


def quoted(text: bytes) -> bytes:
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


@BOUNDED
@given(TEXTS, USERS, HOSTS, TOKENS, TEXTS)
def test_an_address_is_read_as_it_was_written(
    display: bytes, user: bytes, host: bytes, tag: bytes, text: bytes
) -> None:
    value = quoted(display) + b" <sip:" + user + b"@" + host + b";x=y>;p=" + quoted(text) + b";Tag=" + tag
    address = parse_address(value)
    assert address.display == display
    assert address.uri.user == user
    assert address.uri.params == b";x=y"
    assert address.param(b"tag") == tag_of(value) == tag
    assert parameters_of(value) == address.params
    assert split_values(value + b" , " + value) == [value, value]
    again = parse_address(b"<" + address.uri.raw + b">")
    assert (again.uri.user, again.uri.host, again.uri.port) == (user, address.uri.host, address.uri.port)


HEADERS = st.lists(st.tuples(TOKENS.map(lambda name: b"X-" + name), TEXTS), max_size=8)


@BOUNDED
@given(TOKENS, USERS, HOSTS, TOKENS, HEADERS, st.integers(0, 2**31 - 1), st.binary(max_size=60))
def test_a_built_request_is_read_and_built_again_as_the_same(
    method: bytes, user: bytes, host: bytes, tag: bytes, headers: list[tuple[bytes, bytes]], cseq: int, body: bytes
) -> None:
    lines = [
        b"Via: SIP/2.0/UDP " + host + b";branch=" + tag,
        b"From: <sip:a@b>;tag=" + tag,
        b"To: <sip:" + user + b"@b>",
    ]
    lines += [b"Call-ID: " + tag, b"CSeq: %d %b" % (cseq, method)]
    lines += [name + b": " + value for name, value in headers]
    first = parse(request(method + b" sip:" + user + b"@" + host + b" SIP/2.0", lines, body))
    crossing = HeaderEdits(frozenset(first.names) - {b"content-length"}).lines(first)
    second = parse(request(first.method + b" " + first.uri + b" SIP/2.0", crossing, first.body))
    assert (first.method, first.cseq, first.body, first.branch) == (method, cseq, body, tag)
    for one, other in zip(seen(first), seen(second), strict=True):
        assert one == other


def seen(message: Message) -> list[object]:
    """All that a message says."""
    return [
        message.method, message.uri, message.status, message.names, message.lines, message.body, message.via,
        message.branch, message.sent_by, message.rport, message.call_id, message.cseq, message.from_value,
        message.from_tag, message.to_value, message.to_tag, message.index,
    ]  # fmt: skip


# 3. Work

HEAD, TAIL = INVITE.partition(b"Subject")[0], b"\r\n\r\n"
SHAPES: dict[str, Callable[[int], bytes]] = {
    "commas": lambda n: b"," * n,
    "quotes": lambda n: b'"' * n,
    "quotes and a bracket": lambda n: b'"' * (n // 2 * 2) + b"<",
    "escapes in one quote": lambda n: b'"' + b"\\a" * (n // 2) + b'"',
    "backslashes": lambda n: b'"' + b"\\" * n,
    "brackets": lambda n: b"<" * n,
    "closed brackets": lambda n: b"<>" * (n // 2),
    "semicolons": lambda n: b"<sip:a@b>" + b";" * n,
    "parameters": lambda n: b"<sip:a@b>" + b";a=b" * (n // 4),
    "quoted parameters": lambda n: b"<sip:a@b>" + b';a="' * (n // 4),
    "percents": lambda n: b"<sip:" + b"%4" * (n // 2) + b"@b>",
    "ats": lambda n: b"<sip:" + b"@" * n + b">",
    "colons": lambda n: b"<sip:a@" + b":" * n + b">",
    "addresses": lambda n: b'"a" <sip:a@b>,' * (n // 14),
    "vias": lambda n: b"SIP/2.0/UDP a;b=c, " * (n // 19),
    "slashes": lambda n: b"/" * n,
    "blanks": lambda n: b"a" + b" " * n + b"b",
}


class Counted(bytes):
    """Bytes that count how many of them are looked at or copied, by whichever method."""

    seen = 0

    @staticmethod
    def note(size: int) -> None:
        Counted.seen += size

    def find(self, what: Any, start: Any = 0, end: Any = None, /) -> int:
        stop = len(self) if end is None else min(int(end), len(self))
        at = super().find(what, start, stop)
        Counted.note((stop if at < 0 else at + 1) - int(start))
        return at

    def __getitem__(self, key: Any, /) -> Any:
        found = super().__getitem__(key)
        if isinstance(found, int):
            Counted.note(1)
            return found
        Counted.note(len(found))
        return Counted(found)

    def __add__(self, other: Any, /) -> bytes:
        Counted.note(len(self) + len(other))
        return Counted(super().__add__(other))

    def __contains__(self, what: Any, /) -> bool:
        Counted.note(len(self))
        return super().__contains__(what)

    def partition(self, sep: Any, /) -> tuple[bytes, bytes, bytes]:
        Counted.note(len(self))
        before, found, after = super().partition(sep)
        return Counted(before), found, Counted(after)

    def split(self, sep: Any = None, maxsplit: Any = -1) -> list[bytes]:
        Counted.note(len(self))
        return [Counted(part) for part in super().split(sep, maxsplit)]

    def strip(self, what: Any = None, /) -> bytes:
        Counted.note(len(self))
        return Counted(super().strip(what))


def looked_at(reader: Callable[[bytes], object], data: bytes) -> int:
    """How many bytes `reader` looked at, one look at one byte counting one."""
    Counted.seen = 0
    attempt(reader, Counted(data))
    return Counted.seen


def via_of(value: bytes) -> bytes:
    message = Message(b"OPTIONS", b"sip:x", 0)
    read_via(message, value)
    return answered_via(message, Hop(UDP, "192.0.2.9", 5099))


def answer_to(data: bytes) -> bytes:
    """Read a datagram and refuse it if that fails: all that one datagram can cost in this package."""
    error = refused_by(parse, data)
    return b"" if error is None else refusal(error, Hop(UDP, "192.0.2.9", 5099), b"ours")


def test_the_count_would_show_a_square() -> None:
    def square(data: bytes) -> None:
        while data:
            data = data[1:]

    assert looked_at(square, b"x" * 400) > 12 * looked_at(square, b"x" * 100)


@pytest.mark.source_only  # compiled code reads bytes directly, where nobody can count
@pytest.mark.parametrize("shape", list(SHAPES))
def test_reading_a_value_is_linear(shape: str) -> None:
    make = SHAPES[shape]
    for reader in [*READERS, via_of]:
        assert looked_at(reader, make(16384)) <= 5 * looked_at(reader, make(4096)) + 1000
        assert looked_at(reader, make(16384)) <= 40 * 16384


DATAGRAMS: dict[str, Callable[[int], bytes]] = {
    "one folded header": lambda n: HEAD + b"Subject: a" + b"\r\n b" * (n // 4) + TAIL,
    "header names": lambda n: HEAD + b"".join(b"X%d:\r\n" % number for number in range(n // 8)) + TAIL,
    "compact vias": lambda n: HEAD + b"v:a\r\n" * (n // 5) + TAIL,
    "bad lines": lambda n: HEAD + b"x\r\n" * (n // 3) + TAIL,
    "line ends": lambda n: b"\r\n" * (n // 2) + INVITE,
    "one name": lambda n: HEAD + b"x" * n + b": y" + TAIL,
    "one method": lambda n: b"x" * n + b" sip:a SIP/2.0" + TAIL,
    "one request line": lambda n: b"INVITE " + b" " * n + b"SIP/2.0" + TAIL,
    "one number": lambda n: HEAD + b"Content-Length: " + b"1" * n + TAIL,
    "no end": lambda n: HEAD + b"Subject: " + b"x" * n,
    "nul": lambda n: HEAD + b"Subject: " + b"\x00" * n + TAIL,
    "body": lambda n: INVITE + b"\r\n" * (n // 2),
}


@pytest.mark.source_only  # compiled code reads bytes directly, where nobody can count
@pytest.mark.parametrize("shape", list(DATAGRAMS))
def test_reading_a_datagram_is_linear(shape: str) -> None:
    make = DATAGRAMS[shape]
    small, large = make(15000), make(60000)
    assert len(large) < 65536
    assert looked_at(answer_to, large) <= 5 * looked_at(answer_to, small) + 1000
    assert looked_at(answer_to, large) <= 40 * 60000


@pytest.mark.source_only  # compiled code reads bytes directly, where nobody can count
@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("name", [b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Contact"])
def test_reading_a_datagram_with_one_long_value_is_linear(shape: str, name: bytes) -> None:
    lines = [line for line in INVITE.partition(TAIL)[0].split(b"\r\n") if not line.startswith((name + b":", b"v:"))]

    def make(size: int) -> bytes:
        return b"\r\n".join([*lines, name + b": " + SHAPES[shape](size)]) + TAIL

    for size in (8000, 60000):  # just below and far above the limit of one header
        assert looked_at(answer_to, make(size)) <= 40 * size + 40 * len(INVITE)
