"""From what one call takes to what many take."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.contenders import Site
from tests.bench.scale import FRAME, Assumed, OnRedis, PerCall, table, taken, traffic

ONE = PerCall("compiled", 500, 0.3, 0.4, 0.05, 1.0, 0.2, 700.0, 200.0, 100.0, 3.0, 14, 7000, 3000.0)


def test_datagrams_are_read_from_a_trace() -> None:
    trace = "x\nUDP message sent (917 bytes):\n\nINVITE\n---\nUDP message received [300] bytes :\n\nSIP/2.0 100\n"
    assert traffic(trace) == [917, 300]


def test_a_datagram_takes_more_of_the_wire_than_its_own_bytes() -> None:
    assert ONE.wire_bits == 8 * (7000 + 14 * FRAME)


@pytest.mark.parametrize(
    ("rate", "name", "value"),
    [
        (1_000, "cores of nodes", "1"),
        (100_000, "cores of nodes", "67"),
        (100_000, "nodes of 8 cores, one spare", "10"),
        (10_000, "calls in progress", "300,000"),
        (10_000, "datagrams per second", "140,000"),
        (10_000, "Redis questions per second", "10,000"),
        (10_000, "Redis Mbit/s", "24"),
        (1_000, "records a day, GB", "97"),
    ],
)
def test_what_a_rate_takes(rate: int, name: str, value: str) -> None:
    assert taken(ONE, rate, Assumed())[name] == value


def test_masters_are_planned_by_what_runs_out_first() -> None:
    assert taken(ONE, 1_000, Assumed(shard=1e15))["Redis masters"] == "1"
    assert int(taken(ONE, 1_000, Assumed(shard=1e9))["Redis masters"]) > 50
    assert taken(ONE, 100_000, Assumed(shard=1e15, redis_busy=0.5))["Redis masters"] == "10"


def test_the_table_has_a_column_for_each_rate() -> None:
    lines = table(ONE, Assumed()).splitlines()
    assert {line.count("|") for line in lines} == {5}


def test_a_node_on_redis_is_the_same_with_another_store(tmp_path: Path) -> None:
    site = Site(tmp_path, 5060, 5080)
    OnRedis("redis://127.0.0.1:6379/0").command(site)
    text = (site.folder / "proxy.toml").read_text(encoding="utf-8")
    assert 'kind = "redis"' in text
    assert 'urls = ["redis://127.0.0.1:6379/0"]' in text
