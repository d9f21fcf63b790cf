"""The topmost Via: where its sender waits for the answer, and what the answer's copy of it says.

`read_via` fills `via`, `branch`, `sent_by` and `rport` of a message; `answered_via` writes `received` and `rport` as
RFC 3261 18.2.1 and RFC 3581 4 ask. Only the first value is looked at: those below it belong to others and are
repeated as they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.sip.address import split_semicolons, split_values
from proxy.sip.hop import Hop, default_port
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import COMMA, MAX_LINE, QUOTE, SEMICOLON, SLASH, SPACE, TAB, is_token

if TYPE_CHECKING:
    from mypy_extensions import i64

_UDP: Final = b"SIP/2.0/UDP "
_TCP: Final = b"SIP/2.0/TCP "
_TLS: Final = b"SIP/2.0/TLS "
_OURS: Final = frozenset((b"rport", b"received"))


def read_via(message: Message, value: bytes) -> None:
    """Read the first value of the first Via line. Raises ParseError 400; `via` is set by then if it can be."""
    if len(value) > MAX_LINE:
        raise ParseError(400, "via", f"expected at most {MAX_LINE} bytes in a Via line, saw {len(value)}")
    message.via = value
    if not _plain(message, value):
        _odd(message, value)


def _plain(message: Message, value: bytes) -> bool:
    """Read a Via as nearly everybody writes it, over UDP, TCP or TLS; False when it is not."""
    if not value.startswith(_UDP) and not value.startswith(_TCP) and not value.startswith(_TLS):
        return False
    size: i64 = len(value)
    start: i64 = 12  # of the sent-by, then of each parameter
    at: i64 = start
    byte: i64 = 0
    sent: i64 = 0  # where the sent-by ends
    branch = b""
    rport = False
    while at <= size:
        byte = value[at] if at < size else SEMICOLON
        at += 1
        if byte > COMMA and byte != SEMICOLON:
            continue
        if byte == SEMICOLON:
            end: i64 = at - 1
            if not sent:
                if end == start:
                    return False
                sent = end
            elif end > start:
                first: i64 = value[start]
                if (
                    first == 0x62 or first == 0x72 or first == 0x42 or first == 0x52
                ):  # as those begin that are read here
                    part = value[start:end]
                    if part.startswith(b"branch="):
                        branch = part[7:]
                    elif part == b"rport":
                        rport = True
                    elif not _plain_parameter(part):
                        return False
            start = at
        elif byte <= SPACE or byte in (QUOTE, COMMA):
            return False
    message.sent_by, message.branch, message.rport = value[12:sent], branch, rport
    return True


def _plain_parameter(part: bytes) -> bool:
    """Is this one of those that others have filled in?"""
    return part.startswith(b"received=") or (part.startswith(b"rport=") and len(part) > 6)


def _odd(message: Message, value: bytes) -> None:
    """Read a Via in any writing."""
    if COMMA in value:
        value = message.via = _first(value)
    parts = split_semicolons(_after_transport(value))
    sent_by = parts[0].strip()
    if SPACE in sent_by or TAB in sent_by:
        sent_by = b"".join(sent_by.split())
    if not sent_by:
        raise ParseError(400, "via", "expected a sent-by in Via")
    message.sent_by = sent_by
    for part in parts[1:]:
        _parameter(message, part)


def _first(value: bytes) -> bytes:
    """The first of several values on one line; each of them must look like a Via (RFC 4475 3.1.2.1)."""
    values = split_values(value)
    for one in values:
        if SLASH not in one:
            raise ParseError(400, "via", "expected `SIP/2.0/transport sent-by` in every Via")
    if not values:
        raise ParseError(400, "via", "expected a value in Via")
    return values[0]


def _parameter(message: Message, part: bytes) -> None:
    """A parameter in any spelling, or one that is not ours to read."""
    name, _, value = part.partition(b"=")
    name = name.strip().lower()
    if name == b"branch":
        message.branch = value.strip()
    elif name == b"rport" and not value.strip():
        message.rport = True
    elif name == b"oc-algo":
        message.control = value.strip()


def _after_transport(value: bytes) -> bytes:
    """What follows `SIP / 2.0 / transport`; any protocol version is a token here (RFC 3261 25.1)."""
    pieces = value.split(b"/", 2)
    if len(pieces) != 3 or pieces[0].strip().upper() != b"SIP" or not is_token(pieces[1].strip()):
        raise ParseError(400, "via", "expected `SIP/2.0/transport sent-by` in Via")
    words = pieces[2].split(None, 1)
    if len(words) != 2 or not is_token(words[0]):
        raise ParseError(400, "via", "expected a transport and a sent-by in Via")
    return words[1]


def answered_via(message: Message, source_hop: Hop) -> bytes:
    """The topmost Via as a response repeats it, for a request that came from `source_hop`."""
    via = message.via
    plain = via.find(b"received") < 0 and via.find(b'"') < 0
    if message.rport:
        mark = source_hop.mark()
        if plain:
            if via.endswith(b";rport"):
                return via[:-6] + mark
            at = via.find(b";rport;")
            if at >= 0:
                return via[:at] + mark + via[at + 6 :]
        return _marked(via, mark)
    source = source_hop.host.encode("ascii")
    if plain and sent_host(message.sent_by) == source:
        return via
    return _marked(via, b";received=" + source) if not plain else via + b";received=" + source


def _marked(via: bytes, mark: bytes) -> bytes:
    """Via with `mark` in place of whatever it said of `rport` and `received`."""
    try:
        pieces = split_semicolons(via)
    except ParseError:  # a quote that never closes, in a request that is being refused
        return via + mark
    kept = [piece for piece in pieces if piece.partition(b"=")[0].strip().lower() not in _OURS]
    return b";".join(kept) + mark


def sent_host(sent_by: bytes) -> bytes:
    """The host of a sent-by, an IPv6 address without its brackets."""
    if sent_by.startswith(b"["):
        close = sent_by.find(b"]")
        return sent_by[1:close] if close > 0 else sent_by[1:]
    colon = sent_by.find(b":")
    return sent_by if colon < 0 else sent_by[:colon]


def reply_hop(message: Message, source: Hop) -> Hop:
    """Where a response goes for a request that came from `source`.

    Over UDP the port of the source if rport asks for it, else that of the sent-by (RFC 3261 18.2.2, RFC 3581 4). Over a
    stream the connection of the request; the port of the sent-by is for the case that it is gone. A `maddr` (RFC 3261
    18.2.2) is not followed: whoever may ask us could aim our answers at anybody.
    """
    sent = message.sent_by
    if not sent or (message.rport and not source.reliable):
        return source
    colon = sent.find(b":", sent.rfind(b"]") + 1)
    if colon < 0:
        return source.to(source.host, default_port(source.transport))
    digits = sent[colon + 1 :]
    if digits.isdigit() and len(digits) <= 5 and 0 < int(digits) < 65536:
        return source.to(source.host, int(digits))
    return source
