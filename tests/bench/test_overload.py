"""The arithmetic of a flood, and what is printed of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.overload import TURNS, Flood, counting, good, per_second, settled, told

FLOOD = Flood(
    times=1.0, asked=500, offered=500.0, goodput=500.0, held=100, held_well=100, refused=0, discarded=0, unseen=0,
    delay_ms=2.0, had=0.25, yard_ms=2.0,
)  # fmt: skip
ROWS = "TotalCallCreated;SuccessfulCall(C);\n" + "".join(f"{100 * n};{60 * n};\n" for n in range(12))


def test_rates_are_those_of_the_steady_part() -> None:
    assert per_second(ROWS, "TotalCallCreated", 0.4, 1.0) == 100.0
    assert per_second(ROWS, "SuccessfulCall(C)", 0.4, 1.0) == 60.0
    assert per_second("TotalCallCreated;\n", "TotalCallCreated", 0.4, 1.0) == 0.0


@pytest.mark.parametrize(
    ("goodput", "held_well", "kept"), [(450.0, 100, True), (449.0, 100, False), (500.0, 99, False)]
)
def test_the_promise_is_nine_tenths_and_no_call_lost(goodput: float, held_well: int, kept: bool) -> None:
    assert good([FLOOD, replace(FLOOD, times=3.0, goodput=goodput, held_well=held_well)]) == kept


def test_the_table_says_what_was_lost() -> None:
    text = told([FLOOD, replace(FLOOD, times=5.0, offered=2500.0, goodput=475.0, held_well=98)])
    assert "| 5 times | 2500 | 475 | 95% | 2 of 100 | 2 ms | 25.0% | 0.526 ms | 0.263 |" in text


def test_a_flood_in_which_others_had_the_core_is_played_again() -> None:
    disturbed = replace(FLOOD, had=0.2, goodput=400.0, held_well=99)
    assert not settled([], 0.25)
    assert settled([FLOOD], 0.25)
    assert not settled([disturbed], 0.25)
    assert settled([disturbed] * TURNS, 0.25)
    counted = counting([disturbed, FLOOD])
    assert (counted.goodput, counted.had, counted.lost) == (500.0, 0.25, 1)
    assert replace(FLOOD, goodput=0.0).cpu_ms == 0.0
    slow = replace(FLOOD, yard_ms=3.0, goodput=400.0)
    assert counting([slow, FLOOD]).goodput == 500.0
    assert replace(FLOOD, yard_ms=0.0).yards == 0.0
