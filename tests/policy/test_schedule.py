from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.policy.schedule import CLOSED, WHOLE_DAY, Windows, intersect, is_open, written

LEGAL: Windows = ((600, 780), (840, 1200))
WINDOWS = st.lists(st.integers(0, 1440), min_size=0, max_size=6, unique=True).map(
    lambda edges: tuple(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


@pytest.mark.parametrize(
    ("minute", "expected"), [(599, False), (600, True), (779, True), (780, False), (840, True), (1200, False)]
)
def test_from_is_inside_and_to_is_not(minute: int, expected: bool) -> None:
    assert is_open(LEGAL, minute) is expected


@given(WINDOWS, WINDOWS, st.integers(0, 1439))
def test_an_intersection_is_open_where_both_are(left: Windows, right: Windows, minute: int) -> None:
    both = intersect(left, right)
    assert is_open(both, minute) == (is_open(left, minute) and is_open(right, minute))
    assert list(both) == sorted(both)


def test_the_whole_day_narrows_nothing() -> None:
    assert intersect(WHOLE_DAY, LEGAL) == LEGAL
    assert intersect(LEGAL, WHOLE_DAY) == LEGAL
    assert intersect(LEGAL, CLOSED) == CLOSED


def test_written() -> None:
    assert written(LEGAL) == "10:00-13:00 14:00-20:00"
    assert written(CLOSED) == "closed"
