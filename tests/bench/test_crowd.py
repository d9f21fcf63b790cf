"""The arithmetic of several workers, and one short turn of two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.crowd import Turn, carried, good, told, turn, worth

ONE = Turn(
    workers=1, rate=400, clean=True, failed=0, sent_again=0, user_ms=0.3, system_ms=0.1, carried=(4000,),
)  # fmt: skip
TWO = replace(ONE, workers=2, rate=800, user_ms=0.32, carried=(4100, 3900))
METRICS = """\
# TYPE npv_worker_calls_total counter
npv_worker_calls_total{worker="10"} 7
npv_worker_calls_total{worker="2"} 3.0
npv_worker_restarts_total{worker="2"} 1
"""


def test_calls_stand_in_the_order_of_the_workers() -> None:
    assert carried(METRICS) == (3, 7)


def test_workers_are_worth_their_number_less_what_a_call_costs_more() -> None:
    assert worth([ONE, TWO], 2) == pytest.approx(2 * 0.4 / 0.42)
    assert worth([ONE, replace(TWO, clean=False)], 2) == 0.0
    slow = replace(TWO, user_ms=9.0)
    assert worth([ONE, TWO, TWO, slow], 2) == pytest.approx(2 * 0.4 / 0.42)


@pytest.mark.parametrize(
    ("shared", "kept"),
    [
        (TWO, True),
        (replace(TWO, user_ms=0.35), False),
        (replace(TWO, carried=(5000, 3000)), False),
        (replace(TWO, carried=(4800, 3200)), True),
        (replace(TWO, clean=False), False),
    ],
)  # fmt: skip
def test_the_promise_is_nine_tenths_and_an_even_spread(shared: Turn, kept: bool) -> None:
    assert good([ONE, shared], 2) == kept


def test_the_table_says_what_does_not_count() -> None:
    text = told([ONE, replace(TWO, clean=False, failed=3)], 2)
    assert "| 2 | 800 | 0.420 | 0.320 | 4,100 + 3,900 | 3, does not count |" in text
    assert "2 workers are worth 0.00 times one" in text


@pytest.mark.sipp
def test_two_workers_share_the_calls_of_one_port(tmp_path: Path) -> None:
    one = turn(2, 60, 3.0, tmp_path / "two")
    assert sum(one.carried) == 180 - one.failed
    assert one.workers == len(one.carried) == 2
    assert one.cpu_ms > 0.0
