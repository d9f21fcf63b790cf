"""The arithmetic of the micro-benchmarks, that every piece runs, and that each has its reference. Nothing is timed here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import micro
from tests.bench.micro import REFERENCE, Cost, changed, cost, lines, read, spread, timed, write
from tests.bench.pieces import Piece, pieces


@pytest.fixture(scope="module")
def every() -> list[Piece]:
    return pieces()


def stopwatch(*instants: int) -> Iterator[int]:
    """A clock that shows these microseconds, one a look."""
    return iter([one * 1000 for one in instants])


def test_what_is_timed_is_the_work() -> None:
    looks = stopwatch(100, 350)
    done: list[int] = []
    assert timed(lambda: done.append(1), lambda: next(looks)) == 250.0
    assert done == [1]


def test_the_least_of_all_rounds_counts_for_each() -> None:
    looks = stopwatch(0, 1000, 1000, 1900, 2000, 2800, 3000, 4000)  # yard, piece, yard, piece
    runs: list[int] = []
    found = cost(Piece("piece", 10, runs.append), 2, lambda: next(looks))
    assert found == Cost("piece", 90.0, 800.0)
    assert runs == [10, 10]
    assert found.ratio == pytest.approx(112.5)


def test_what_is_timed_alone_has_a_median_and_a_worst_percent() -> None:
    looks = stopwatch(*[instant for turn in range(200) for instant in (1000 * turn, 1000 * turn + 200 - turn)])
    runs: list[int] = []
    assert spread(Piece("piece", 10, runs.append), 200, lambda: next(looks)) == (100.0, 198.0)
    assert runs == [1] * 200


def test_a_change_is_a_share_of_the_reference() -> None:
    one = Cost("piece", 90.0, 800.0)
    assert changed(one, {"piece": 100.0}) == pytest.approx(0.125)
    assert changed(one, {"piece": 225.0}) == pytest.approx(-0.5)
    assert changed(one, {}) is None


def test_the_table_shows_what_changed() -> None:
    head, known, new = lines([Cost("known", 5.0, 1000.0), Cost("new", 7.0, 1000.0)], {"known": 4.0})
    assert known.split() == ["known", "5.00", "5.00", "4.00", "+25.0%"]
    assert new.split() == ["new", "7.00", "7.00", "-", "-"]
    assert head.split() == ["us", "ratio", "reference", "change"]


def test_references_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "reference.toml"
    assert read(path) == {}
    write(path, {"source": {"a piece": 3.14}, "compiled": {"a piece": 1.0}})
    assert read(path) == {"compiled": {"a piece": 1.0}, "source": {"a piece": 3.14}}


def test_what_is_dearer_than_allowed_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(micro, "pieces", lambda: [Piece("piece", 1, lambda times: None)])
    monkeypatch.setattr(micro, "cost", lambda piece, rounds: Cost(piece.name, 6.0, 1000.0))
    path = tmp_path / "reference.toml"
    assert micro.main(["--reference", str(path), "--most", "5", "--write"]) == 0
    assert micro.main(["--reference", str(path), "--most", "5"]) == 0
    monkeypatch.setattr(micro, "cost", lambda piece, rounds: Cost(piece.name, 6.4, 1000.0))
    assert micro.main(["--reference", str(path)]) == 0
    assert micro.main(["--reference", str(path), "--most", "5"]) == 1
    assert "dearer than 5 % allow: piece" in capsys.readouterr().out


def test_every_piece_runs(every: list[Piece]) -> None:
    for piece in every:
        piece.run(3)


def test_every_piece_has_its_reference_for_both_builds(every: list[Piece]) -> None:
    references = read(REFERENCE)
    assert set(references) == {"compiled", "source"}
    for ratios in references.values():
        assert list(ratios) == [piece.name for piece in every]
        assert all(ratio > 0 for ratio in ratios.values())
