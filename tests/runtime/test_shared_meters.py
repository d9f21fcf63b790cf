"""What workers count together: places by name, rows of their own, one bucket, and never one call too many."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from stage import environment

from proxy.b2bua.capacity import Capacity, Meter
from proxy.runtime import shared_meters
from proxy.runtime.shared_meters import SharedMeters, made

WORKERS = 3
# takes and gives back the last place of one name as fast as it can; a lock tells whether somebody else has it too
GREEDY = """
import fcntl, os, sys
from proxy.b2bua.capacity import Meter
from proxy.runtime.shared_meters import SharedMeters
file, number, most, wanted = map(int, sys.argv[1:5])
held = os.open(sys.argv[5], os.O_RDWR | os.O_CREAT, 0o600)  # the file of the meters is locked by whoever begins
meter = Meter(0.0, most, 0.0)
meter.share(SharedMeters(file, 3, number), "greed")
kept = 0
while kept < wanted:
    if meter.wait(0.0) == 0:
        if meter.take(0.0):
            kept += 1
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(held, fcntl.LOCK_UN)
        meter.leave()
print(kept)
"""


@pytest.fixture
def meters() -> Iterator[list[SharedMeters]]:
    """As the workers have them, the supervisor's last."""
    with ExitStack() as stack:
        first = made(WORKERS)
        files = [first, *(os.dup(first) for _ in range(WORKERS))]
        found = [SharedMeters(file, WORKERS, number) for file, number in zip(files, (0, 1, 2, -1), strict=True)]
        for one in found:
            stack.callback(one.close)
        yield found


def test_a_name_has_one_place_whoever_asks_first(meters: list[SharedMeters]) -> None:
    names = [f"customer {number}" for number in range(100)]
    places = [meters[number % 2].place(name) for number, name in enumerate(names)]
    assert places == list(range(100))
    assert [meters[2].place(name) for name in reversed(names)] == places[::-1]


def test_each_counts_in_its_row_and_a_dead_one_counts_no_more(meters: list[SharedMeters]) -> None:
    place = meters[0].place("node")
    for number, one in enumerate(meters[:3]):
        one.tell(place, 10**number)
    assert [one.live(place) for one in meters[:3]] == [110, 101, 11]
    meters[3].clear(1)
    assert [one.live(place) for one in meters[:3]] == [100, 101, 1]


def test_too_many_names_are_counted_alone(meters: list[SharedMeters], monkeypatch: pytest.MonkeyPatch) -> None:
    assert [meters[0].place("a"), meters[0].place("b")] == [0, 1]
    monkeypatch.setattr(shared_meters, "MOST", 2)
    assert meters[0].place("c") == -1
    assert meters[0].place("b") == 1
    meter = Meter(0.0, 1, 0.0)
    meter.share(meters[0], "c")
    assert meter.take(0.0)
    assert meter.wait(0.0) == 1


def test_limits_hold_over_all_workers(meters: list[SharedMeters]) -> None:
    capacities = [Capacity() for _ in range(WORKERS)]
    for capacity, one in zip(capacities, meters, strict=False):
        capacity.share(one)
        capacity.node.set(0.0, 5)
    for number in range(5):
        capacity = capacities[number % WORKERS]
        assert capacity.look("acme", (0.0, 9), "vms", (0.0, 0), 1.0).over == ""
        assert capacity.begin("acme", "vms", 1.0).over == ""
    assert [one.look("acme", (0.0, 5), "vms", (0.0, 0), 1.0).over for one in capacities] == ["customer"] * WORKERS
    assert [one.look("acme", (0.0, 0), "vms", (0.0, 5), 1.0).over for one in capacities] == ["trunk"] * WORKERS
    assert [one.look("acme", (0.0, 0), "vms", (0.0, 0), 1.0).over for one in capacities] == ["node"] * WORKERS
    assert capacities[0].begin("acme", "vms", 1.0).over == "customer"  # somebody was faster: counted, and given back
    capacities[0].end("acme", "vms")
    capacities[2].end("acme", "vms")
    assert [one.look("acme", (0.0, 5), "vms", (0.0, 5), 1.0).over for one in capacities] == [""] * WORKERS


def test_a_rate_is_one_bucket_for_all(meters: list[SharedMeters]) -> None:
    found = [Meter(10.0, 0, 0.0) for _ in range(WORKERS)]
    for meter, one in zip(found, meters, strict=False):
        meter.share(one, "customer acme")
    for number in range(10):
        assert found[number % WORKERS].wait(100.0) == 0
        found[number % WORKERS].take(100.0)
    assert [meter.wait(100.0) for meter in found] == [1] * WORKERS
    assert [meter.wait(100.1) for meter in found] == [0] * WORKERS
    found[1].take(100.1)
    assert [meter.wait(100.1) for meter in found] == [1] * WORKERS
    passed = 0
    for step in range(600):  # one minute at ten times the rate
        meter = found[step % 2]
        if not meter.wait(101.0 + step / 10):
            meter.take(101.0 + step / 10)
            passed += 1
    assert 600 - 1 <= passed <= 600 + 10


def test_the_last_place_is_never_given_twice(tmp_path: Path) -> None:
    file, held = made(WORKERS), str(tmp_path / "held")
    words = [[sys.executable, "-c", GREEDY, str(file), str(number), "1", "3000", held] for number in (0, 1)]
    running = [
        subprocess.Popen(one, pass_fds=[file], stdout=subprocess.PIPE, text=True, env=environment()) for one in words
    ]
    watch = SharedMeters(file, WORKERS, 2)
    place = watch.place("greed")
    try:
        kept = [int(one.communicate(timeout=120)[0]) for one in running]
    finally:
        for one in running:
            one.kill()
    assert [one.returncode for one in running] == [0, 0]
    assert kept == [3000, 3000]
    assert watch.live(place) == 0
    watch.close()
