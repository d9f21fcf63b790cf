"""Refusals in memory: bounded, the oldest go first, and a consent after a refusal counts as it does in the store."""

from __future__ import annotations

import random

import pytest

from proxy.policy.inquiry import refused
from proxy.runtime.store.interface import DAY, Consent
from proxy.runtime.store.refusals_held import SLACK, RefusalsHeld
from tests.runtime.store.histories import HOUR, NOON, consent, inquiry

KEY = b"k" * 18


def test_what_is_put_is_held_until_it_is_removed() -> None:
    held = RefusalsHeld(10)
    held.put(KEY, NOON)
    assert (len(held), list(held), KEY in held, held.refused_at(KEY)) == (1, [KEY], True, NOON)
    state = held.state(KEY, inquiry("a"))
    assert state is not None
    assert (state.refusal_at, state.attempts, state.reserved) == (NOON, 0, False)
    held.put(KEY, NOON + DAY)
    assert (len(held), held.refused_at(KEY)) == (1, NOON + DAY)
    held.remove(KEY)
    held.remove(KEY)
    assert (len(held), held.refused_at(KEY), held.state(KEY, inquiry("a"))) == (0, 0.0, None)


@pytest.mark.parametrize(
    ("given", "stands"),
    [
        ((), True),
        ((consent("before", at=NOON - 2 * DAY),), True),
        ((consent("after", at=NOON - HOUR),), False),
        ((consent("after", at=NOON - HOUR, campaign="autumn"),), True),
        ((consent("after", at=NOON - HOUR, campaign="spring"),), False),
        ((consent("after", at=NOON - HOUR, withdrawn_at=NOON - 60),), True),
        ((consent("slot", at=NOON - HOUR, slot_from=NOON - 60, slot_until=NOON + 60),), False),
        ((consent("slot", at=NOON - HOUR, slot_from=NOON + 60, slot_until=NOON + 90),), True),
    ],
)
def test_a_consent_after_the_refusal(given: tuple[Consent, ...], stands: bool) -> None:
    held = RefusalsHeld(10)
    held.put(KEY, NOON - DAY, given)
    state = held.state(KEY, inquiry("a"))
    assert state is not None
    assert refused(state, NOON, 0.0) is stands


def test_of_too_many_the_oldest_go() -> None:
    held = RefusalsHeld(100)
    days = list(range(300))
    random.Random(7).shuffle(days)
    for day in days:
        held.put(b"%d" % day, NOON + day * DAY)
    assert sorted(map(int, held)) == list(range(200, 300))
    assert held.dropped == 200
    assert held.room_from() == (NOON + 200 * DAY) // DAY * DAY
    held.put(b"old", NOON)
    assert (b"old" in held, held.dropped, len(held)) == (False, 201, 100)


def test_there_is_room_for_everything_until_it_is_full() -> None:
    held = RefusalsHeld(2)
    assert held.room_from() == 0.0
    held.put(b"a", NOON)
    assert held.room_from() == 0.0


def test_persons_who_come_and_go_leave_nothing_behind() -> None:
    held = RefusalsHeld(100)
    for number in range(20 * SLACK):
        held.put(KEY, NOON + number % 3 * DAY)
        if number % 2:
            held.remove(KEY)
    assert sum(map(len, held._days.values())) <= 2 * len(held) + SLACK + 1
    for number in range(150):
        held.put(b"%d" % number, NOON)
    assert len(held) == 100
