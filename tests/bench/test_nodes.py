"""Several real nodes on a Redis Cluster, and the arithmetic of what their calls took."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bench.nodes import MOST, Cost, Report, between, main, persons, played
from tests.runtime.store.redis_servers import cluster

FEWEST = MOST + 2


def test_what_calls_took_is_the_difference_of_each() -> None:
    before = Cost(0, 10.0, {"fcall": 5.0, "get": 2.0}, 1.0, 100.0, 50.0, 1000.0)
    after = Cost(0, 12.0, {"fcall": 15.0, "get": 2.0, "set": 10.0}, 1.002, 300.0, 150.0, 3000.0)
    cost = between(before, after, 10)
    assert (cost.calls, cost.seconds, cost.commands) == (10, 2.0, {"fcall": 10.0, "set": 10.0})
    assert cost.told() == "10 calls in 2.0 s; of each: fcall 1.00, set 1.00; 200 us of Redis, 20 bytes in, 10 out"


def test_nobody_is_called_by_two_trials() -> None:
    assert persons(1, 2) == ["+33610000001", "+33610000002"]


def test_what_is_not_as_it_must_be_is_told() -> None:
    report = Report("source", 6)
    report.expect("a", 1, 1)
    report.expect("b", 2, 1)
    assert (report.seen, report.wrong) == ({"a": 1, "b": 2}, ["b: 2, not 1"])


def test_too_few_nodes_prove_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--nodes", str(FEWEST - 1)])
    assert f"{FEWEST}" in capsys.readouterr().err


@pytest.mark.tool
async def test_a_person_is_counted_once_over_all_nodes(tmp_path: Path) -> None:
    report = Report("as imported", FEWEST)
    with ExitStack() as running:
        masters = cluster(tmp_path / "redis")
        for one in masters:
            running.callback(one.kill)
        await played(report, tmp_path / "fleet", masters, 4, 4)
    assert report.wrong == []
    assert round(report.costs["spread"].commands["fcall"]) == report.costs["spread"].calls
