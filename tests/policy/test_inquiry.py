from __future__ import annotations

import pytest

from proxy.policy.inquiry import Inquiry, PersonState, consented, in_slot, refused, would_reserve

NOON = 1_795_431_600.0
HOUR = 3600.0
DAY = 86_400.0


def inquiry(**changes: object) -> Inquiry:
    return Inquiry("acme", "+33140000000", "spring", "call-1", NOON, **changes)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("asked", "known", "reserved"),
    [
        ({}, {}, True),
        ({"reserve": False}, {}, False),
        ({"window_most": 4}, {"attempts": 3}, True),
        ({"window_most": 4}, {"attempts": 4}, False),
        ({"window_most": 0}, {"attempts": 99}, True),
        ({"campaign_most": 2}, {"campaign_attempts": 1}, True),
        ({"campaign_most": 2}, {"campaign_attempts": 2}, False),
        ({"campaign_gap": HOUR}, {"campaign_last": NOON - HOUR}, True),
        ({"campaign_gap": HOUR}, {"campaign_last": NOON - HOUR + 1}, False),
        ({"campaign_gap": HOUR}, {"campaign_last": 0.0}, True),
        ({"refusal_since": NOON - DAY}, {"refusal_at": NOON - DAY}, False),
        ({"refusal_since": NOON - DAY}, {"refusal_at": NOON - DAY - 1}, True),
        ({}, {"refusal_at": NOON - 1}, True),
        ({"consent_needed": True}, {}, False),
        ({"consent_needed": True}, {"consent_at": NOON - DAY, "consent_until": NOON + 1}, True),
        ({"slot_needed": True}, {}, False),
        ({"slot_needed": True}, {"slot_from": NOON, "slot_until": NOON + 1, "slot_at": NOON - DAY}, True),
    ],
)
def test_what_is_counted(asked: dict[str, object], known: dict[str, object], reserved: bool) -> None:
    state = PersonState(**known)  # type: ignore[arg-type]  # fields by name
    assert would_reserve(inquiry(**asked), state) == reserved


@pytest.mark.parametrize(
    ("consent_at", "slot_at", "stands"),
    [
        (0.0, 0.0, True),
        (NOON - 2 * HOUR, 0.0, True),
        (NOON - HOUR, 0.0, True),  # at the same instant: the refusal is the later word
        (NOON - HOUR + 1, 0.0, False),
        (NOON + 1, 0.0, True),
        (0.0, NOON - 2 * HOUR, True),
        (0.0, NOON - HOUR + 1, False),
    ],
)
def test_a_refusal_stands_until_a_consent_or_a_slot_after_it(consent_at: float, slot_at: float, stands: bool) -> None:
    state = PersonState(
        refusal_at=NOON - HOUR,
        consent_at=consent_at,
        slot_from=NOON - 60 if slot_at else 0.0,
        slot_until=NOON + 60 if slot_at else 0.0,
        slot_at=slot_at,
    )
    assert refused(state, NOON, 0.0) == stands


@pytest.mark.parametrize(
    ("given", "until", "since", "in_force"),
    [
        (0.0, NOON + DAY, 0.0, False),
        (NOON, NOON + DAY, 0.0, True),
        (NOON + 1, NOON + DAY, 0.0, False),
        (NOON - DAY, NOON, 0.0, False),
        (NOON - DAY, NOON + 1, NOON - DAY, True),
        (NOON - DAY, NOON + 1, NOON - DAY + 1, False),
    ],
)
def test_a_consent_is_in_force_from_its_day_to_its_end(
    given: float, until: float, since: float, in_force: bool
) -> None:
    assert consented(PersonState(consent_at=given, consent_until=until), NOON, since) == in_force


@pytest.mark.parametrize(
    ("start", "end", "agreed", "inside"),
    [
        (NOON, NOON + 1, NOON - 1, True),
        (NOON - 1, NOON, NOON - 2, False),
        (NOON + 1, NOON + 2, NOON - 1, False),
        (NOON, NOON + 1, NOON + 1, False),
        (0.0, NOON + 1, 0.0, False),
    ],
)
def test_a_slot_is_half_open_and_agreed_beforehand(start: float, end: float, agreed: float, inside: bool) -> None:
    state = PersonState(slot_from=start, slot_until=end, slot_at=agreed)
    assert in_slot(state, NOON) == inside
    assert consented(state, NOON, 0.0) == inside
