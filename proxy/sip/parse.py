"""Datagram to `Message`, or `ParseError` with the status to answer. Nothing else is ever raised.

The start line is read by `start_line`, the lines behind it are filed by `header_lines`. What every message needs is
read here, byte by byte where that is cheaper than to call for it; what is written as hardly anybody writes it takes a
slower way to the same answer.
Limits stand before the work: size, number of headers.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from proxy.sip import syntax
from proxy.sip.header_lines import long_lines, odd_lines, usual_lines
from proxy.sip.message import Message, ParseError
from proxy.sip.start_line import read_start
from proxy.sip.syntax import CR, LF, NINE, OUTSIDE_URI, SPACE, TAB, ZERO, is_token
from proxy.sip.tags import tag_of
from proxy.sip.via import read_via

if TYPE_CHECKING:
    from mypy_extensions import i64

_REQUIRED: Final = ((b"via", "Via"), (b"from", "From"), (b"to", "To"), (b"call-id", "Call-ID"), (b"cseq", "CSeq"))
_NO_BODY: Final = b": 0\r\n\r\n"
_SCHEMES: Final = (b"sip:", b"sips:", b"tel:", b"urn:")
_REMEMBERED_MOST: Final = 1024
_MOST_DIGITS: Final = 9


def parse(data: bytes) -> Message:
    """Read one datagram. Trailing bytes beyond Content-Length are dropped (RFC 3261 18.3).

    Raises ParseError: `status` 0 when no answer is due (keep-alive, garbage, response, ACK), else 400, 416 or 505,
    with `message` set to what could be read; `build.refusal` writes the answer from it.
    """
    if len(data) > syntax.MAX_MESSAGE:
        raise ParseError(0, "size", f"expected at most {syntax.MAX_MESSAGE} bytes, saw {len(data)}")
    if not data or data[0] == CR or data[0] == LF:
        data = data.lstrip(b"\r\n")
        if not data:
            raise ParseError(0, "keepalive", "empty datagram")
    bare = data.endswith(_NO_BODY)  # so its end need not be looked for
    end: i64 = len(data) - 4 if bare else data.find(b"\r\n\r\n")
    message, at = read_start(data, end)
    try:
        if not at or not usual_lines(message, data[at:end]):
            if bare:
                end = data.find(b"\r\n\r\n")
            _read_again(message, data if end < 0 else data[:end], end < 0)
        _essentials(message)
        if not at and not message.status:
            _check_uri(message.uri)
        _body(message, data, end + 4)
    except ParseError as error:
        _salvage(message)
        error.message = message
        if message.status or message.method == b"ACK":
            error.status = 0
        raise
    return message


def _read_again(message: Message, head: bytes, cut: bool) -> None:
    """The head of a message that is not as usual; `cut`: the empty line after it did not come."""
    lines = head.split(b"\r\n")
    breaks = len(lines) - 1
    if cut and not lines[breaks]:
        lines.pop()
    odd_lines(message, head, lines[1:], breaks)
    if cut and head[-2:] != b"\r\n":
        raise ParseError(400, "framing", "expected an empty line after the headers")
    long_lines(message)


def _essentials(message: Message) -> None:
    """What transaction and dialog matching need (RFC 3261 8.1.1)."""
    if message.version != b"SIP/2.0":
        _version(message)
    index = message.index
    via, cseq = index.get(b"via"), index.get(b"cseq")
    call_id = message.call_id or index.get(b"call-id")
    from_value, to_value = message.from_value or index.get(b"from"), message.to_value or index.get(b"to")
    if via is None or from_value is None or to_value is None or call_id is None or cseq is None:
        raise _missing(message)
    message.call_id = call_id
    if not call_id or SPACE in call_id or TAB in call_id:
        raise ParseError(400, "call-id", "expected one word in Call-ID")
    read_via(message, via)
    message.from_value = from_value
    message.from_tag = tag_of(from_value)
    message.to_value = to_value
    message.to_tag = tag_of(to_value)
    number, method = _CSEQS.get(cseq) or _cseq(message, cseq)
    if message.status:
        message.method = method
    elif method != message.method:
        raise ParseError(400, "cseq", "expected the method of the request line in CSeq")
    message.cseq = number


def _missing(message: Message) -> ParseError:
    """The first header that is not there."""
    for name, spelled in _REQUIRED:
        if name not in message.index:
            return ParseError(400, "missing", f"expected a {spelled} header")
    return ParseError(400, "missing", "expected more headers")


def _version(message: Message) -> None:
    version = message.version.upper()
    if not version.startswith(b"SIP/"):
        raise ParseError(400, "request-line", "expected `METHOD URI SIP/2.0`")
    if version != b"SIP/2.0":
        raise ParseError(505, "version", "expected SIP/2.0 at the end of the request line")


def _check_uri(uri: bytes) -> None:
    if not uri or uri.translate(None, OUTSIDE_URI) != uri:
        raise ParseError(400, "uri", "expected a Request-URI without blanks, quotes and angle brackets")
    if not uri.startswith(b"sip:") and not uri[:5].lower().startswith(_SCHEMES):
        raise ParseError(416, "scheme", "expected a sip, sips, tel or urn Request-URI")


_CSEQS: Final[dict[bytes, tuple[int, bytes]]] = {}  # values of CSeq that were seen


def _cseq(message: Message, value: bytes) -> tuple[int, bytes]:
    parts = value.split()
    if len(parts) != 2 or not parts[0].isdigit() or len(parts[0]) > 10 or int(parts[0]) > syntax.MAX_CSEQ:
        raise ParseError(400, "cseq", "expected `number METHOD` in CSeq, number below 2147483648")
    method = parts[1]
    if not is_token(method):
        if message.status:
            raise ParseError(0, "cseq", "expected a method in CSeq")
        raise ParseError(400, "cseq", "expected the method of the request line in CSeq")
    if len(_CSEQS) >= _REMEMBERED_MOST:
        _CSEQS.clear()
    read = _CSEQS[value] = (int(parts[0]), method)
    return read


def _salvage(message: Message) -> None:
    """Fill, as they stand, the fields that the answer to a refused request repeats."""
    message.call_id = message.first(b"call-id")
    message.from_value = message.first(b"from")
    message.to_value = message.first(b"to")
    with suppress(ParseError):
        read_via(message, message.first(b"via"))
    with suppress(ParseError):
        message.to_tag = tag_of(message.to_value)


def _body(message: Message, data: bytes, start: i64) -> None:
    """Content-Length over UDP: shorter cuts, longer is an error, absent means all (RFC 3261 18.3)."""
    value = message.index.get(b"content-length")
    if value == b"0":
        return
    left: i64 = len(data) - start if start >= 4 else 0
    size: i64 = left if value is None else _length(value)
    if size > left:
        raise ParseError(400, "content-length", f"expected {size} bytes of body, saw {left}")
    if size:
        message.body = data[start : start + size]


def _length(digits: bytes) -> i64:
    """The number that these digits write, nine at most."""
    size: i64 = len(digits)
    at: i64 = 0
    length: i64 = 0
    while at < size:
        byte: i64 = digits[at]
        if byte < ZERO or byte > NINE:
            break
        length = 10 * length + byte - ZERO
        at += 1
        if at > _MOST_DIGITS:
            break
    if at < size or not 0 < size <= _MOST_DIGITS:
        raise ParseError(400, "content-length", "expected a number in Content-Length")
    return length
