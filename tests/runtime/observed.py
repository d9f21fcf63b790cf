"""The shared state of a node, as far as metrics look at it, with figures of the test's choice."""

from __future__ import annotations

from dataclasses import dataclass, field

from proxy.b2bua.counters import Histogram
from proxy.policy.directory import Directory


def observed_once() -> Histogram:
    """One answer that came after two milliseconds."""
    seconds = Histogram((1e-3, 5e-3))
    seconds.observe(2e-3)
    return seconds


@dataclass
class FakeDesk:
    operations: dict[tuple[str, str], int] = field(default_factory=lambda: {("ask", "answered"): 8})
    silences: dict[str, int] = field(default_factory=lambda: {"too slow": 2})
    seconds: Histogram = field(default_factory=observed_once)
    queue: int = 3
    owed: int = 1
    behind: float = 0.5


@dataclass
class FakeCounted:
    nodes: int = 0
    unplaced: int = 0


@dataclass
class FakeLimits:
    messages: dict[str, int]
    limits: FakeCounted


@dataclass
class FakeShared:
    """Without `desk` and `directory` it has not started."""

    desk: FakeDesk | None = None
    directory: tuple[Directory, int] | None = None
    seconds: float = 0.0
    notices: tuple[int, int] = (0, 0)
    refusals: tuple[int, int, float] = (0, 0, 0.0)
    limits: FakeLimits | None = None

    @property
    def key(self) -> str:
        return "0a1b2c3d"

    def reachable(self) -> bool:
        return self.directory is not None

    def directory_age(self) -> float:
        return self.seconds


@dataclass
class FakeJournal:
    written: int = 11
    dropped: int = 2


@dataclass
class FakeGate:
    delays: Histogram = field(default_factory=lambda: Histogram((0.01,)))
    unseen: dict[int, int] = field(default_factory=lambda: {0: 4, 1: 2})

    def rate(self) -> float:
        return 250.0


@dataclass
class FakeAhead:
    entries: int = 90
    unlogged: int = 3
    damaged: int = 1
    held_bytes: int = 1 << 24
    kept: int = 17


@dataclass
class FakeCalls:
    outcomes: dict[str, int] = field(default_factory=lambda: {"going on": 5, "ended early": 1})
    copied: dict[str, int] = field(default_factory=lambda: {"written": 6})
    waiting: int = 4
