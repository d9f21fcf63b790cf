"""The row of a person: packed, aged, and when an attempt is the same as another."""

from __future__ import annotations

import hashlib

import pytest

from proxy.runtime.store.attempts import ENTRY, MOST, answered, attempt_mark, campaign_mark, packed, unpacked, without
from tests.runtime.store.histories import DAY, NOON, PERSON, consent, inquiry


def test_four_attempts_fit_into_a_small_string_of_redis() -> None:
    row = b""
    for number in range(4):
        outcome = answered(inquiry(f"call-{number}"), [row] if row else [], 0.0, [])
        assert outcome.row is not None
        row = outcome.row
    assert len(row) == 44
    assert unpacked([row])[3] == (int(NOON), attempt_mark("call-3"), campaign_mark("spring"))
    assert packed(unpacked([row])) == row


@pytest.mark.parametrize(
    ("attempt", "campaign", "later", "same"),
    [
        ("a", "spring", 0.0, True),
        ("a", "spring", 300.0, True),
        ("a", "spring", -300.0, True),
        ("a", "spring", 301.0, False),
        ("b", "spring", 0.0, False),
        ("a", "autumn", 0.0, False),
    ],
)
def test_the_same_attempt(attempt: str, campaign: str, later: float, same: bool) -> None:
    row = answered(inquiry("a"), [], 0.0, []).row or b""
    assert len(row) == ENTRY.size
    again = inquiry(attempt, NOON + later, campaign=campaign)
    assert answered(again, [row], 0.0, []).state.attempts == (0 if same else 1)
    assert without(again, row) == (b"" if same else row)


def test_old_attempts_leave_the_row_and_a_row_has_a_bound() -> None:
    old = packed([(int(NOON - 31 * DAY), b"aaaa", b"ccc"), (int(NOON - 31 * DAY) + 1, b"bbbb", b"ccc")])
    row = answered(inquiry("a"), [old], 0.0, []).row or b""
    assert [entry[1] for entry in unpacked([row])] == [b"bbbb", attempt_mark("a")]
    many = packed((int(NOON), number.to_bytes(4, "big"), b"ccc") for number in range(MOST))
    full = answered(inquiry("a", window_most=0), [many], 0.0, [])
    assert full.state.attempts == MOST
    assert len(full.row or b"") == MOST * ENTRY.size


def test_a_consent_in_force_is_shown_before_a_newer_one_that_has_ended() -> None:
    long = consent("long", at=NOON - 9 * DAY, until=NOON + DAY)
    short = consent("short", at=NOON - 2 * DAY, until=NOON - DAY)
    given = [long, short]
    assert answered(inquiry("a"), [], 0.0, given).state.consent_id == "long"
    assert answered(inquiry("a"), [], 0.0, [short]).state.consent_id == "short"
    assert answered(inquiry("a", NOON - 10 * DAY), [], 0.0, given).state.consent_id == ""


def test_the_newest_slot_that_covers_the_instant_is_shown() -> None:
    slots = [
        consent(f"s{age}", person=PERSON, at=NOON - age * DAY, slot_from=NOON - 60, slot_until=NOON + age * 60)
        for age in (3, 1, 2)
    ]
    state = answered(inquiry("a", slot_needed=True), [], 0.0, slots).state
    assert (state.slot_at, state.slot_until, state.reserved) == (NOON - DAY, NOON + 60, True)
    assert state.consent_at == 0.0


def test_marks_are_short_hashes() -> None:
    assert attempt_mark("call-1@x;tag") == hashlib.blake2b(b"call-1@x;tag", digest_size=4).digest()
    assert campaign_mark("été") == hashlib.blake2b("été".encode(), digest_size=3).digest()
