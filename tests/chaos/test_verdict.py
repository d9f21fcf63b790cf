"""What counts as lost."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.bench.figures import Counts
from tests.bench.mix import Side
from tests.chaos.verdict import HEADER, Verdict, table


def side(created: int, well: int, turned_away: int = 0) -> Side:
    return Side(Counts(created, well, created - well, 0, 0, 1.0), turned_away)


def test_whole_calls_that_were_refused_cleanly_are_no_loss() -> None:
    verdict = Verdict("x")
    verdict.sides(side(10, 10, 3), side(7, 7), 10)
    assert (verdict.calls, verdict.turned_away, verdict.lost) == (10, 3, [])


def test_calls_that_fail_on_either_side_are() -> None:
    verdict = Verdict("x")
    verdict.sides(side(9, 8), side(7, 6), 10)
    assert verdict.lost == ["2 of 10 calls failed at the platform", "1 of 7 calls failed at the carrier"]


def test_a_carrier_that_died_is_not_asked() -> None:
    verdict = Verdict("x")
    verdict.sides(side(10, 10), None, 10)
    assert verdict.lost == []


@pytest.mark.parametrize(
    ("found", "lost"),
    [
        ({"a": 1, "b": 1, "c": 1}, []),
        ({"a": 1, "b": 1}, []),
        ({"a": 1}, ["1 calls have the record of their end, of 3"]),
        ({"a": 2, "b": 1, "c": 1}, ["1 records of a call's end are doubled"]),
    ],
)
def test_each_call_has_one_record(found: dict[str, int], lost: list[str]) -> None:
    verdict = Verdict("x")
    verdict.records("end", Counter(found), 2, 3)
    assert verdict.lost == lost


@pytest.mark.parametrize(
    ("counted", "lost"),
    [
        ({0: 5, 1: 9}, []),
        ({1: 7}, ["7 attempts are counted, not 8 to 10"]),
        ({1: 9, 2: 1}, ["1 persons are counted more than once"]),
    ],
)
def test_each_attempt_is_counted_once(counted: dict[int, int], lost: list[str]) -> None:
    verdict = Verdict("x")
    verdict.attempts(counted, 8, 10)
    assert verdict.lost == lost


def test_nothing_may_be_left() -> None:
    verdict = Verdict("x")
    verdict.left({"npv_calls_active": 0.0, "npv_timers_active": 2.0, "npv_faults_total": 1.0})
    assert verdict.lost == ["npv_timers_active is 2 in the end", "npv_faults_total is 1"]
    silent = Verdict("x")
    silent.left({})
    assert silent.lost == ["the node does not answer in the end"]


def test_the_table_says_what_was_lost() -> None:
    whole, broken, left_out = (
        Verdict("a", 10, 1, [], {"attempts": 9}),
        Verdict("b", 10, 0, ["one", "two"]),
        Verdict("c", skipped="no root"),
    )
    lines = table([whole, broken, left_out]).splitlines()
    assert lines[0].count("|") == len(HEADER) + 1
    assert "nothing" in lines[2]
    assert "attempts 9" in lines[2]
    assert "one; two" in lines[3]
    assert "not played: no root" in lines[4]
