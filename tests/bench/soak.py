"""`make soak CALLS=200000`: that many calls of every kind through the node as shipped, and what it holds after them.

One call in ten each is refused, busy, cancelled, put on hold, sent twice, or ended by the carrier (`mix.py`). Looked at every
few seconds are memory, open files, threads, calls, transactions and timers. In the end: no call failed, each is recorded once,
memory stayed within 3 % of its median once it was warm, and nothing is left. The store is filled with persons beforehand, so
that its cache is as full as it gets in the first minute; with as many as there are calls, since what the node remembers of
all persons (`name_filter`) has room for twice as many as there were.

Memory is the node's own (`looks.py`). What is judged are the medians of the tenths of the time after the warm-up: a machine
that stalls for some seconds has more calls in progress then, and one look at that moment says nothing of growth; how far
single looks went is told beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from stage import StageError

from proxy.policy.inquiry import Inquiry
from proxy.runtime import build
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.person_keys import read_keys
from tests.bench.contenders import OPEN
from tests.bench.edge import Edge
from tests.bench.looks import FLAT, KEPT, LEFT, Look, as_dict, drift, look, parts, spread, table
from tests.bench.mix import Pair, Side, pair
from tests.bench.processes import Cores, udp_sockets
from tests.bench.run import cores_for_load, machine, say, written

LINGER = 64
"""T1 that a transaction lives on after its end (RFC 3261 17)."""
SLOW_MACHINE = {"limits.decision_timeout_ms": "5000", "store.wait_ms": "4000", "limits.queue_delay_ms": "0"}
"""What else runs on the machine decides no call."""
LEAST_WARM = 75.0
WARM_SHARE = 0.1
"""Of the run, at least."""
FILLED_BY = 45_000
"""Calls after which the cache of the store is full."""
PERSONS = 700_000
TOGETHER = 2000
DAY = 86_400.0
CLOCK = datetime.fromisoformat(OPEN).timestamp()


@dataclass
class Soak:
    """One run and what came of it."""

    calls: int
    rate: int
    hold: float
    warm: float
    build: str
    looks: list[Look] = field(default_factory=list)
    begun: Look | None = None
    ended: Look | None = None
    platform: Side | None = None
    carrier: Side | None = None
    decided: int = 0
    recorded: int = 0
    twice: int = 0
    seconds: float = 0.0
    dropped: int = 0
    """Datagrams for which the node's socket had no room: it did not get its core in time."""
    errors: str = ""
    """What SIPp wrote of calls that failed."""

    def steady(self) -> list[Look]:
        """Looks after the warm-up, while calls were made."""
        return [one for one in self.looks if one.at >= self.warm]

    def problems(self) -> list[str]:
        """What is not as it must be."""
        found: list[str] = []
        if self.platform is None or self.carrier is None or self.begun is None or self.ended is None:
            return ["the run did not come to its end"]
        failed = self.calls - self.platform.counts.well
        found += [f"{failed} calls failed at the platform (mix_uac.xml{_why(self.platform)})"] if failed else []
        found += [f"{self.platform.turned_away} calls were turned away"] if self.platform.turned_away else []
        offered = self.ended.started - self.begun.started
        lost = offered - self.carrier.counts.well
        found += [f"{lost} of {offered} calls failed at the carrier (mix_uas.xml{_why(self.carrier)})"] if lost else []
        found += (
            [f"{self.decided} decisions were recorded for {self.calls} calls"] if self.decided != self.calls else []
        )
        found += [f"{self.recorded} ends were recorded for {offered} calls"] if self.recorded != offered else []
        found += [f"{self.twice} records say what another said"] if self.twice else []
        memory = parts([float(one.memory) for one in self.steady()])
        if memory and spread(memory) > FLAT:
            found.append(f"memory went {spread(memory):.1%} from its median")
        found += [f"{name}: {getattr(self.ended, name)} left" for name in LEFT if getattr(self.ended, name)]
        found += [
            f"{name}: {getattr(self.begun, name)} before, {getattr(self.ended, name)} after"
            for name in KEPT if getattr(self.ended, name) > getattr(self.begun, name)
        ]  # fmt: skip
        found += ["a defect of ours ended a call"] if self.ended.faults else []
        found += ["records were dropped"] if self.ended.records_dropped else []
        return found


def _why(one: Side) -> str:
    return "".join(f", {name} {count}" for name, count in one.reasons.items())


async def known_persons(folder: Path, persons: int) -> None:
    """Fill the store with persons who were called ten days ago."""
    ledger = EmbeddedLedger(folder / "var" / "store.db", read_keys(folder / "var" / "store.keys"), lambda: CLOCK, 60.0)
    await ledger.open()
    for first in range(0, persons, TOGETHER):
        people = range(first, min(first + TOGETHER, persons))
        await ledger.ask([Inquiry("cust0000", f"+337{one:08}", "", f"{one}", CLOCK - 10 * DAY) for one in people])
    await ledger.close()


def drive(edge: Edge, load: Pair, soak: Soak, every: float) -> None:
    """Make the calls, and look meanwhile."""
    started = time.monotonic()
    load.begin(soak.calls, soak.rate)
    least = soak.calls / soak.rate
    while load.calling() and time.monotonic() < started + 3 * least + 300:
        time.sleep(every)
        at = time.monotonic() - started
        if load.calling() and at < least:
            soak.looks.append(look(edge, at))
    soak.seconds = time.monotonic() - started
    soak.platform, soak.carrier = load.wait(5.0)
    soak.dropped = sum(udp_sockets(edge.site.port))
    soak.errors = load.errors()


