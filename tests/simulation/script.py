"""What one call is to be: who calls whom and how, and what both ends do when. Drawn before the call begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from tests.simulation.leg import Leg

Step = tuple[float, str, int]  # seconds after the INVITE, what, its status or number of the early dialog


@final
class Script:
    """One call. Times are seconds; `start` is of the run, the others after the event before."""

    __slots__ = (
        "account", "acts", "caller", "called", "cancel_after", "copies", "dress", "early", "enders", "forbidden",
        "hasty", "hops", "late", "merged", "method", "name", "no_ack", "number", "platform", "rel", "seen", "start", "steps", "talk",
        "wrong",
    )  # fmt: skip

    def __init__(self, number: int, start: float, seen: Counter[str]) -> None:
        self.number = number
        self.start = start
        self.seen = seen
        self.name = ""
        self.method = b"INVITE"
        self.account = b"service"
        self.platform = 0
        self.caller = b"+33145001234"
        self.called = b"+33140000000"
        self.dress = b""  # header lines of every request of the caller
        self.wrong = b""  # header lines of the first INVITE that get it refused
        self.hops = 70
        self.forbidden = False  # must never reach the carrier
        self.late = False
        self.rel = False
        self.copies = 1
        self.cancel_after = -1.0  # as soon as allowed, but not before this
        self.hasty = False  # the CANCEL does not wait for a provisional answer
        self.merged = False  # the INVITE comes by a second way too
        self.early = ""  # what the caller does in the early dialog: update or bye
        self.no_ack = False
        self.steps: list[Step] = []
        self.acts: list[tuple[float, str, Callable[[Leg], None]]] = []
        self.talk = 10.0
        self.enders = "a"
