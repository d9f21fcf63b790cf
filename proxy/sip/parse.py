"""Datagram to `Message`, or `ParseError` with the status to answer. Nothing else is ever raised.

The head is cut into lines once; a line is classified by one dict look-up of its name as written. Folded lines, odd
spellings and blanks around names take the slow path. Limits stand before the work: size, number of headers. A bare
CR, LF or NUL inside the head is refused, since the next hop might read it as a line end.
"""

from __future__ import annotations

from typing import Final

from proxy.sip.address import parameters_of, split_values
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import COMPACT, KNOWN, MAX_CSEQ, MAX_HEADERS, MAX_MESSAGE, MAX_START_LINE, SINGLE, is_token

_REQUIRED: Final = ((b"via", "Via"), (b"from", "From"), (b"to", "To"), (b"call-id", "Call-ID"), (b"cseq", "CSeq"))
_SCHEMES: Final = (b"sip:", b"sips:", b"tel:", b"urn:")


def parse(data: bytes) -> Message:
    """Read one datagram. Trailing bytes beyond Content-Length are dropped (RFC 3261 18.3).

    Raises ParseError: `status` 0 when no answer is possible (keep-alive, garbage, broken response), else 400, 416
    or 505, with `message` set to what could be read.
    """
    if len(data) > MAX_MESSAGE:
        raise ParseError(0, "size", f"expected at most {MAX_MESSAGE} bytes, saw {len(data)}")
    if data[:1] in (b"\r", b"\n"):
        data = data.lstrip(b"\r\n")
    if not data:
        raise ParseError(0, "keepalive", "empty datagram")
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[:end]
    lines = head.split(b"\r\n")
    message = _start(lines[0])
    try:
        if end < 0:
            if head.endswith(b"\r\n"):
                lines.pop()
            else:
                raise ParseError(400, "framing", "expected an empty line after the headers")
        breaks = len(lines) - 1 if end >= 0 else len(lines)
        if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\x00" in head:
            raise ParseError(400, "control", "expected no bare CR, LF or NUL in the headers")
        _headers(message, lines)
        _essentials(message)
        _body(message, data[end + 4 :] if end >= 0 else b"")
    except ParseError as error:
        error.message = message
        if message.status:
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
    if len(line) > MAX_START_LINE or len(parts) < 3 or not is_token(parts[0]):
        raise ParseError(0, "request-line", "expected `METHOD URI SIP/2.0`")
    message = Message(parts[0], parts[1] if len(parts) == 3 else b" ".join(parts[1:-1]), 0)
    message.version = parts[-1]
    return message


def _headers(message: Message, lines: list[bytes]) -> None:
    names, kept, index = message.names, message.lines, message.index
    count = 0
    for line in lines:
        count += 1
        if count == 1:
            continue
        colon = line.find(b":")
        name = KNOWN.get(line[:colon]) if colon > 0 else None
        if name is None:
            if line[:1] in (b" ", b"\t"):
                if not kept:
                    raise ParseError(400, "folding", "expected a header before a folded line")
                kept[-1] = kept[-1] + b" " + line.strip()
                continue
            name = _name(line, colon)
        if name in index:
            if name in SINGLE:
                raise ParseError(400, "repeated", f"expected one {name.decode('latin-1')}, saw several")
        else:
            index[name] = len(names)
        names.append(name)
        kept.append(line)
    if len(names) > MAX_HEADERS:
        raise ParseError(400, "headers", f"expected at most {MAX_HEADERS} headers, saw {len(names)}")


def _name(line: bytes, colon: int) -> bytes:
    """A header name in an unusual spelling: other case, blanks before the colon, unknown to us."""
    name = line[:colon].rstrip(b" \t") if colon > 0 else b""
    if not is_token(name):
        raise ParseError(400, "header", "expected `Name: value` in every header line")
    name = name.lower()
    return COMPACT.get(name, name)


def _essentials(message: Message) -> None:
    """What transaction and dialog matching need (RFC 3261 8.1.1)."""
    for name, spelled in _REQUIRED:
        if name not in message.index:
            raise ParseError(400, "missing", f"expected a {spelled} header")
    message.call_id = message.first(b"call-id")
    if not message.call_id or b" " in message.call_id:
        raise ParseError(400, "call-id", "expected one word in Call-ID")
    _via(message, message.first(b"via"))
    message.from_value = message.first(b"from")
    message.from_tag = tag_of(message.from_value)
    message.to_value = message.first(b"to")
    message.to_tag = tag_of(message.to_value)
    _cseq(message, message.first(b"cseq"))
    if not message.status:
        _check_request(message)


