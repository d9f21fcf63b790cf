"""Where a fault is played: one node, both sides of its load, its store; and what is looked at when all is over."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from proxy.policy.inquiry import Inquiry
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.interface import Ledger
from proxy.runtime.store.person_keys import read_keys
from proxy.runtime.store.redis_ledger import RedisLedger
from proxy.runtime.store.redis_place import Place
from tests.bench.contenders import ACCOUNTS, OPEN, account
from tests.bench.edge import Edge
from tests.bench.mix import REFUSED, Pair
from tests.bench.processes import Cores
from tests.chaos.evidence import MOST_TOLD, Evidence
from tests.chaos.verdict import LEFT, LEFT_WITH_PROBES, Verdict

T1 = 0.1
"""Of the node, in s: 64 of it and what ended is forgotten."""
QUIET_KEYS = {
    "timers.t1_ms": str(round(T1 * 1000)),
    "limits.decision_timeout_ms": "1500",
    "store.wait_ms": "1000",
    "limits.queue_delay_ms": "0",
}
"""A machine that is busy with something else decides no call; a fault that lasts longer does."""
CLOCK = datetime.fromisoformat(OPEN).timestamp()
TOGETHER = 500
FORGOTTEN_IN = 64 * T1 + 60.0


@dataclass(frozen=True)
class Size:
    """How much is played: talks that are up when it happens, calls per second and how long they come."""

    held: int
    rate: int
    seconds: float
    kills: int = 10
    """Of the fault in which there are several."""

    @property
    def calls(self) -> int:
        """New calls around a fault."""
        return round(self.rate * self.seconds)


FULL = Size(held=2000, rate=200, seconds=20.0)
SHORT = Size(held=60, rate=30, seconds=4.0, kills=2)


@dataclass(frozen=True)
class Ground:
    """A folder, the cores, how much."""

    folder: Path
    cores: Cores
    size: Size

    def node(self, keys: dict[str, str] | None = None) -> Edge:
        """A node in it, not started yet."""
        return Edge(self.folder / "node", QUIET_KEYS | (keys or {}))


def person(place: int, kinds: str, first: int) -> tuple[str, str]:
    """Customer and called number of the call that the platform makes in that place."""
    return account(place % ACCOUNTS), f"+336{1_000_000 + first + place}{kinds[place % len(kinds)]}"


async def counted(ledger: Ledger, persons: list[tuple[str, str]]) -> Counter[int]:
    """How many of these persons have how many attempts."""
    found: Counter[int] = Counter()
    await ledger.open()
    for start in range(0, len(persons), TOGETHER):
        asked = [
            Inquiry(customer, number, "", "look", CLOCK + 600.0, reserve=False)
            for customer, number in persons[start : start + TOGETHER]
        ]
        found.update(state.attempts for state in await ledger.ask(asked))
    await ledger.close()
    return found


def ledger_of(edge: Edge, place: Place | None) -> Ledger:
    """Another client of the node's store."""
    folder = edge.site.folder / "var"
    keys = read_keys(folder / "store.keys")
    if place is not None:
        return RedisLedger(place, keys, lambda: CLOCK + 600.0, 10.0)
    return EmbeddedLedger(folder / "store.db", keys, lambda: CLOCK + 600.0, 10.0)


def until(holds: Callable[[], bool], seconds: float, step: float = 0.1) -> bool:
    """Wait for it, a bounded time; whether it came."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def until_empty(edge: Edge, probing: bool) -> dict[str, float]:
    """What the node says when nothing is left in it, or when that should long be so; probes of carriers go on."""
    seen: dict[str, float] = {}
    left = LEFT_WITH_PROBES if probing else LEFT

    def empty() -> bool:
        nonlocal seen
        seen = edge.metrics()
        return bool(seen) and not any(seen.get(name) for name in left)

    until(empty, FORGOTTEN_IN, 0.5)
    return {name: value for name, value in seen.items() if name in left or name not in LEFT}


def judged(
    verdict: Verdict, edge: Edge, loads: list[Pair], place: Place | None = None, *, carriers: bool = True, probing: bool = False,
    evidence: Evidence | None = None,
) -> None:  # fmt: skip
    """Wait for the ends of all calls and hold everything against everything. The node is stopped.

    `place` is its Redis. Without `carriers` a carrier did not live to its end. What was lost is told with its `evidence`.
    """
    calls = refused = 0
    persons: list[tuple[str, str]] = []
    for load in sorted(loads, key=lambda load: load.uas is not None):  # carriers end last
        platform, carrier = load.wait(150.0)
        verdict.sides(platform, carrier if carriers and load.uas is not None else None, load.calls)
        calls += load.calls
        refused += sum(load.kinds[place % len(load.kinds)] == REFUSED for place in range(load.calls))
        persons += [person(place, load.kinds, load.first) for place in range(load.calls)]
    verdict.left(until_empty(edge, probing))
    edge.stop()
    edge.wait(60.0)
    written, away = edge.written(), verdict.turned_away
    if evidence is not None:
        verdict.lost += [f"{ladder.name}: {why}" for why, ladder in evidence.lost(written)[:MOST_TOLD]]
        verdict.evidence = evidence.told(edge, written, "".join(load.errors() for load in loads))
    verdict.records("decision", written.decided, calls - away, calls)
    verdict.records("end", written.ended, calls - refused - away, calls - refused)
    verdict.attempts(asyncio.run(counted(ledger_of(edge, place), persons)), calls - refused - away, calls - refused)
