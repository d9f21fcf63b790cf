"""The order of a comparison and what becomes of its figures, with contenders that only pretend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from stage import StageError

from tests.bench import comparison
from tests.bench.comparison import FULL, QUICK, WARM, Comparison, Measured
from tests.bench.contenders import Contender, Site
from tests.bench.figures import Held, Load, Outcome
from tests.bench.processes import Cores
from tests.bench.test_figures import OUTCOME

PLAN = replace(QUICK, rates=(100, 1000), refused_rates=(500,), rounds=2, steps=9, held=300)


class Pretended(Contender):
    """Can do that many calls per second, at half a millisecond each."""

    def __init__(self, name: str, can: int, most: int = 0, lacks: str = "", wrong: str = "") -> None:
        super().__init__(name, most)
        self.can, self.lacks, self.wrong = can, lacks, wrong
        self.played: list[Load] = []
        self.held: list[int] = []

    def missing(self) -> str:
        return self.lacks

    def version(self) -> str:
        return f"{self.name} 1.0"

    def command(self, site: Site) -> list[str]:
        raise AssertionError(site)


class PretendedBench:
    """Plays nothing and says what would have come of it."""

    def __init__(self, contender: Pretended) -> None:
        self.contender = contender
        self.site = Site(Path(), 0, 0)

    def problems(self) -> list[str]:
        if self.contender.wrong == "start":
            raise StageError("did not start")
        return [self.contender.wrong] if self.contender.wrong else []

    def play(self, load: Load) -> Outcome:
        self.contender.played.append(load)
        well = load.calls if load.rate <= self.contender.can else load.calls - 1
        return replace(OUTCOME, job=load.job, rate=load.rate, rate_reached=load.rate, calls=load.calls, well=well)

    def hold(self, calls: int, rate: int, settle: float) -> Held:
        self.contender.held += [calls, rate]
        return Held(calls, calls, 0, calls * 2048)


class NoTap:
    """Packets that may not be read."""

    def __init__(self, port: int, next_port: int) -> None:
        pass

    def __enter__(self) -> None:
        raise PermissionError

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Nothing is started; the folder of each start."""
    seen: list[Path] = []

    @contextmanager
    def running(contender: Pretended, folder: Path, cores: Cores) -> Iterator[PretendedBench]:
        seen.append(folder)
        yield PretendedBench(contender)

    monkeypatch.setattr(comparison, "running", running)
    monkeypatch.setattr(comparison, "Tap", NoTap)
    return seen


def compared(*everybody: Pretended) -> list[Measured]:
    return Comparison(everybody, PLAN, Cores(0, (1,)), Path("made"), lambda text: None).run()


def test_everybody_is_measured_at_the_same_rates(folders: list[Path]) -> None:
    one, slow = Pretended("one", 3000), Pretended("slow", 150, most=100)
    results = compared(one, slow)
    asked = {(load.job, load.rate) for load in one.played if load != WARM}
    assert {("call", 100), ("call", 1000), ("refused", 500)} < asked
    assert [(each.job, each.rate) for each in results[1].outcomes] == [("call", 100)] * 2
    assert len(folders) == len(set(folders))


def test_rounds_go_through_everybody(folders: list[Path]) -> None:
    order: list[str] = []
    everybody = [Pretended("one", 3000), Pretended("two", 3000)]
    Comparison(everybody, PLAN, Cores(0, (1,)), Path("made"), order.append).run()
    measured = [line.split(",")[1].strip() for line in order if line.startswith("round")]
    assert measured == ["one", "two"] * 6


def test_each_measured_load_has_a_fresh_contender_that_was_warmed(folders: list[Path]) -> None:
    one = Pretended("one", 3000)
    compared(one)
    loads = [load for load in one.played if load != WARM]
    assert one.played.count(WARM) >= len(loads)
    assert all(before == WARM for before, load in zip(one.played, one.played[1:], strict=False) if load != WARM)


def test_the_highest_rate_is_confirmed_at_full_length(folders: list[Path]) -> None:
    one = Pretended("one", 3000)
    (result,) = compared(one)
    assert 2800 <= result.highest <= 3000
    assert any(load.rate == result.highest and load.seconds == PLAN.seconds for load in one.played)


def test_who_fails_at_every_rate_has_none(folders: list[Path]) -> None:
    (result,) = compared(Pretended("one", 0))
    assert result.highest < 10


def test_memory_is_asked_of_the_slow_at_their_pace(folders: list[Path]) -> None:
    fast, slow = Pretended("fast", 3000), Pretended("slow", 150, most=2)
    results = compared(fast, slow)
    assert fast.held == [300, PLAN.held_rate]
    assert slow.held == [120, 2]
    assert results[0].held
    assert results[0].held.per_call == 2.0


def test_without_root_there_is_no_latency(folders: list[Path]) -> None:
    (result,) = compared(Pretended("one", 3000))
    assert result.no_latency == "packets may be read by root only"
    assert result.latencies == []


@pytest.mark.parametrize(
    ("absent", "reason"),
    [
        (Pretended("one", 1, lacks="not installed"), "not installed"),
        (Pretended("one", 1, wrong="0 INVITEs reached the carrier"), "0 INVITEs reached the carrier"),
        (Pretended("one", 1, wrong="start"), "did not start"),
    ],
)
def test_who_cannot_do_the_job_is_left_out(folders: list[Path], absent: Pretended, reason: str) -> None:
    results = compared(absent, Pretended("two", 2000))
    assert results[0].missing == reason
    assert absent.played == []
    assert not results[1].missing
    assert results[1].outcomes


def test_a_quick_run_asks_for_less() -> None:
    assert QUICK.rounds * QUICK.seconds < FULL.rounds * FULL.seconds
    assert QUICK.steps * QUICK.probe < FULL.steps * FULL.probe
