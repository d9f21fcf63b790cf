"""The way out: messages in the order in which they are to be sent, and a count of those sent again.

Transactions write here and read nothing; the engine hands the list to the runtime after each input.
"""

from __future__ import annotations

from typing import Final, final

from proxy.sip.hop import Hop
from proxy.sip.timers import Timers


@final
class Send:
    """Put `data` on the wire to `hop`."""

    __slots__ = ("data", "hop")

    def __init__(self, data: bytes, hop: Hop) -> None:
        self.data: Final = data
        self.hop: Final = hop


@final
class Wire:
    """Outgoing datagrams of one engine, its timers, and how often each leg (`a`, `b`) saw something repeated."""

    __slots__ = ("sends", "timers", "sent_again", "seen_again")

    def __init__(self, timers: Timers) -> None:
        self.sends: list[Send] = []
        self.timers: Final = timers
        self.sent_again: Final[dict[str, int]] = {}
        self.seen_again: Final[dict[str, int]] = {}

    def send(self, data: bytes, hop: Hop) -> None:
        """Send one message."""
        self.sends.append(Send(data, hop))

    def send_again(self, leg: str, data: bytes, hop: Hop) -> None:
        """Send one message that was sent before."""
        self.sent_again[leg] = self.sent_again.get(leg, 0) + 1
        self.sends.append(Send(data, hop))

    def note_repeat(self, leg: str) -> None:
        """A datagram of `leg` arrived that had arrived before."""
        self.seen_again[leg] = self.seen_again.get(leg, 0) + 1

    def repeated(self) -> dict[tuple[str, str], int]:
        """How many datagrams were sent or received again, by leg and direction (`sent`, `received`)."""
        table = {(leg, "sent"): count for leg, count in self.sent_again.items()}
        table.update({(leg, "received"): count for leg, count in self.seen_again.items()})
        return table