def _check_request(message: Message) -> None:
    uri = message.uri
    if message.version != b"SIP/2.0":
        raise ParseError(505, "version", "expected SIP/2.0 at the end of the request line")
    if not uri or b" " in uri or b"\t" in uri or b"<" in uri or b">" in uri or b'"' in uri:
        raise ParseError(400, "uri", "expected a Request-URI without blanks, quotes and angle brackets")
    if uri[:4] != b"sip:" and not uri[:5].lower().startswith(_SCHEMES):
        raise ParseError(416, "scheme", "expected a sip, sips, tel or urn Request-URI")


def _cseq(message: Message, value: bytes) -> None:
    parts = value.split()
    if len(parts) != 2 or not parts[0].isdigit() or len(parts[0]) > 10 or int(parts[0]) > MAX_CSEQ:
        raise ParseError(400, "cseq", "expected `number METHOD` in CSeq, number below 2^31")
    message.cseq = int(parts[0])
    if message.status:
        if not is_token(parts[1]):
            raise ParseError(0, "cseq", "expected a method in CSeq")
        message.method = parts[1]
    elif parts[1] != message.method:
        raise ParseError(400, "cseq", "expected the method of the request line in CSeq")


def _via(message: Message, value: bytes) -> None:
    """The topmost Via: branch, sent-by and whether rport was asked for (RFC 3581)."""
    if b"," in value:
        value = split_values(value)[0]
    message.via = value
    if value[:12] == b"SIP/2.0/UDP " and b'"' not in value:
        rest = value[12:]
    else:
        rest = _via_rest(value)
    parts = rest.split(b";")
    message.sent_by = parts[0].strip().replace(b" ", b"")
    if not message.sent_by:
        raise ParseError(400, "via", "expected a sent-by in Via")
    for part in parts[1:]:
        if part[:7] == b"branch=":
            message.branch = part[7:].strip()
        elif part == b"rport":
            message.rport = True
        else:
            _via_parameter(message, part.strip())


def _via_parameter(message: Message, part: bytes) -> None:
    """A Via parameter in an unusual spelling."""
    name, _, value = part.partition(b"=")
    name = name.strip().lower()
    if name == b"branch":
        message.branch = value.strip()
    elif name == b"rport" and not value.strip():
        message.rport = True


def _via_rest(value: bytes) -> bytes:
    """What follows `SIP / 2.0 / transport` in an unusual spelling; quoted parameters are dropped."""
    pieces = value.split(b"/", 2)
    if len(pieces) != 3 or pieces[0].strip().upper() != b"SIP" or pieces[1].strip() != b"2.0":
        raise ParseError(400, "via", "expected `SIP/2.0/transport sent-by` in Via")
    words = pieces[2].strip().split(None, 1)
    if len(words) != 2 or not is_token(words[0]):
        raise ParseError(400, "via", "expected a transport and a sent-by in Via")
    rest = words[1]
    if b'"' in rest:
        rest = rest.split(b";", 1)[0] + b"".join(
            b";" + name + b"=" + text for name, text in parameters_of(rest) if name in (b"branch", b"rport")
        )
    return rest


def tag_of(value: bytes) -> bytes:
    """The tag parameter of a From or To value, empty when there is none. Raises ParseError on a broken value."""
    close = value.find(b">")
    if close >= 0 and b'"' not in value:
        rest = value[close + 1 :]
        if rest[:5] == b";tag=" and rest.find(b";", 1) < 0:
            return rest[5:].strip()
        if not rest:
            if value.find(b"<") < 0:
                raise ParseError(400, "address", "expected `<` before `>`")
            return b""
    for name, text in parameters_of(value):
        if name == b"tag":
            return text
    return b""


def _body(message: Message, rest: bytes) -> None:
    """Content-Length over UDP: shorter cuts, longer is an error, absent means all (RFC 3261 18.3)."""
    at = message.index.get(b"content-length", -1)
    if at < 0:
        message.body = rest
        return
    value = message.value(at)
    if not value.isdigit() or len(value) > 9:
        raise ParseError(400, "content-length", "expected a number in Content-Length")
    size = int(value)
    if size > len(rest):
        raise ParseError(400, "content-length", f"expected {size} bytes of body, saw {len(rest)}")
    message.body = rest[:size] if size != len(rest) else rest
