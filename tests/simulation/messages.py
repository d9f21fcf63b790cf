"""SIP as the simulated peers read and write it: a reader and two writers of their own, none of the proxy's code.

The reader is strict where the proxy writes: names in their usual spelling, one of each that a message must have, a
Content-Length that is the length of the body. What is wrong is `Malformed`, and that is a broken invariant.
"""

from __future__ import annotations

from typing import Final, final

ONCE: Final = (b"From", b"To", b"Call-ID", b"CSeq", b"Content-Length")
COMPLAINT: Final = b"SIP/2.0 400 "


class Malformed(Exception):
    """The proxy sent what no parser should accept."""


@final
class Sip:
    """One message: `status` is 0 for a request; `method` of a response is its CSeq's."""

    __slots__ = (
        "body", "branch", "call_id", "cseq", "data", "from_tag", "head", "method", "sender", "status", "to", "to_tag",
        "uri", "via",
    )  # fmt: skip

    def __init__(self, data: bytes) -> None:
        self.data: Final = data
        text, gap, self.body = data.partition(b"\r\n\r\n")
        start, *lines = text.split(b"\r\n")
        head: dict[bytes, bytes] = {}
        via = b""
        for line in lines:
            name, colon, value = line.partition(b": ")
            if not colon:
                raise Malformed(f"no `Name: value` in {line!r}")
            if name == b"Via":
                via += line + b"\r\n"
            if name not in head:
                head[name] = value
            elif name in ONCE:
                raise Malformed(f"two {name.decode()} lines")
        if not gap or not via:
            raise Malformed("no Via or no end of the headers")
        self.head: Final = head
        self.via: Final = via
        try:
            self._essentials(start)
        except (KeyError, ValueError, IndexError) as error:
            raise Malformed(f"{type(error).__name__}: {error}") from None

    def _essentials(self, start: bytes) -> None:
        head = self.head
        self.sender = head[b"From"]
        self.to = head[b"To"]
        self.call_id = head[b"Call-ID"]
        number, method = head[b"CSeq"].split(b" ")
        self.cseq = int(number)
        self.from_tag = tag(self.sender)
        self.to_tag = tag(self.to)
        self.branch = head[b"Via"].partition(b";branch=")[2].partition(b";")[0]
        self.method = method
        if start[:8] == b"SIP/2.0 ":
            self.status = int(start[8:11])
            self.uri = b""
        else:
            first, self.uri, version = start.split(b" ")
            self.status = 0
            if first != method or version != b"SIP/2.0":
                raise ValueError("request line and CSeq differ")
        if int(head[b"Content-Length"]) != len(self.body):
            raise ValueError("Content-Length is not the length of the body")

    def contact(self) -> bytes:
        """The URI of the Contact, empty when there is none."""
        return self.head.get(b"Contact", b"").strip(b"<>")

    def label(self) -> str:
        """As it stands in a ladder."""
        what = self.method.decode()
        return f"{self.status} {what} {self.cseq}" if self.status else f"{what} {self.cseq}"


def understood(data: bytes) -> Sip | None:
    """The message, or None for what is none."""
    try:
        return Sip(data)
    except Malformed:
        return None


def tag(value: bytes) -> bytes:
    """The tag of a From or To value, empty when there is none."""
    return value.rpartition(b">")[2].partition(b";tag=")[2].partition(b";")[0]


def request(
    method: bytes, uri: bytes, via: bytes, ends: tuple[bytes, bytes, bytes, int], extra: bytes = b"", body: bytes = b""
) -> bytes:
    """A request; `via` is transport, sent-by and branch, `ends` are From, To, Call-ID and CSeq, `extra` whole lines."""
    sender, to, call_id, cseq = ends
    if body and b"Content-Type" not in extra:
        extra += b"Content-Type: application/sdp\r\n"
    return (
        b"%b %b SIP/2.0\r\nVia: SIP/2.0/%b;rport\r\nMax-Forwards: 70\r\nFrom: %b\r\nTo: %b\r\nCall-ID: %b\r\n"
        b"CSeq: %d %b\r\n%bContent-Length: %d\r\n\r\n%b"
        % (method, uri, via, sender, to, call_id, cseq, method, extra, len(body), body)
    )  # fmt: skip


def response(asked: Sip, status: int, to_tag: bytes = b"", extra: bytes = b"", body: bytes = b"") -> bytes:
    """The answer to `asked`; the tag is added where To has none."""
    to = asked.to if asked.to_tag or not to_tag else asked.to + b";tag=" + to_tag
    if body:
        extra += b"Content-Type: application/sdp\r\n"
    return b"SIP/2.0 %d Said\r\n%bFrom: %b\r\nTo: %b\r\nCall-ID: %b\r\nCSeq: %d %b\r\n%bContent-Length: %d\r\n\r\n%b" % (
        status, asked.via, asked.sender, to, asked.call_id, asked.cseq, asked.method, extra, len(body), body,
    )  # fmt: skip
