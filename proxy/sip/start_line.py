"""The start line: what a request asks for and of whom, or what a response says (RFC 3261 7.1, 7.2).

It is read where it stands in the datagram, byte by byte, so that neither it nor its pieces are made into values that
nobody keeps. A line that is not as nearly all are is cut into words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.sip import syntax
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import CR, DELETE, GREATER, LESS, LF, METHODS, NINE, QUOTE, SIX, SPACE, ZERO, is_token
from proxy.sip.uri import sip_or_tel

if TYPE_CHECKING:
    from mypy_extensions import i64

_STATUS: Final = b"SIP/2.0 "
_VERSION: Final = b" SIP/2.0\r\n"
_VERSION_SIZE: Final = 10
_LONGEST_METHOD: Final = 12


def read_start(data: bytes, end: i64) -> tuple[Message, i64]:
    """What the start line says, and where the header lines before `end` begin behind it.

    0 when the start line is not as most are; what it says is then read in any writing, the Request-URI not looked at.
    """
    at: i64 = 0
    if data.startswith(_STATUS):
        at = _after_status(data, end)
        if at:
            return Message(b"", b"", 100 * data[8] + 10 * data[9] + data[10] - 111 * ZERO), at
    else:
        method = _usual_method(data)
        start: i64 = len(method) + 1
        at = _after_uri(data, start, end)
        if at:
            return Message(method, data[start : at - _VERSION_SIZE], 0), at
    return _start(data if end < 0 else data[:end]), 0


def _after_status(data: bytes, end: i64) -> i64:
    """The place behind a Status-Line (RFC 3261 7.2) in what ends there; 0 when it is unusual."""
    if end < 13 or data[11] != SPACE:
        return 0
    hundreds: i64 = data[8]
    tens: i64 = data[9]
    ones: i64 = data[10]
    if hundreds <= ZERO or hundreds > SIX or tens < ZERO or tens > NINE or ones < ZERO or ones > NINE:
        return 0
    at: i64 = 12
    while at < end:
        byte: i64 = data[at]
        if byte <= CR:
            break
        at += 1
    return at + 2 if at + 2 <= end and data[at] == CR and data[at + 1] == LF else 0


def _usual_method(data: bytes) -> bytes:
    """The method that a request begins with, if it is one of those that are known; else empty."""
    first: i64 = data[0]
    if first == 0x49 and data.startswith(b"INVITE "):
        return b"INVITE"
    if first == 0x41 and data.startswith(b"ACK "):
        return b"ACK"
    if first == 0x42 and data.startswith(b"BYE "):
        return b"BYE"
    size = data.find(b" ", 0, _LONGEST_METHOD)
    method = data[:size] if size > 0 else b""
    return method if method in METHODS else b""


def _after_uri(data: bytes, at: i64, end: i64) -> i64:
    """The place behind a Request-Line (RFC 3261 7.1) whose URI begins at `at`, and is fit for one; 0 when it is unusual."""
    if at < 4 or end < at + 4 or not sip_or_tel(data, at):
        return 0
    while at < end:
        byte: i64 = data[at]
        if byte <= SPACE or byte in (QUOTE, LESS, GREATER, DELETE):
            break
        at += 1
    after: i64 = at + _VERSION_SIZE
    return after if after <= end and after <= syntax.MAX_LINE and data[at:after] == _VERSION else 0


def _start(head: bytes) -> Message:
    """Request-Line or Status-Line (RFC 3261 7.1, 7.2) in any writing."""
    line = head.splitlines()[0]
    size = len(line)
    if size + 1 < len(head) and not (head[size] == CR and head[size + 1] == LF):
        line = head.partition(b"\r\n")[0]
    if line.startswith(_STATUS):
        return Message(b"", b"", _status(line))
    parts = line.split(b" ")
    method = parts[0]
    if len(line) > syntax.MAX_LINE or len(parts) < 3 or not (method in METHODS or is_token(method)):
        raise ParseError(0, "request-line", "expected `METHOD URI SIP/2.0`")
    message = Message(method, parts[1] if len(parts) == 3 else b" ".join(parts[1:-1]), 0)
    message.version = parts[-1]
    return message


def _status(line: bytes) -> int:
    code = line[8:11]
    if not code.isdigit() or line[11:12] not in (b" ", b"") or not 100 <= int(code) <= 699:
        raise ParseError(0, "status-line", "expected a status code from 100 to 699")
    return int(code)
