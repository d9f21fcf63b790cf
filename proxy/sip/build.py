"""Messages out: responses from the head of their request, and the requests that copy another one (ACK, CANCEL).

A response starts with the same lines as every other response to its request, so these are joined once
(`response_head`) and kept by the server transaction.
"""

from __future__ import annotations

from typing import Final

from proxy.sip.message import Message
from proxy.sip.syntax import phrase

CRLF: Final = b"\r\n"
_END: Final = b"\r\nContent-Length: 0\r\n\r\n"
_LENGTH: Final = b"\r\nContent-Length: "
_STATUS_LINES: Final[dict[int, bytes]] = {}


def status_line(status: int, reason: bytes = b"") -> bytes:
    """`SIP/2.0 200 OK` with its line end; the standard phrase unless `reason` is given."""
    if reason:
        return b"SIP/2.0 %d %b\r\n" % (status, reason)
    line = _STATUS_LINES.get(status)
    if line is None:
        line = _STATUS_LINES[status] = b"SIP/2.0 %d %b\r\n" % (status, phrase(status))
    return line


def _top_via(message: Message, host: str, port: int) -> bytes:
    """The topmost Via with `received` and `rport` filled in (RFC 3261 18.2.1, RFC 3581 4)."""
    via = message.via
    source = host.encode("ascii")
    if message.rport:
        marked = via.replace(b";rport", b";rport=%d;received=%b" % (port, source), 1)
        if marked != via and b";rport=" not in via:
            return marked
        return via + b";received=" + source
    sent = message.sent_by
    if sent.startswith(b"["):
        name = sent[1 : sent.find(b"]")]
    else:
        colon = sent.find(b":")
        name = sent if colon < 0 else sent[:colon]
    if name != source:
        return via + b";received=" + source
    return via


def response_head(message: Message, host: str, port: int) -> bytes:
    """The lines that every response to this request starts with: Via, From, Call-ID, CSeq (RFC 3261 8.2.6.2)."""
    parts = [b"Via: ", _top_via(message, host, port), CRLF]
    first = True
    for value in message.all(b"via"):
        if first:
            first = False
            if value == message.via:
                continue
            value = value[len(message.via) :].lstrip(b" ,") if value.startswith(message.via) else b""
            if not value:
                continue
        parts.append(b"Via: ")
        parts.append(value)
        parts.append(CRLF)
    parts.append(b"From: ")
    parts.append(message.from_value)
    parts.append(b"\r\nCall-ID: ")
    parts.append(message.call_id)
    parts.append(b"\r\nCSeq: %d %b\r\n" % (message.cseq, message.method))
    stamp = message.first(b"timestamp")
    if stamp:
        parts.append(b"Timestamp: " + stamp + CRLF)
    return b"".join(parts)


def reply_address(message: Message, host: str, port: int) -> int:
    """The port that a response goes to at the source `host` (RFC 3261 18.2.2, RFC 3581 4)."""
    if message.rport:
        return port
    sent = message.sent_by
    close = sent.rfind(b"]") + 1
    colon = sent.find(b":", close)
    if colon < 0:
        return 5060
    digits = sent[colon + 1 :]
    return int(digits) if digits.isdigit() and len(digits) <= 5 and 0 < int(digits) < 65536 else port


def response(head: bytes, to: bytes, status: int, lines: list[bytes], body: bytes, reason: bytes = b"") -> bytes:
    """A whole response. `lines` are ready header lines without line ends; `to` is the To value with its tag."""
    parts = [status_line(status, reason), head, b"To: ", to]
    for line in lines:
        parts.append(CRLF)
        parts.append(line)
    return finish(parts, body)


def finish(parts: list[bytes], body: bytes) -> bytes:
    """Join `parts` (a message up to its last header, without line end), the Content-Length and the body."""
    if body:
        parts.append(_LENGTH)
        parts.append(b"%d\r\n\r\n" % len(body))
        parts.append(body)
    else:
        parts.append(_END)
    return b"".join(parts)


def request(start: bytes, lines: list[bytes], body: bytes) -> bytes:
    """A whole request from its start line (without line end), ready header lines and body."""
    parts = [start]
    for line in lines:
        parts.append(CRLF)
        parts.append(line)
    return finish(parts, body)


def _copied(original: bytes, names: tuple[bytes, ...]) -> list[bytes]:
    """The header lines of one of our own requests whose names are in `names`, in their order."""
    head = original[: original.find(b"\r\n\r\n")].split(CRLF)
    return [line for line in head[1:] if line.startswith(names)]


def ack_for(invite: bytes, to: bytes) -> bytes:
    """The ACK of a non-2xx final: same branch, the To of the response (RFC 3261 17.1.1.3)."""
    return _follow_up(invite, b"ACK", to)


def cancel_for(invite: bytes) -> bytes:
    """The CANCEL of a pending INVITE: all its identifiers, its branch and its routes (RFC 3261 9.1)."""
    return _follow_up(invite, b"CANCEL", b"")


def _follow_up(invite: bytes, method: bytes, to: bytes) -> bytes:
    start = invite[: invite.find(CRLF)]
    uri = start.split(b" ")[1]
    lines = [b"%b %b SIP/2.0" % (method, uri)]
    for line in _copied(invite, (b"Via: ", b"Max-Forwards: ", b"Route: ", b"From: ", b"To: ", b"Call-ID: ", b"CSeq: ")):
        if line.startswith(b"CSeq: "):
            line = line[: line.rfind(b" ") + 1] + method
        elif to and line.startswith(b"To: "):
            line = b"To: " + to
        elif line.startswith(b"Max-Forwards: "):
            line = b"Max-Forwards: 70"
        lines.append(line)
    return finish([CRLF.join(lines)], b"")
