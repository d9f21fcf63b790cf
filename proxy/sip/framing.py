"""Messages out of a byte stream: head, Content-Length, body (RFC 3261 18.3), and the CRLF keep-alive (RFC 5626 4.4.1).

Bytes in, whole messages out; what is wrong becomes a `Flaw`, after which the stream cannot be cut any more. The
boundary is found in the way in which the parser reads the message: headers in any spelling, folded lines joined, two
different lengths refused.
"""

from __future__ import annotations

from typing import Final, final

from proxy.sip.syntax import MAX_LINE

_END: Final = b"\r\n\r\n"
_LENGTHS: Final = frozenset((b"content-length", b"l"))
_MOST_DIGITS: Final = 9


@final
class Flaw:
    """Why a stream cannot be cut: the status to answer, the words for it, and the head of the message at fault."""

    __slots__ = ("status", "text", "head")

    def __init__(self, status: int, text: str, head: bytes) -> None:
        self.status: Final = status
        self.text: Final = text
        self.head: Final = head


@final
class Framer:
    """One stream. `pings` counts the keep-alives since they were last taken, `flaw` ends it."""

    __slots__ = ("largest", "rest", "searched", "need", "pings", "flaw", "refused")

    def __init__(self, largest: int) -> None:
        self.largest: Final = largest
        self.rest = b""
        self.searched = 0
        self.need = 0  # length of the message at the start of `rest`, 0 while its head is not complete
        self.pings = 0
        self.flaw: Flaw | None = None
        self.refused = 0  # bytes that came before the flaw was seen and are no message

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes, in order; none after a flaw."""
        found: list[bytes] = []
        self.rest = rest = self.rest + data if self.rest else data
        while self.flaw is None:
            if not self.need:
                if rest[:1] == b"\r":
                    rest = self._blank(rest)
                if not self._measured(rest):
                    break
            if len(rest) < self.need:
                break
            found.append(rest[: self.need])
            rest = rest[self.need :]
            self.need = self.searched = 0
        if self.flaw is not None:
            self.refused, rest = len(rest), b""
        self.rest = rest
        return found

    def take_pings(self) -> int:
        """How many keep-alives wait for their answer, a CRLF each."""
        pings, self.pings = self.pings, 0
        return pings

    def waiting(self) -> bool:
        """Has a message begun that is not complete?"""
        return bool(self.rest.strip(b"\r\n"))

    def _blank(self, rest: bytes) -> bytes:
        """Take the line ends in front of a message: two make a keep-alive, one alone is nobody's (RFC 3261 7.5)."""
        while rest[:4] == _END:
            self.pings += 1
            rest = rest[4:]
        if rest[:2] == b"\r\n" and rest[2:3] not in (b"", b"\r"):
            rest = rest[2:]
        return rest

    def _measured(self, rest: bytes) -> bool:
        """Find the head at the start of `rest` and how long the whole message is; False: more is needed."""
        if not rest or rest[:1] == b"\r":
            if len(rest) > 3:
                self.flaw = Flaw(400, "expected a message or CRLF", b"")
            return False
        if not self.searched and not self._begun(rest):
            return False
        end = rest.find(_END, max(self.searched - 3, 0))
        if end < 0:
            self.searched = len(rest)
            if len(rest) > self.largest:
                self.flaw = Flaw(513, f"expected at most {self.largest} bytes", rest)
            return False
        head = rest[: end + 4]
        length = _body_length(head)
        if length < 0:
            self.flaw = Flaw(400, "expected one Content-Length", head)
        elif len(head) + length > self.largest:
            self.flaw = Flaw(513, f"expected at most {self.largest} bytes", head)
        else:
            self.need = len(head) + length
        return self.flaw is None

    def _begun(self, rest: bytes) -> bool:
        """Is the first line there, and that of a message?"""
        line = rest.find(b"\r\n")
        if (line < 0 and len(rest) <= MAX_LINE + 1) or (0 <= line <= MAX_LINE and b"SIP/" in rest[:line].upper()):
            return line >= 0
        self.flaw = Flaw(400, "expected a SIP message", b"")
        return False


def _body_length(head: bytes) -> int:
    """The Content-Length of a head; -1 when there is none, or none that can be trusted."""
    if b"\r\n " in head or b"\r\n\t" in head:
        head = head.replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
    length = -1
    for line in head.split(b"\r\n"):
        first = line[:1]
        if first != b"C" and first != b"c" and first != b"l" and first != b"L":
            continue
        name, colon, value = line.partition(b":")
        if not colon or name.rstrip(b" \t").lower() not in _LENGTHS:
            continue
        digits = value.strip(b" \t")
        if not digits.isdigit() or len(digits) > _MOST_DIGITS or (length >= 0 and length != int(digits)):
            return -1
        length = int(digits)
    return length
