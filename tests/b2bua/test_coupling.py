"""The coupling table is complete, and nothing in it contradicts the list of what cannot happen."""

from __future__ import annotations

from itertools import product

import pytest

from proxy.b2bua import coupling, events

STATES = range(len(coupling.STATE_NAMES))
EVENTS = range(len(events.EVENT_NAMES))
PAIRS = list(product(STATES, EVENTS))
NAMES = [f"{coupling.STATE_NAMES[state]}-{events.EVENT_NAMES[event]}" for state, event in PAIRS]


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=NAMES)
def test_each_pair_is_either_a_row_or_impossible_for_a_reason(state: int, event: int) -> None:
    row = coupling.COUPLING.get((state, event))
    reason = coupling.IMPOSSIBLE.get(state, {}).get(event, "")
    assert (row is not None) != bool(reason)
    assert coupling.step(state, event) == (row or (-1, 0))


def test_every_state_but_the_first_is_reached_and_every_state_but_the_last_is_left() -> None:
    reached = {after for (before, _), (after, _) in coupling.COUPLING.items() if after != before}
    left = {before for (before, _), (after, _) in coupling.COUPLING.items() if after != before}
    assert reached == set(STATES) - {coupling.NEW}
    assert left == set(STATES) - {coupling.OVER}


def test_every_state_leads_to_the_end() -> None:
    ending = {coupling.OVER}
    for _ in STATES:
        ending |= {before for (before, _), (after, _) in coupling.COUPLING.items() if after in ending}
    assert ending == set(STATES)


def test_every_event_changes_something_somewhere() -> None:
    assert {event for _, event in coupling.COUPLING} == set(EVENTS)


def test_a_cancel_of_the_platform_is_always_answered_for() -> None:
    for state in set(STATES) - {coupling.NEW, coupling.OVER}:
        assert (state, events.CANCEL) in coupling.COUPLING
