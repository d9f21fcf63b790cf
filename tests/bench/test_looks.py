"""What is read of a process, and when a memory is flat."""

from __future__ import annotations

import os

import pytest

from tests.bench.looks import Look, drift, opened, own_memory, parts, spread, status, table
from tests.bench.processes import PROC

ROLLUP = "55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:  800 kB\nPss_Anon:  500 kB\nPss_File:  300 kB\n"


def test_memory_is_what_is_mapped_of_no_file() -> None:
    assert own_memory(ROLLUP) == 500 * 1024
    assert own_memory(ROLLUP.replace("Pss_Anon", "Other")) == 800 * 1024


def test_numbers_of_a_status() -> None:
    assert status("Name:\tx\nThreads:\t12\nVmRSS:\t 1024 kB\n", "Threads") == 12
    assert status("Name:\tx\n", "Threads") == 0


def test_open_files_of_this_process_are_seen() -> None:
    with open(os.devnull, "rb") as file:
        assert str(file.fileno()) in opened(PROC / str(os.getpid()))


@pytest.mark.parametrize(("values", "far"), [([], 0.0), ([100.0, 100.0], 0.0), ([98.0, 100.0, 103.0], 0.03)])
def test_how_far_a_memory_goes(values: list[float], far: float) -> None:
    assert spread(values) == pytest.approx(far)


def test_parts_are_told_by_their_medians() -> None:
    assert parts([]) == []
    assert parts([5.0, 6.0]) == [5.0, 6.0]
    assert parts([float(number) for number in range(30)], 3) == [4.5, 14.5, 24.5]


def test_a_memory_that_only_grows_is_told_from_one_that_moves() -> None:
    assert drift([100.0, 101.0, 102.0, 103.0, 104.0, 105.0]) == pytest.approx(0.0398, abs=1e-4)
    assert drift([100.0, 105.0, 100.0, 105.0, 100.0, 105.0]) == pytest.approx(0.0)
    assert drift([1.0, 2.0]) == 0.0


def test_the_table_has_a_row_for_each_look() -> None:
    one = Look(5.0, 70 << 20, 90 << 20, 28, 11, 1, 4, 30, 31, 500, 0, 0, 990, 0, 0, 0, 3)
    lines = table([one, one]).splitlines()
    assert len(lines) == 4
    assert "70.0" in lines[2]
    assert len({len(line) for line in lines}) == 1
