"""Messages out: responses from the head of their request, and the requests that copy another one (ACK, CANCEL).

A response starts with the same lines as every other response to its request, so these are joined once
(`response_head`) and kept by the server transaction.
"""

from __future__ import annotations

from typing import Final

from proxy.sip.hop import Hop
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import decimal, phrase
from proxy.sip.via import answered_via

CRLF: Final = b"\r\n"
_END: Final = b"\r\nContent-Length: 0\r\n\r\n"
_STATUS_LINES: Final[dict[int, bytes]] = {}


def status_line(status: int, reason: bytes = b"") -> bytes:
    """`SIP/2.0 200 OK` with its line end; the standard phrase unless `reason` is given."""
    if reason:
        return b"SIP/2.0 %d %b\r\n" % (status, reason)
    line = _STATUS_LINES.get(status)
    if line is None:
        line = _STATUS_LINES[status] = b"SIP/2.0 %d %b\r\n" % (status, phrase(status))
    return line


def response_head(message: Message, source: Hop) -> bytes:
    """The lines that every response to this request starts with: Via, From, Call-ID, CSeq (RFC 3261 8.2.6.2)."""
    parts = [b"Via: ", answered_via(message, source), CRLF]
    first = True
    for value in message.all(b"via"):
        if first:
            first = False
            if value == message.via:
                continue
            value = value[value.find(message.via) + len(message.via) :].lstrip(b" \t,")
            if not value:
                continue
        parts.append(b"Via: ")
        parts.append(value)
        parts.append(CRLF)
    if message.cseq >= 0:
        parts.append(
            b"From: %b\r\nCall-ID: %b\r\nCSeq: %b %b\r\n"
            % (message.from_value, message.call_id, decimal(message.cseq), message.method)
        )
    else:
        parts += _broken_head(message)
    stamp = message.first(b"timestamp")
    if stamp:
        parts.append(b"Timestamp: " + stamp + CRLF)
    return b"".join(parts)


def _broken_head(message: Message) -> list[bytes]:
    """The same lines for a request that was refused: those that it has, CSeq as it came."""
    lines = ((b"From: ", message.from_value), (b"Call-ID: ", message.call_id), (b"CSeq: ", message.first(b"cseq")))
    return [name + value + CRLF for name, value in lines if value]


def refusal(error: ParseError, source: Hop, tag: bytes) -> bytes:
    """The answer to a request from `source` that the parser refused; empty when none can or may be given.

    What the request lacks, its answer lacks (RFC 4475 3.3.1); nothing that holds a bare line end is sent back.
    """
    message = error.message
    if error.status == 0 or message is None or message.status or message.method == b"ACK" or not message.via:
        return b""
    head = response_head(message, source)
    to = message.to_value
    echo = head + to
    if b"\x00" in echo or not echo.count(b"\r") == echo.count(b"\n") == echo.count(CRLF):
        return b""
    if to and not message.to_tag:
        to += b";tag=" + tag
    reason = b"%b (%b)" % (phrase(error.status), error.text.replace("`", "'").encode("ascii", "replace"))
    return response(head, to, error.status, [], b"", reason)


def response(head: bytes, to: bytes, status: int, lines: list[bytes], body: bytes, reason: bytes = b"") -> bytes:
    """A whole response. `lines` are ready header lines without line ends; `to` is the To value with its tag."""
    start = status_line(status, reason)
    start = b"%b%bTo: %b" % (start, head, to) if to else start + head[:-2]
    return request(start, lines, body)


def request(start: bytes, lines: list[bytes], body: bytes) -> bytes:
    """A whole message: its first line or more (without line end), ready header lines, the Content-Length and the body."""
    if lines:
        start = b"%b\r\n%b" % (start, CRLF.join(lines))
    if body:
        return b"%b\r\nContent-Length: %b\r\n\r\n%b" % (start, decimal(len(body)), body)
    return start + _END


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
    for line in _copied(
        invite, (b"Via: ", b"Max-Forwards: ", b"Route: ", b"From: ", b"To: ", b"Call-ID: ", b"CSeq: ", b"Session-ID: ")
    ):
        if line.startswith(b"CSeq: "):
            line = line[: line.rfind(b" ") + 1] + method
        elif to and line.startswith(b"To: "):
            line = b"To: " + to
        elif line.startswith(b"Max-Forwards: "):
            line = b"Max-Forwards: 70"
        lines.append(line)
    return CRLF.join(lines) + _END
