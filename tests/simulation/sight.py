"""What the wire showed of one call at the node's door: plain facts, in the order in which they were seen."""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.outputs import CallRecord, DecisionRecord
from tests.simulation.network import Address

LONG: Final = 64 * 0.5


@final
class Bleg:
    """The call that the node placed at a carrier. `taken` are the tags that said 200, with what the node did since."""

    __slots__ = ("acked", "call_id", "ended", "failed", "refused", "taken", "target", "until", "winner")

    def __init__(self, call_id: bytes, target: Address, now: float) -> None:
        self.call_id: Final = call_id
        self.target: Final = target
        self.until = now + 2 * LONG  # so long a 2xx is taken if nothing else comes
        self.taken: Final[list[bytes]] = []
        self.acked: Final[set[bytes]] = set()
        self.ended: Final[set[bytes]] = set()
        self.failed = 0  # the failure that ended the call
        self.refused = False  # a failure came, in time or not
        self.winner = b""


@final
class Sight:
    """One call in one life of the node. Instants are UTC seconds, 0 where the event never came."""

    __slots__ = (
        "a_tag", "acked", "answered_at", "answers", "b", "bye_from_a", "bye_to_a", "calls", "decisions", "end", "finals",
        "crashed", "method", "number", "reached", "rung_at", "started", "turned_away",
    )  # fmt: skip

    def __init__(self, number: int, method: bytes, started: float) -> None:
        self.number: Final = number
        self.method: Final = method
        self.started: Final = started
        self.finals: Final[dict[bytes, int]] = {}  # different final answers of the first INVITE, with their status
        self.answers: Final[list[int]] = []  # status of each, in order
        self.a_tag = b""
        self.acked = False
        self.rung_at = 0.0
        self.answered_at = 0.0
        self.turned_away = 0  # refused before a decision, with this status
        self.reached = False  # a person was: 18x or 2xx
        self.end = ""  # who ended it: a, b or proxy
        self.bye_from_a = False
        self.bye_to_a = False
        self.b: Final[list[Bleg]] = []
        self.decisions: Final[list[DecisionRecord]] = []
        self.calls: Final[list[CallRecord]] = []
        self.crashed = False  # the node was killed meanwhile

    def goes_on(self) -> bool:
        """The node is killed: is this a call that the next one must know? Then it is judged as any other."""
        self.crashed = self.method == b"INVITE" and not self.calls and not self.turned_away and self._open()
        return self.crashed

    def _open(self) -> bool:
        return bool(self.b) or not self.answers
