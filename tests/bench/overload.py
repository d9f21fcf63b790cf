"""`make bench OVERLOAD=1`: what is left of the proxy when two, three and five times of what it can take is offered.

The proxy gets a share of its core only, so that SIPp on another core can offer that much. First the highest rate without
a failed call is looked for; then floods of `SECONDS` are offered, while calls that were up before stay up through them
and end after. Goodput are the calls that end well in each second of the steady part, against those at the highest rate.
A proxy that works on a queue takes all of its share; when it got less than `UNDISTURBED` of it, somebody else had the core,
and the flood is played again, at most `TURNS` times; the turn in which the proxy got most counts. A yard-stick beside it
tells how fast that core was: what a call took is told in yard-sticks too, which neighbours change much less.
By hand, on the sources: PYTHONPATH=. python tests/bench/overload.py --share 0.5
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import csv
import json
import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from io import StringIO

from stage import HOST, StageError, free_port

from tests.bench.contenders import Proxy, Site
from tests.bench.duty import NoQuota, bounded
from tests.bench.figures import CALL, Load, Search
from tests.bench.pair import Bench, Yard, running
from tests.bench.processes import Cores, TooFewCores, before_others, share_out, spent
from tests.bench.run import machine, say, written

TIMES = (1.0, 2.0, 3.0, 5.0)
SECONDS = 20.0
PROBE = 6.0
STEPS = 8
STEADY = (0.4, 1.0)
"""The part of a flood that counts."""
HELD = 100
"""Calls that are up before a flood and end after it."""
UNDISTURBED = 0.9
TURNS = 3
GOOD = 0.9
"""Of the highest rate: the least goodput."""
WARM = Load(CALL, 50, 2.0, 0.0)


@dataclass(frozen=True)
class Flood:
    """What came of one: rates are calls per second."""

    times: float
    asked: int
    offered: float
    goodput: float
    held: int
    held_well: int
    refused: int
    discarded: int
    unseen: int
    delay_ms: float
    """Mean of the measured queue delay."""
    had: float
    """Processor time that the proxy got in the steady part, of one core."""
    yard_ms: float
    """What the yard-stick took in that time."""

    @property
    def lost(self) -> int:
        """Calls in progress that did not end well."""
        return self.held - self.held_well

    @property
    def cpu_ms(self) -> float:
        """Processor time for each call that ended well, all that was refused beside it too."""
        return 1000 * self.had / self.goodput if self.goodput else 0.0

    @property
    def yards(self) -> float:
        """The same as a multiple of the yard-stick."""
        return self.cpu_ms / self.yard_ms if self.yard_ms else 0.0


def per_second(statistics: str, column: str, begin: float, end: float) -> float:
    """How fast a column of a SIPp statistics file grew between two parts of the time that it covers."""
    rows = [row for row in csv.DictReader(StringIO(statistics), delimiter=";") if row.get(column)]
    rows = rows[1:]
    first, last = int(len(rows) * begin), min(int(len(rows) * end), len(rows) - 1)
    if last <= first:
        return 0.0
    return (int(rows[last][column]) - int(rows[first][column])) / (last - first)


def page(port: int) -> str:
    """The metrics of the proxy, as they come."""
    with urllib.request.urlopen(f"http://{HOST}:{port}/metrics", timeout=20) as opened:
        return str(opened.read().decode())


def metrics(port: int) -> dict[str, float]:
    """All samples of the proxy, labels of one name added up."""
    found: dict[str, float] = {}
    for line in page(port).splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            if 'outcome="admitted"' not in name:
                kind = name if name.startswith("npv_sip_dropped_total") else name.partition("{")[0]
                found[kind] = found.get(kind, 0.0) + float(value)
    return found


class Watched(Proxy):
    """The proxy with an admin port that is known."""

    admin = 0

    def command(self, site: Site) -> list[str]:
        """As always."""
        command = super().command(site)
        text = (site.folder / "proxy.toml").read_text(encoding="utf-8")
        self.admin = int(text.partition("[admin]")[2].partition(f"{HOST}:")[2].partition('"')[0])
        return command


def flood(bench: Bench, admin: int, times: float, rate: int, seconds: float) -> Flood:
    """Offer that rate for a time, beside calls that are up before and end after."""
    with bench.carrier():
        held = bench.platform(Load(CALL, 25, HELD / 25, seconds + 8.0), free_port(), "held")
        with held:
            time.sleep(HELD / 25 + 1.0)
            before = metrics(admin)
            with bench.platform(Load(CALL, rate, seconds), free_port()) as uac:
                time.sleep(STEADY[0] * seconds)
                family, began = bench.family(), time.monotonic()
                marked = spent(family)
                with Yard(bench.cores) as yard:
                    time.sleep((STEADY[1] - STEADY[0]) * seconds)
                    yard_ms = yard.mean()
                had = spent(family).since(marked).total / (time.monotonic() - began)
                statistics = uac.figures.read_text(encoding="utf-8")
                after = metrics(admin)
                uac.process.kill()
            held.wait(seconds + 60.0)
            well = held.counted().well
    moved = {name: value - before.get(name, 0.0) for name, value in after.items()}
    looks = moved.get("npv_queue_delay_seconds_count", 0.0)
    return Flood(
        times=times, asked=rate,
        offered=per_second(statistics, "TotalCallCreated", *STEADY),
        goodput=per_second(statistics, "SuccessfulCall(C)", *STEADY),
        held=HELD, held_well=well,
        refused=round(moved.get("npv_overload_calls_total", 0.0)),
        discarded=round(moved.get('npv_sip_dropped_total{kind="overload"}', 0.0)),
        unseen=round(moved.get("npv_kernel_dropped_total", 0.0)),
        delay_ms=1000 * moved.get("npv_queue_delay_seconds_sum", 0.0) / looks if looks else 0.0,
        had=had, yard_ms=yard_ms,
    )  # fmt: skip


def highest(proxy: Watched, share: float, cores: Cores, folder: Path) -> int:
    """The highest rate at which no call fails."""
    search = Search(0, 200, 5000, STEPS)
    while (rate := search.next()) is not None:
        with running(proxy, folder / f"at {rate} {search.left}", cores) as bench, bounded(bench.family(), share):
            bench.play(WARM)
            outcome = bench.play(Load(CALL, rate, PROBE))
        search.saw(rate, outcome.clean)
        say(f"{rate}/s: {'clean' if outcome.clean else f'{outcome.failed} failed, {outcome.sent_again} sent again'}")
    return search.clean


def told(floods: Sequence[Flood]) -> str:
    """The table, in Markdown."""
    base = floods[0].goodput or 1.0
    lines = [
        "| offered | calls per second | ended well | of the highest | calls in progress lost | queue delay "
        "| of the core | CPU per call that ended well | in yard-sticks |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in floods:
        lines.append(
            f"| {one.times:g} times | {one.offered:.0f} | {one.goodput:.0f} | {one.goodput / base:.0%} "
            f"| {one.lost} of {one.held} | {one.delay_ms:.0f} ms | {one.had:.1%} | {one.cpu_ms:.3f} ms | {one.yards:.3f} |"
        )
    return "\n".join(lines) + "\n"


def good(floods: Sequence[Flood]) -> bool:
    """Is what was promised kept?"""
    return all(one.goodput >= GOOD * floods[0].goodput and not one.lost for one in floods)


def measured(share: float, known: int, cores: Cores, folder: Path, seconds: float) -> list[Flood]:
    """Everything, in order."""
    proxy = Watched("proxy")
    rate = known or highest(proxy, share, cores, folder)
    say(f"highest rate without a failed call: {rate}/s with {share:.0%} of one core")
    floods = []
    for times in TIMES:
        turns: list[Flood] = []
        while not settled(turns, share):
            with (
                running(proxy, folder / f"flood {times:g} {len(turns)}", cores) as bench,
                bounded(bench.family(), share),
            ):
                bench.play(WARM)
                turns.append(one := flood(bench, proxy.admin, times, round(rate * times), seconds))
            say(
                f"{times:g} times: {one.offered:.0f}/s offered, {one.goodput:.0f}/s ended well with {one.had:.1%} of the core at "
                f"{one.yards:.3f} yard-sticks ({one.yard_ms:.2f} ms) a call, "
                f"{one.lost} calls in progress lost; {one.refused} refused, {one.discarded} of them unanswered, "
                f"{one.unseen} dropped by the kernel"
            )
        floods.append(counting(turns))
    return floods


def settled(turns: Sequence[Flood], share: float) -> bool:
    """Has the proxy had what was its own in the last turn, or has it been tried often enough?"""
    return bool(turns) and (turns[-1].had >= UNDISTURBED * share or len(turns) >= TURNS)


def counting(turns: Sequence[Flood]) -> Flood:
    """The turn in which others took least of the core; calls in progress that any of them lost are lost."""
    best = max(turns, key=lambda one: one.had / (one.yard_ms or 1.0))
    return replace(best, held=sum(one.held for one in turns), held_well=sum(one.held_well for one in turns))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when the promise is kept, 1 when not, 2 when nothing can be measured here."""
    parser = argparse.ArgumentParser(description="Offer the proxy more calls than it can take.")
    parser.add_argument("--share", type=float, default=0.25, help="of one core, for the proxy")
    parser.add_argument("--highest", type=int, default=0, help="the highest rate, where it is known")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each flood")
    parser.add_argument("--out", type=Path, default=Path("var/bench"), help="folder of the JSON file")
    parser.add_argument("--nice", type=int, default=0, help="of everything that is started")
    asked = parser.parse_args(arguments)
    if not shutil.which("sipp"):
        say("missing: sipp (Debian: sip-tester)")
        return 2
    try:
        cores = share_out(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores.others)
        before_others(asked.nice)
        with tempfile.TemporaryDirectory(prefix="npv-overload-") as made:
            floods = measured(asked.share, asked.highest, cores, Path(made), asked.seconds)
    except (TooFewCores, NoQuota, StageError) as error:
        say(str(error))
        return 2
    content = {"machine": machine(), "share": asked.share, "floods": [asdict(one) for one in floods]}
    path = written(asked.out, json.dumps(content, indent=2).encode())
    sys.stdout.write(f"\nthe proxy had {asked.share:.0%} of one core\n\n{told(floods)}\neverything measured: {path}\n")
    return 0 if good(floods) else 1


if __name__ == "__main__":
    sys.exit(main())