def until_empty(edge: Edge, seconds: float) -> Look:
    """The first look that finds nothing left, or the last one."""
    end = time.monotonic() + seconds
    while True:
        found = look(edge, 0.0)
        if time.monotonic() > end or not any(getattr(found, name) for name in (*LEFT, "store_waiting", "store_owed")):
            return found
        time.sleep(1.0)


def run(soak: Soak, folder: Path, cores: Cores, keys: dict[str, str], persons: int, every: float, t1: float) -> None:
    """Start a node in the folder, play all calls, look, stop it and read its records."""
    measured = (cores.measured,) if keys.get("node.workers", "1") == "1" else ()
    edge = Edge(folder, SLOW_MACHINE | keys, measured)
    if persons:
        with edge:
            pass
        asyncio.run(known_persons(folder, persons))
    with edge, pair(edge.site, cores, soak.hold) as load:
        time.sleep(2.0)
        soak.begun = look(edge, 0.0)
        drive(edge, load, soak, every)
        soak.ended = until_empty(edge, LINGER * t1 + 30.0)
        edge.stop()
        edge.wait(60.0)
    records = edge.written()
    soak.decided, soak.recorded, soak.twice = len(records.decided), len(records.ended), records.twice()


def told(soak: Soak, keep: int = 20) -> str:
    """The table, with at most so many rows, and the verdict."""
    step = max(1, len(soak.looks) // keep)
    shown = [*([soak.begun] if soak.begun else []), *soak.looks[::step], *([soak.ended] if soak.ended else [])]
    memory = [float(one.memory) for one in soak.steady()]
    lines = [table(shown), ""]
    lines.append(f"{soak.calls} calls in {soak.seconds:.0f} s on {soak.build}; the last row is after all of them")
    if memory:
        lines.append(
            f"memory after {soak.warm:.0f} s: {min(memory) / 2**20:.1f} to {max(memory) / 2**20:.1f} MiB, "
            f"at most {spread(memory):.1%} from its median; tenths of that time at most {spread(parts(memory)):.1%}, "
            f"from the first third to the last {drift(memory):+.1%}"
        )
        lines += [f"{name}: {_range([getattr(one, name) for one in soak.steady()])}" for name in ("files", "threads")]
    if soak.dropped:
        lines.append(f"{soak.dropped} datagrams found no room in the node's socket: it did not get its core in time")
    problems = soak.problems()
    lines += [f"WRONG: {one}" for one in problems] or ["0 failed, nothing left, each call recorded once"]
    return "\n".join(lines)


def _range(values: Sequence[int]) -> str:
    return f"{min(values)} to {max(values)}"


def as_json(soak: Soak) -> bytes:
    """Everything, with the machine."""
    body = {name: value for name, value in vars(soak).items() if name not in ("looks", "begun", "ended", "errors")}
    looks = {"looks": [as_dict(one) for one in soak.looks]}
    ends = {name: as_dict(one) for name, one in (("begun", soak.begun), ("ended", soak.ended)) if one is not None}
    return msgspec.json.format(
        msgspec.json.encode({"machine": machine(), **body, **ends, "problems": soak.problems(), **looks}), indent=1
    )


def arguments_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Many calls of every kind, and what the node holds after them.")
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=500, help="calls per second")
    parser.add_argument("--hold", type=float, default=1.0, help="seconds that a call lasts")
    parser.add_argument(
        "--warm", type=float, default=0.0, help="seconds before memory must be flat; 0: as its cache needs"
    )
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two looks")
    parser.add_argument(
        "--persons", type=int, help=f"that the store knows beforehand; by itself {PERSONS}, and as many as calls"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--t1", type=float, default=0.5, help="T1 of the node, in s")
    parser.add_argument(
        "--nice", type=int, default=0, help="of all that is started; below 0 (root) on a shared machine"
    )
    parser.add_argument("--out", type=Path, default=Path("var/soak"), help="folder of the JSON file")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when all is as it must be, 1 when not, 2 when nothing can be played here."""
    asked = arguments_of(arguments)
    cores = cores_for_load(asked.nice, {"sipp": "sip-tester"})
    if cores is None:
        return 2
    soak = Soak(
        asked.calls,
        asked.rate,
        asked.hold,
        asked.warm or max(LEAST_WARM, FILLED_BY / asked.rate, WARM_SHARE * asked.calls / asked.rate),
        f"{build.kind()} {build.version()}",
    )
    keys = {"timers.t1_ms": str(round(asked.t1 * 1000))}
    if asked.workers != 1:
        keys["node.workers"] = str(asked.workers)
    with tempfile.TemporaryDirectory(prefix="npv-soak-") as made:
        try:
            persons = max(PERSONS, asked.calls) if asked.persons is None else asked.persons
            run(soak, Path(made, "node"), cores, keys, persons, asked.every, asked.t1)
        except StageError as error:
            say(str(error))
            return 2
    path = written(asked.out, as_json(soak))
    if soak.errors:
        path.with_suffix(".errors").write_text(soak.errors, encoding="utf-8")
    sys.stdout.write(f"\n{told(soak)}\neverything measured: {path}\n")
    return 1 if soak.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
