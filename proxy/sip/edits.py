"""Header edits: collected while a message is decided, applied once when the new one is built.

The received message is never changed. An edit list says which of its headers cross (an allow-list: a header that
nobody thought of stays behind), which of those are dropped or replaced for this one message, and which new lines
stand before them.
"""

from __future__ import annotations

from typing import Final, final

from proxy.sip.message import Message
from proxy.sip.syntax import SPELLING


@final
class HeaderEdits:
    """Edits for one outgoing message. Names are lower case, values bytes; nothing is applied before `lines`."""

    __slots__ = ("cross", "head", "changed")

    def __init__(self, cross: frozenset[bytes]) -> None:
        self.cross: Final = cross
        self.head: Final[list[bytes]] = []
        self.changed: dict[bytes, bytes] | None = None

    def line(self, text: bytes) -> None:
        """Add one ready header line (`Name: value`, without line end) before those that cross."""
        self.head.append(text)

    def set(self, name: bytes, value: bytes) -> None:
        """Let the crossing header `name` show `value`; empty bytes drop it. Only its first line is kept."""
        if self.changed is None:
            self.changed = {}
        self.changed[name] = value

    def drop(self, name: bytes) -> None:
        """Keep the header `name` from crossing in this message."""
        self.set(name, b"")

    def lines(self, source: Message) -> list[bytes]:
        """The header lines of the new message: the added ones, then those of `source` that cross."""
        out = self.head.copy()
        cross = self.cross
        changed = self.changed
        names = source.names
        once = len(names) == len(source.index)
        for at in range(len(names)):
            name = names[at]
            if name in cross:
                if changed is not None and name in changed:
                    value = changed[name]
                    if value and (once or names.index(name) == at):
                        out.append(SPELLING.get(name, name) + b": " + value)
                else:
                    out.append(source.lines[at])
        return out
