"""`make bench WORKERS=2`: what more workers make of more cores, with one platform that has one address and one port.

One worker carries a rate; then that many workers carry that many times the rate. All cores are everybody's, SIPp's too, so
the wall clock says little here; processor time per call, at the same rate for each worker, says what the work itself costs
more when it is shared: that many workers are worth `times` one. The rest is the spread, by the calls that each worker offered to
the carrier, which must leave nobody far below his share.
By hand, on the sources: PYTHONPATH=. python tests/bench/crowd.py --workers 2 --rate 100
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

from stage import StageError

from proxy.runtime import build
from tests.bench.contenders import Proxy, Site
from tests.bench.edge import with_keys
from tests.bench.figures import CALL, Load
from tests.bench.overload import page
from tests.bench.pair import running
from tests.bench.processes import Cores, TooFewCores, before_others
from tests.bench.run import machine, say, written

WARM = Load(CALL, 50, 2.0, 0.0)
WORTH = 0.9
"""Of as many single workers: what several must be worth at least."""
EVEN = 0.8
"""Of an equal share: what each worker must have carried at least."""
CARRIED = re.compile(r'^npv_worker_calls_total\{worker="(\d+)"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class Turn:
    """One load on so many workers: calls per second of all, processor time per call in ms, calls of each worker."""

    workers: int
    rate: int
    clean: bool
    failed: int
    sent_again: int
    user_ms: float
    system_ms: float
    carried: tuple[int, ...]

    @property
    def cpu_ms(self) -> float:
        """All processes of the node together."""
        return self.user_ms + self.system_ms

    @property
    def evenness(self) -> float:
        """What the worker with the fewest calls carried, of an equal share."""
        return min(self.carried) * self.workers / max(sum(self.carried), 1) if self.carried else 0.0


class Workers(Proxy):
    """The proxy with that many workers; `admin` is the port of its metrics."""

    def __init__(self, workers: int) -> None:
        super().__init__(f"proxy, {workers} workers")
        self._workers = workers
        self.admin = 0

    def command(self, site: Site) -> list[str]:
        """As always, with its number of workers."""
        command = super().command(site)
        path = site.folder / "proxy.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(with_keys(text, {"node.workers": str(self._workers)}), encoding="utf-8")
        self.admin = int(text.partition("[admin]")[2].partition(":")[2].partition('"')[0])
        return command


def carried(metrics: str) -> tuple[int, ...]:
    """Calls of each worker, in the order of their numbers, from the text of the metrics."""
    return tuple(int(float(calls)) for _, calls in sorted((int(n), calls) for n, calls in CARRIED.findall(metrics)))


def turn(workers: int, rate: int, seconds: float, folder: Path) -> Turn:
    """Play that rate on so many workers."""
    everywhere = tuple(sorted(os.sched_getaffinity(0)))
    contender = Workers(workers)
    with running(contender, folder, Cores(everywhere[0], everywhere), everywhere) as bench:
        bench.play(WARM)
        before = carried(page(contender.admin))
        outcome = bench.play(Load(CALL, rate, seconds))
        after = carried(page(contender.admin))
    if len(before) != workers or len(after) != workers:
        raise StageError(f"{len(after)} of {workers} workers say what they carried")
    each = tuple(now - then for then, now in zip(before, after, strict=True))
    return Turn(
        workers, rate, outcome.clean, outcome.failed, outcome.sent_again, outcome.user_ms, outcome.system_ms, each
    )


def worth(turns: Sequence[Turn], workers: int) -> float:
    """How many times one worker so many are worth: their number, less what a call costs more. 0 without clean turns."""
    cost = {
        number: median(one.cpu_ms for one in turns if one.workers == number and one.clean)
        for number in (1, workers)
        if any(one.workers == number and one.clean for one in turns)
    }
    return workers * cost[1] / cost[workers] if len(cost) == len({1, workers}) else 0.0


def told(turns: Sequence[Turn], workers: int) -> str:
    """The table, in Markdown, and what follows."""
    lines = [
        "| workers | calls per second | processor time per call, ms | of it user | calls of each worker | failed |"
    ]
    lines.append("|---|---|---|---|---|---|")
    for one in turns:
        each = " + ".join(f"{calls:,}" for calls in one.carried)
        lines.append(
            f"| {one.workers} | {one.rate} | {one.cpu_ms:.3f} | {one.user_ms:.3f} | {each} | {one.failed}"
            f"{'' if one.clean else ', does not count'} |"
        )
    lines.append(f"\n{workers} workers are worth {worth(turns, workers):.2f} times one")
    return "\n".join(lines) + "\n"


def good(turns: Sequence[Turn], workers: int) -> bool:
    """Is what was promised kept?"""
    shared = [one for one in turns if one.workers == workers and one.clean]
    return worth(turns, workers) >= WORTH * workers and all(one.evenness >= EVEN for one in shared)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when the promise is kept, 1 when not, 2 when nothing can be measured here."""
    parser = argparse.ArgumentParser(description="Compare one worker with several, at the same rate for each.")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=int, default=400, help="calls per second of each worker")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each number of workers")
    parser.add_argument("--out", type=Path, default=Path("var/bench"), help="folder of the JSON file")
    parser.add_argument("--nice", type=int, default=0, help="of everything that is started")
    asked = parser.parse_args(arguments)
    if lacking := [name for name in ("sipp", "taskset") if not shutil.which(name)]:
        say(f"missing: {', '.join(lacking)}")
        return 2
    turns: list[Turn] = []
    try:
        if len(os.sched_getaffinity(0)) < asked.workers:
            raise TooFewCores(f"{asked.workers} workers need as many cores")
        before_others(asked.nice)
        with tempfile.TemporaryDirectory(prefix="npv-crowd-") as made:
            for number in range(2 * asked.rounds):
                workers = asked.workers if number % 2 else 1
                one = turn(workers, workers * asked.rate, asked.seconds, Path(made, str(number)))
                say(f"{workers} workers, {one.rate}/s: {one.cpu_ms:.3f} ms a call, {one.failed} failed, {one.carried}")
                turns.append(one)
    except (TooFewCores, StageError) as error:
        say(str(error))
        return 2
    content = {
        "machine": machine(),
        "build": f"{build.kind()} {build.version()}",
        "turns": [asdict(one) for one in turns],
    }
    path = written(asked.out, json.dumps(content, indent=2).encode())
    sys.stdout.write(f"\n{told(turns, asked.workers)}\neverything measured: {path}\n")
    return 0 if good(turns, asked.workers) else 1


if __name__ == "__main__":
    sys.exit(main())
