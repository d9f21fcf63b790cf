"""Keys, persons and inquiries as the tests of the ledger use them."""

from __future__ import annotations

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store.interface import Consent
from proxy.runtime.store.person_keys import AttemptKey, PersonKeys

NOON = 1_795_431_600.0
HOUR = 3600.0
DAY = 86_400.0
PERSON = "+33140000017"
OTHER = "+33140000018"


def keys() -> PersonKeys:
    """The same secrets for every client of a test."""
    return PersonKeys(b"L" * 32, [AttemptKey(NOON - 90 * DAY, b"A" * 32)])


def inquiry(attempt: str, at: float = NOON, person: str = PERSON, **changes: object) -> Inquiry:
    """One question about the frequency of calls, or what `changes` make of it."""
    asked: dict[str, object] = {
        "customer": "acme",
        "campaign": "spring",
        "window_start": NOON - 29.5 * DAY,
        "window_most": 4,
    }
    asked.update(changes)
    return Inquiry(person=person, attempt=attempt, at=at, **asked)  # type: ignore[arg-type]  # fields by name


def consent(reference: str, **changes: object) -> Consent:
    """One consent, given a day ago for half a year."""
    given: dict[str, object] = {
        "customer": "acme", "person": PERSON, "at": NOON - DAY, "until": NOON + 180 * DAY, "proof": "form 7, ticked",
    }  # fmt: skip
    given.update(changes)
    return Consent(reference=reference, **given)  # type: ignore[arg-type]  # fields by name


STATE_FIELDS = (  # a compiled class keeps no list of its slots
    "refusal_at", "consent_at", "consent_until", "consent_id", "slot_from", "slot_until", "slot_at", "attempts",
    "first_attempt", "last_attempt", "campaign_attempts", "campaign_last", "reserved",
)  # fmt: skip


def told(state: PersonState) -> dict[str, object]:
    """A state as a mapping, to compare."""
    return {name: getattr(state, name) for name in STATE_FIELDS}
