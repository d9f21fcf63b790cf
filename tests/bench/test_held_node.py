"""A node that holds a few calls, and what is told of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench.held_node import HeldNode, Pages, hold, pages
from tests.bench.processes import share_out

MIB = 1 << 20


def test_what_a_call_takes_is_what_the_node_has_more_of() -> None:
    found = HeldNode(1024, 1024, 0, Pages(70 * MIB, 20 * MIB), Pages(74 * MIB, 24 * MIB), Pages(73 * MIB, 22 * MIB))
    assert found.own_each == 3072
    assert found.whole
    assert "own memory 70.0 -> 73.0 MiB, 3072 bytes each" in found.told()
    assert "mapped files 20.0 -> 22.0 MiB, 2048 each" in found.told()
    assert not HeldNode(1024, 1023, 0, found.before, found.coming, found.settled).whole
    assert not HeldNode(1024, 1024, 3, found.before, found.coming, found.settled).whole


def test_pages_of_this_process() -> None:
    found = pages([os.getpid()])
    assert found.own > MIB
    assert found.files > 0


@pytest.mark.sipp
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="load and node need a core each")
def test_a_few_calls_stay_while_they_are_looked_at(tmp_path: Path) -> None:
    found = hold(20, 20, 5, tmp_path / "node", share_out(os.sched_getaffinity(0)), {"timers.t1_ms": "50"})
    assert found.whole
    assert found.calls == 20
