"""How much memory an engine keeps for each call that is up: python tests/bench/held.py [calls]

The calls are set up one after the other, a thousand a second by the engine's clock, and stay; what lingers after their
set-up ends in its time. What the process has resident before and after says what a call takes, with all that the allocator
adds. Nothing but the engine is in it: no sockets, no records, no ledger.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import gc
import resource
from dataclasses import dataclass

from proxy.runtime import build
from tests.bench.pieces import edition
from tests.ladder import Caller, Ladder, hang_up, set_up

CALLS = 100_000
WARM = 500
GAP = 0.001
LINGER = 40.0


@dataclass(frozen=True)
class Held:
    """So many calls, and the bytes of each while they came in and after what lingers has ended."""

    calls: int
    coming: float
    settled: float


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def fill(ladder: Ladder, first: int, calls: int) -> None:
    """Set up calls that stay; what a ladder remembers of them is dropped."""
    for number in range(first, first + calls):
        set_up(ladder, number, Caller(number, called=f"+331{40_000_000 + number % 10_000_000:08}"))
        ladder.history.clear()
        ladder.outputs.clear()
        ladder.notes.clear()
        ladder.seen.clear()
        ladder.advance(GAP)


def hold(calls: int) -> Held:
    """Fill an engine. Raises AssertionError when a call did not stay."""
    ladder = Ladder(edition())
    for number in range(WARM):
        hang_up(set_up(ladder, number))
    gc.collect()
    before = resident()
    fill(ladder, WARM, calls)
    coming = resident()
    ladder.advance(LINGER)
    gc.collect()
    settled = resident()
    if ladder.engine.active_calls() != calls or ladder.engine.transaction_count():
        raise AssertionError(f"{ladder.engine.active_calls()} calls of {calls} are up")
    return Held(calls, (coming - before) / calls, (settled - before) / calls)


def main() -> None:
    """Print it."""
    found = hold(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS)
    sys.stdout.write(
        f"{found.calls} calls held ({build.kind()}): {found.coming:.0f} bytes each while they came in, "
        f"{found.settled:.0f} settled\n"
    )


if __name__ == "__main__":
    main()
