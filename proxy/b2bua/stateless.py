"""Answers that need no transaction and no call: OPTIONS, errors, and the checks that lead to them (RFC 3261 8.2).

Such an answer is the same for every copy of its request, so a retransmission may be answered anew.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

from proxy.b2bua.fabric import Fabric, method_name
from proxy.b2bua.rewrite import ALLOW_LINE, OPTIONS_CARRIED, SUPPORTED
from proxy.sip.build import refusal, response
from proxy.sip.hop import Hop
from proxy.sip.matching import server_key
from proxy.sip.message import Message, ParseError
from proxy.sip.skim import echoed, header_value
from proxy.sip.uri import parse_uri
from proxy.sip.via import reply_hop

LONGEST_NAMED: Final = 1000
RETRY_DRAINING: Final = 30
UNAVAILABLE: Final = b"SIP/2.0 503 Service Unavailable\r\n"
NO_BODY: Final = b"\r\nContent-Length: 0\r\n\r\n"
CALL_ID: Final = b"\r\nCall-ID:"
_ONLY_IN_DIALOG: Final = frozenset(("BYE", "UPDATE", "PRACK", "INFO"))


def answer(
    fabric: Fabric,
    message: Message,
    source: Hop,
    leg: str,
    status: int,
    lines: list[bytes],
) -> None:
    """Answer `message` once, to where RFC 3261 18.2.2 says."""
    to = message.to_value
    if not message.to_tag:
        to += b";tag=" + _tag(message)
    if fabric.agent:
        lines.append(b"Server: " + fabric.agent)
    fabric.counters.count_response(False, leg, method_name(message.method), status)
    data = response(fabric.head(message, source), to, status, lines, b"")
    fabric.wire.send(data, reply_hop(message, source))


def refused_unread(fabric: Fabric, invite: bytes, key: bytes, source: Hop, line: bytes) -> bool:
    """What `answer` does with 503 and this header line, for an INVITE over UDP that nobody has parsed, `key` being its
    transaction; False, and nothing is done, where it has to be parsed."""
    echo = b"" if source.reliable or not key else echoed(invite, source.mark())
    if not echo:
        return False
    tag = crc32(header_value(invite, CALL_ID) + key[: key.find(b"\n")])
    server = b"\r\nServer: " + fabric.agent if fabric.agent else b""
    fabric.counters.count_response(False, "a", "INVITE", 503)
    fabric.wire.send(b"%b%b;tag=%08x\r\n%b%b%b" % (UNAVAILABLE, echo, tag, line, server, NO_BODY), source)
    return True


def _tag(message: Message) -> bytes:
    """A To tag that is the same for each copy of a request (RFC 3261 8.2.7)."""
    return b"%08x" % crc32(message.call_id + message.branch)


def ends_here(ack: Message) -> bool:
    """Is this the ACK of an answer that was given without a transaction?"""
    return ack.to_tag == _tag(ack)


def out_of_dialog(fabric: Fabric, message: Message, method: str, source: Hop, leg: str, draining: bool) -> None:
    """A request without a dialog that is no INVITE: OPTIONS is answered, everything else refused.

    Raises ParseError 400 for a Request-URI or Max-Forwards that cannot be read.
    """
    parse_uri(message.uri)  # nobody else looks at it
    hops = max_forwards(message)
    if method in _ONLY_IN_DIALOG:
        answer(fabric, message, source, leg, 481, [])
    elif method != "OPTIONS":
        answer(fabric, message, source, leg, 405, [ALLOW_LINE])
    elif hops <= 0:
        answer(fabric, message, source, leg, 483, [])
    else:
        unsupported = unsupported_options(message)
        if unsupported:
            answer(fabric, message, source, leg, 420, [b"Unsupported: " + unsupported])
        elif draining:
            answer(fabric, message, source, leg, 503, [b"Retry-After: %d" % RETRY_DRAINING])
        else:
            lines = [ALLOW_LINE, b"Supported: " + SUPPORTED, b"Accept: application/sdp"]
            answer(fabric, message, source, leg, 200, lines)


def unreadable(fabric: Fabric, error: ParseError, source: Hop, leg: str) -> None:
    """Count what could not be read and answer it where that is possible; the reason phrase says what is wrong."""
    fabric.counters.count_parse_error(error.kind)
    message = error.message
    if message is None:
        return
    data = refusal(error, source, _tag(message))
    if data:
        fabric.counters.count_response(False, leg, method_name(message.method), error.status)
        fabric.wire.send(data, reply_hop(message, source))


def answer_fault(fabric: Fabric, message: Message, source: Hop, leg: str) -> None:
    """The request that struck our own fault is answered 500, if it has no final answer yet."""
    server = fabric.servers.get(server_key(message))
    if server is None:
        answer(fabric, message, source, leg, 500, [])
    elif server.status < 200:
        fabric.reply(server, 500, [], b"")


_HOPS: Final[dict[bytes, int]] = {b"%d" % hops: hops for hops in range(256)}  # as nearly everybody writes them


def max_forwards(message: Message) -> int:
    """Max-Forwards, 70 when absent (RFC 3261 16.6). Raises ParseError when it is no number up to 255."""
    value = message.first(b"max-forwards")
    if not value:
        return 70
    usual = _HOPS.get(value, -1)
    if usual >= 0:
        return usual
    if not value.isdigit() or len(value) > 9 or int(value) > 255:
        raise broken(message, "max-forwards", "expected Max-Forwards from 0 to 255")
    return int(value)


def broken(message: Message, kind: str, text: str) -> ParseError:
    """A 400 for a header that was read late; the caller raises it."""
    error = ParseError(400, kind, text)
    error.message = message
    return error


def unsupported_options(message: Message) -> bytes:
    """The required extensions that cannot be carried, comma-joined; empty when all can (RFC 3261 8.2.2.3).

    Of a crowd, the first are named: an answer must not have a longer line than we take ourselves.
    """
    missing: list[bytes] = []
    if message.has(b"require"):
        for token in b",".join(message.all(b"require")).split(b","):
            if token.strip() and token.strip().lower() not in OPTIONS_CARRIED:
                missing.append(token.strip())
    if message.has(b"proxy-require"):
        for token in b",".join(message.all(b"proxy-require")).split(b","):
            if token.strip():
                missing.append(token.strip())
    named = b", ".join(missing)
    return named if len(named) <= LONGEST_NAMED else named[:LONGEST_NAMED].rpartition(b",")[0] or missing[0][:99]
