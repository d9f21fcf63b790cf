"""A received SIP message: its lines in wire order, never changed.

`Message` keeps each header line as received, its name, and the value of the first line of each name. What every message needs at once (transaction and
dialog identifiers) is read by the parser and stands in fields. Edits are collected in `edits.HeaderEdits` and applied
when a new message is built.
"""

from __future__ import annotations

from typing import Final, final


class ParseError(ValueError):
    """A peer's fault. `status` is the answer to give (0: none possible), `kind` a closed set for metrics.

    `message` holds what could be read, so that a 400 can be sent back; it is None when not even that is possible.
    """

    def __init__(self, status: int, kind: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.kind = kind
        self.text = text
        self.message: Message | None = None


@final
class Message:
    """One request (`status` is 0) or response (`method` is the CSeq's). Values are bytes as received, unfolded."""

    __slots__ = (
        "method", "uri", "status", "version", "names", "lines", "index", "body",
        "via", "branch", "sent_by", "rport", "control", "call_id", "cseq", "from_value", "from_tag", "to_value", "to_tag",
    )  # fmt: skip

    def __init__(self, method: bytes, uri: bytes, status: int) -> None:
        self.method = method
        self.uri: Final = uri
        self.status: Final = status
        self.version = b"SIP/2.0"
        self.names: Final[list[bytes]] = []
        self.lines: list[bytes] = []
        self.index: Final[dict[bytes, bytes]] = {}  # the value of the first line of each name
        self.body = b""
        self.via = b""
        self.branch = b""
        self.sent_by = b""
        self.rport = False
        self.control = b""  # the algorithms of overload control that the Via offers (RFC 7339), as they are written
        self.call_id = b""
        self.cseq = -1
        self.from_value = b""
        self.from_tag = b""
        self.to_value = b""
        self.to_tag = b""

    def has(self, name: bytes) -> bool:
        """Is there a header `name` (lower case, long form)?"""
        return name in self.index

    def first(self, name: bytes) -> bytes:
        """The value of the first line `name`, stripped; empty when there is none."""
        return self.index.get(name, b"")

    def all(self, name: bytes) -> list[bytes]:
        """The values of all lines `name` in wire order; comma-joined values are not split."""
        first = self.index.get(name)
        if first is None:
            return []
        if len(self.index) == len(self.names):
            return [first]
        return [value_of(self.lines[at]) for at, seen in enumerate(self.names) if seen == name]


def value_of(line: bytes) -> bytes:
    """What stands behind the colon of a header line, without the blanks around it."""
    return line.partition(b":")[2].strip()
