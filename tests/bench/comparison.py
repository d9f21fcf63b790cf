"""What is measured of each contender, in which order, and what comes of it.

Processor time is measured in rounds that go through all contenders, so that a machine that gets busier is busier for all of
them; then for each by itself the highest clean rate, the latency and the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stage import StageError

from tests.bench.contenders import Contender
from tests.bench.figures import CALL, REFUSED, Held, Job, Latency, Load, Outcome, Search, latency, middle
from tests.bench.pair import running
from tests.bench.processes import Cores
from tests.bench.tap import Tap

WARM = Load(CALL, 100, 2.0, 0.0)
FIRST_GUESS = 0.85
"""Of the rate at which the core would be full if processor time per call stayed what it is; it falls."""
CONFIRMED_BY = 0.95


@dataclass(frozen=True)
class Plan:
    """How long and how hard."""

    rates: tuple[int, ...]
    refused_rates: tuple[int, ...]
    rounds: int
    seconds: float
    probe: float
    steps: int
    most: int
    quiet_rate: int
    held: int
    held_rate: int
    settle: float
    """Seconds between the last call up and the look at the memory: 35 and transactions have ended, too."""


FULL = Plan(
    rates=(100, 1000), refused_rates=(100, 2000), rounds=3, seconds=20.0, probe=8.0, steps=7, most=12_000,
    quiet_rate=50, held=20_000, held_rate=1000, settle=36.0,
)  # fmt: skip
QUICK = Plan(
    rates=(100, 500), refused_rates=(100, 1000), rounds=1, seconds=5.0, probe=3.0, steps=4, most=12_000,
    quiet_rate=50, held=2000, held_rate=500, settle=3.0,
)  # fmt: skip


@dataclass
class Measured:
    """Everything known of one contender. `missing` says why there is nothing."""

    name: str
    version: str = ""
    missing: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    probes: list[Outcome] = field(default_factory=list)
    highest: int = 0
    latencies: list[Latency] = field(default_factory=list)
    no_latency: str = ""
    held: Held | None = None

    def at(self, job: Job, rate: int) -> list[Outcome]:
        """The outcomes of that load."""
        return [one for one in self.outcomes if (one.job, one.rate) == (job, rate)]


class Comparison:
    """All contenders under one plan. `say` is told what goes on."""

    def __init__(
        self, everybody: Sequence[Contender], plan: Plan, cores: Cores, folder: Path, say: Callable[[str], None]
    ) -> None:
        self.plan = plan
        self.results = [Measured(one.name) for one in everybody]
        self._cores = cores
        self._folder = folder
        self._say = say
        self._starts = 0
        self._there = [(one, result) for one, result in zip(everybody, self.results, strict=True)]

    def run(self) -> list[Measured]:
        """Measure everything; the results, those of who cannot take part too."""
        self._there = [(one, result) for one, result in self._there if self._takes_part(one, result)]
        for turn in range(self.plan.rounds):
            for job, rates in ((CALL, self.plan.rates), (REFUSED, self.plan.refused_rates)):
                for rate in rates:
                    for one, result in self._there:
                        if one.takes(rate):
                            self._measure(turn, one, result, Load(job, rate, self.plan.seconds))
        for one, result in self._there:
            self._find_highest(one, result)
            self._listen(one, result)
            self._fill(one, result)
        return self.results

    def _place(self) -> Path:
        """A folder for one start."""
        self._starts += 1
        return self._folder / str(self._starts)

    def _takes_part(self, one: Contender, result: Measured) -> bool:
        """Whether it is there and does the job."""
        result.missing = one.missing()
        if not result.missing:
            result.version = one.version()
            try:
                with running(one, self._place(), self._cores) as bench:
                    result.missing = "; ".join(bench.problems())
            except StageError as error:
                result.missing = str(error)
        self._say(f"{one.name}: {result.missing or result.version}")
        return not result.missing

    def _play(self, one: Contender, load: Load) -> Outcome:
        """The load at a fresh, warmed contender."""
        with running(one, self._place(), self._cores) as bench:
            bench.play(WARM)
            return bench.play(load)

    def _measure(self, turn: int, one: Contender, result: Measured, load: Load) -> None:
        outcome = self._play(one, load)
        result.outcomes.append(outcome)
        self._say(
            f"round {turn + 1}, {one.name}, {load.job} at {load.rate}/s: {outcome.cpu_ms:.3f} ms per call, "
            f"{outcome.failed} failed, others {outcome.others_share:.0%} of the core, yard-stick {outcome.yard_ms:.2f} ms"
        )

    def _find_highest(self, one: Contender, result: Measured) -> None:
        """The highest clean rate, confirmed by a load of full length."""
        plan = self.plan
        known = max((rate for rate in plan.rates if middle(result.at(CALL, rate))), default=0)
        reference = middle(result.at(CALL, known))
        first = int(FIRST_GUESS * 1000 / reference.cpu_ms) if reference and reference.cpu_ms else plan.rates[0]
        search = Search(known, first, plan.most, plan.steps)
        while (rate := search.next()) is not None:
            outcome = self._play(one, Load(CALL, rate, plan.probe))
            result.probes.append(outcome)
            search.saw(rate, outcome.clean)
            self._say(f"{one.name} at {rate}/s: {'clean' if outcome.clean else f'{outcome.failed} failed'}")
        rate = search.clean
        for _ in range(plan.steps):
            if rate <= known:
                break
            outcome = self._play(one, Load(CALL, rate, plan.seconds))
            result.probes.append(outcome)
            if outcome.clean:
                break
            rate = int(rate * CONFIRMED_BY)
        result.highest = max(rate, known)
        self._say(f"{one.name}: {result.highest} calls per second without a failed one")

    def _listen(self, one: Contender, result: Measured) -> None:
        """Added latency, at a rate for all and at half of what it can do."""
        for rate in (self.plan.quiet_rate, result.highest // 2):
            if rate < 1:
                continue
            try:
                with running(one, self._place(), self._cores) as bench:
                    bench.play(WARM)
                    with Tap(bench.site.port, bench.site.carrier_port) as tap:
                        outcome = bench.play(Load(CALL, rate, self.plan.seconds))
            except PermissionError:
                result.no_latency = "packets may be read by root only"
                break
            result.latencies.append(latency(rate, tap.came, tap.left, outcome.clean))
            found = result.latencies[-1]
            self._say(f"{one.name} at {rate}/s: INVITE passes in {found.p50:.2f} ms, 99 % in {found.p99:.2f} ms")

    def _fill(self, one: Contender, result: Measured) -> None:
        """Memory of calls that are up."""
        rate = self.plan.held_rate if one.takes(self.plan.held_rate) else one.most
        calls = self.plan.held if one.takes(self.plan.held_rate) else min(self.plan.held, one.most * 60)
        with running(one, self._place(), self._cores) as bench:
            bench.play(WARM)
            result.held = bench.hold(calls, rate, self.plan.settle)
        self._say(f"{one.name}: {result.held.per_call:.1f} KiB for each of {result.held.calls} calls")
