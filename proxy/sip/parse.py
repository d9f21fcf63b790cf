"""Datagram to `Message`, or `ParseError` with the status to answer. Nothing else is ever raised.

The head is cut into lines once; a line is classified by one dict look-up of its name as written. Folded lines, odd
spellings and blanks around names take the slow path. Limits stand before the work: size, number of headers. A bare
CR, LF or NUL inside the head is refused, since the next hop might read it as a line end.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from proxy.sip import syntax
from proxy.sip.address import parse_address
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import BACKSLASH, COMPACT, KNOWN, LESS, NUL, OUTSIDE_URI, QUOTE, SINGLE, SPACE, TAB, is_token
from proxy.sip.via import read_via

_REQUIRED: Final = ((b"via", "Via"), (b"from", "From"), (b"to", "To"), (b"call-id", "Call-ID"), (b"cseq", "CSeq"))
_SCHEMES: Final = (b"sip:", b"sips:", b"tel:", b"urn:")
_COMMON: Final = (b"sip:", b"tel:")


def parse(data: bytes) -> Message:
    """Read one datagram. Trailing bytes beyond Content-Length are dropped (RFC 3261 18.3).

    Raises ParseError: `status` 0 when no answer is due (keep-alive, garbage, response, ACK), else 400, 416 or 505,
    with `message` set to what could be read; `build.refusal` writes the answer from it.
    """
    if len(data) > syntax.MAX_MESSAGE:
        raise ParseError(0, "size", f"expected at most {syntax.MAX_MESSAGE} bytes, saw {len(data)}")
    if data[:1] in (b"\r", b"\n"):
        data = data.lstrip(b"\r\n")
    if not data:
        raise ParseError(0, "keepalive", "empty datagram")
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[:end]
    lines = head.split(b"\r\n")
    breaks = len(lines) - 1
    if end < 0 and not lines[breaks]:
        lines.pop()
    message = _start(lines.pop(0))
    try:
        _headers(message, lines)
        if head.count(b"\n") != breaks or head.count(b"\r") != breaks or NUL in head:
            _control(message, head, breaks)
        if end < 0 and head[-2:] != b"\r\n":
            raise ParseError(400, "framing", "expected an empty line after the headers")
        if len(head) > syntax.MAX_LINE:
            _long_lines(message)
        _essentials(message)
        _body(message, data[end + 4 :] if end >= 0 else b"")
    except ParseError as error:
        _salvage(message)
        error.message = message
        if message.status or message.method == b"ACK":
            error.status = 0
        raise
    return message


def _start(line: bytes) -> Message:
    """Request-Line or Status-Line (RFC 3261 7.1, 7.2)."""
    if line[:8] == b"SIP/2.0 ":
        code = line[8:11]
        if not code.isdigit() or line[11:12] not in (b" ", b"") or not 100 <= int(code) <= 699:
            raise ParseError(0, "status-line", "expected a status code from 100 to 699")
        return Message(b"", b"", int(code))
    parts = line.split(b" ")
    if len(line) > syntax.MAX_LINE or len(parts) < 3 or not is_token(parts[0]):
        raise ParseError(0, "request-line", "expected `METHOD URI SIP/2.0`")
    message = Message(parts[0], parts[1] if len(parts) == 3 else b" ".join(parts[1:-1]), 0)
    message.version = parts[-1]
    return message


def _headers(message: Message, lines: list[bytes]) -> None:
    """File every header line; the first one at fault is named when all have been seen."""
    names, kept, values, index = message.names, message.lines, message.values, message.index
    flaw: ParseError | None = None
    if len(lines) > syntax.MAX_HEADERS:
        flaw = ParseError(400, "headers", f"expected at most {syntax.MAX_HEADERS} header lines, saw {len(lines)}")
        del lines[syntax.MAX_HEADERS :]
    for line in lines:
        spelled, colon, value = line.partition(b":")
        name = KNOWN.get(spelled) if colon else None
        if name is None:
            if line[:1] in (b" ", b"\t") and kept:
                kept[-1] = kept[-1] + b" " + line.strip()
                values[-1] = kept[-1].partition(b":")[2].strip()
                continue
            name = _name(spelled) if colon else b""
            if not name:
                flaw = flaw or ParseError(400, "header", "expected `Name: value` in every header line")
                continue
        if name in index:
            if name in SINGLE:
                flaw = flaw or ParseError(400, "repeated", f"expected one {name.decode('latin-1')}, saw several")
        else:
            index[name] = len(names)
        names.append(name)
        kept.append(line)
        values.append(value.strip())
    if flaw is not None:
        raise flaw


def _name(spelled: bytes) -> bytes:
    """A header name in an unusual spelling: other case, blanks before the colon, unknown to us; empty when none."""
    name = spelled.rstrip(b" \t")
    if not is_token(name):
        return b""
    name = name.lower()
    return COMPACT.get(name, name)


def _control(message: Message, head: bytes, breaks: int) -> None:
    """Refuse what another parser might read as a line end.

    An escaped NUL inside a display name is legal (RFC 4475 3.1.1.2) and harmless in From and To, which never cross.
    """
    if head.count(b"\n") == breaks and head.count(b"\r") == breaks:
        legal = 0
        for at, name in enumerate(message.names):
            if name in (b"from", b"to"):
                legal += message.lines[at].count(b"\\\x00")
        if head.count(b"\x00") == legal:
            return
    raise ParseError(400, "control", "expected no bare CR, LF or NUL in the headers")


def _long_lines(message: Message) -> None:
    for line in message.lines:
        if len(line) > syntax.MAX_LINE:
            raise ParseError(400, "headers", f"expected at most {syntax.MAX_LINE} bytes in a header, saw {len(line)}")


def _essentials(message: Message) -> None:
    """What transaction and dialog matching need (RFC 3261 8.1.1)."""
    if message.version != b"SIP/2.0":
        _version(message)
    for name, spelled in _REQUIRED:
        if name not in message.index:
            raise ParseError(400, "missing", f"expected a {spelled} header")
    message.call_id = message.first(b"call-id")
    if not message.call_id or SPACE in message.call_id or TAB in message.call_id:
        raise ParseError(400, "call-id", "expected one word in Call-ID")
    read_via(message, message.first(b"via"))
    message.from_value = message.first(b"from")
    message.from_tag = tag_of(message.from_value)
    message.to_value = message.first(b"to")
    message.to_tag = tag_of(message.to_value)
    _cseq(message, message.first(b"cseq"))
    if not message.status:
        _check_uri(message.uri)


def _version(message: Message) -> None:
    version = message.version.upper()
    if not version.startswith(b"SIP/"):
        raise ParseError(400, "request-line", "expected `METHOD URI SIP/2.0`")
    if version != b"SIP/2.0":
        raise ParseError(505, "version", "expected SIP/2.0 at the end of the request line")


def _check_uri(uri: bytes) -> None:
    if not uri or uri.translate(None, OUTSIDE_URI) != uri:
        raise ParseError(400, "uri", "expected a Request-URI without blanks, quotes and angle brackets")
    if uri[:4] != b"sip:" and not uri[:5].lower().startswith(_SCHEMES):
        raise ParseError(416, "scheme", "expected a sip, sips, tel or urn Request-URI")


def _cseq(message: Message, value: bytes) -> None:
    parts = value.split()
    if len(parts) != 2 or not parts[0].isdigit() or len(parts[0]) > 10 or int(parts[0]) > syntax.MAX_CSEQ:
        raise ParseError(400, "cseq", "expected `number METHOD` in CSeq, number below 2147483648")
    if message.status:
        if not is_token(parts[1]):
            raise ParseError(0, "cseq", "expected a method in CSeq")
        message.method = parts[1]
    elif parts[1] != message.method:
        raise ParseError(400, "cseq", "expected the method of the request line in CSeq")
    message.cseq = int(parts[0])


def _salvage(message: Message) -> None:
    """Fill, as they stand, the fields that the answer to a refused request repeats."""
    message.call_id = message.first(b"call-id")
    message.from_value = message.first(b"from")
    message.to_value = message.first(b"to")
    with suppress(ParseError):
        read_via(message, message.first(b"via"))
    with suppress(ParseError):
        message.to_tag = tag_of(message.to_value)


def tag_of(value: bytes) -> bytes:
    """The tag parameter of a From or To value, empty when there is none. Raises ParseError on a broken value.

    A tag without a value is broken: ours behind it would be the second of two, and each reader would take another.

    The form that nearly all have, `display <uri>;tag=...`, is cut at its last brackets; all else is read as an address.
    """
    head, close, rest = value.rpartition(b">")
    if close and (not rest or rest[:5] == b";tag="):
        display, opening, uri = head.rpartition(b"<")
        ordinary = uri[:4] in _COMMON and QUOTE not in uri and QUOTE not in rest and rest.rfind(b";") <= 0
        if opening and ordinary and (not display or _plain(display)):
            return rest[5:].strip() or _no_tag(rest)
    return _odd_tag(value)


def _no_tag(rest: bytes) -> bytes:
    """Nothing, where nothing was written behind the address; RFC 3261 25.1 knows no empty tag."""
    if rest:
        raise ParseError(400, "tag", "expected a value in the tag of From and To")
    return b""


def _plain(display: bytes) -> bool:
    """Is this display name either one quoted string without escapes, or words without quotes and brackets?"""
    if BACKSLASH in display:
        return False
    if display[:1] == b'"':
        name = display.rstrip()
        return name.find(b'"', 1) == len(name) - 1
    return QUOTE not in display and LESS not in display


def _odd_tag(value: bytes) -> bytes:
    tag = parse_address(value).param(b"tag")
    return tag if tag else _no_tag(b"" if tag is None else value)


def _body(message: Message, rest: bytes) -> None:
    """Content-Length over UDP: shorter cuts, longer is an error, absent means all (RFC 3261 18.3)."""
    at = message.index.get(b"content-length", -1)
    if at < 0:
        message.body = rest
        return
    value = message.values[at]
    if not value.isdigit() or len(value) > 9:
        raise ParseError(400, "content-length", "expected a number in Content-Length")
    size = int(value)
    if size > len(rest):
        raise ParseError(400, "content-length", f"expected {size} bytes of body, saw {len(rest)}")
    message.body = rest[:size] if size != len(rest) else rest
