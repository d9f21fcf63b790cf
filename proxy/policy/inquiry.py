"""The one question that a decision asks of shared state, its answer, and when an attempt is counted.

Nothing here does I/O. A store answers an `Inquiry` in one atomic step: it reads what it knows of the
person and counts the attempt if `would_reserve` allows it on what it read. That predicate is the
reference: a store calls it, or mirrors it line by line. `decide` judges the `PersonState` that comes
back by the same functions, so an attempt is counted exactly when no rule of state refuses it.
"""

from __future__ import annotations

from typing import Final, final

NO_REFUSAL_RULE: Final = -1.0
SAME_ATTEMPT_SECONDS: Final = 300.0  # the same attempt id counts once within this time, and again after it


@final
class Inquiry:
    """All that one decision asks about one person (times are POSIX seconds UTC)."""

    __slots__ = (
        "customer",  # whose ledger: the customer; `customer/campaign` for calls that no frequency rule concerns
        "person",  # the called number; a store keeps only a keyed HMAC of it
        "campaign",
        "attempt",  # the same id is counted once
        "at",
        "reserve",  # count this attempt, if nothing below forbids it
        "window_start",  # attempts at or after this instant are in the frequency window
        "window_most",  # counted only below this many attempts in the window; 0: no such limit
        "campaign_most",  # the same for this campaign's attempts of the last 31 days; 0: no such limit
        "campaign_gap",  # least seconds since the campaign's last attempt; 0: none
        "refusal_since",  # a refusal at or after this instant forbids; NO_REFUSAL_RULE: none does
        "consent_needed",  # a consent in force at `at` is needed
        "consent_since",  # consents given before this instant have run out
        "slot_needed",  # a slot consent that covers `at` is needed
    )

    def __init__(
        self,
        customer: str,
        person: str,
        campaign: str,
        attempt: str,
        at: float,
        reserve: bool = True,
        window_start: float = 0.0,
        window_most: int = 0,
        campaign_most: int = 0,
        campaign_gap: float = 0.0,
        refusal_since: float = NO_REFUSAL_RULE,
        consent_needed: bool = False,
        consent_since: float = 0.0,
        slot_needed: bool = False,
    ) -> None:
        self.customer: Final = customer
        self.person: Final = person
        self.campaign: Final = campaign
        self.attempt: Final = attempt
        self.at: Final = at
        self.reserve: Final = reserve
        self.window_start: Final = window_start
        self.window_most: Final = window_most
        self.campaign_most: Final = campaign_most
        self.campaign_gap: Final = campaign_gap
        self.refusal_since: Final = refusal_since
        self.consent_needed: Final = consent_needed
        self.consent_since: Final = consent_since
        self.slot_needed: Final = slot_needed


@final
class PersonState:
    """What the store knew of the person, as of one atomic step; 0 where there is nothing."""

    __slots__ = (
        "refusal_at",  # the newest refusal
        "consent_at",  # when the newest consent without a slot was given, and to when it holds
        "consent_until",
        "consent_id",
        "slot_from",  # the slot consent that covers the inquiry's instant, if there is one
        "slot_until",
        "slot_at",  # when that slot was agreed to
        "attempts",  # attempts from `window_start` on, without this one
        "first_attempt",  # the oldest of them
        "last_attempt",
        "campaign_attempts",  # this campaign's attempts that are kept, without this one
        "campaign_last",
        "reserved",  # this attempt is counted, now or by an earlier question with the same id
    )

    def __init__(
        self,
        refusal_at: float = 0.0,
        consent_at: float = 0.0,
        consent_until: float = 0.0,
        consent_id: str = "",
        slot_from: float = 0.0,
        slot_until: float = 0.0,
        attempts: int = 0,
        first_attempt: float = 0.0,
        last_attempt: float = 0.0,
        campaign_attempts: int = 0,
        campaign_last: float = 0.0,
        reserved: bool = False,
        slot_at: float = 0.0,
    ) -> None:
        self.refusal_at: Final = refusal_at
        self.consent_at: Final = consent_at
        self.consent_until: Final = consent_until
        self.consent_id: Final = consent_id
        self.slot_from: Final = slot_from
        self.slot_until: Final = slot_until
        self.attempts: Final = attempts
        self.first_attempt: Final = first_attempt
        self.last_attempt: Final = last_attempt
        self.campaign_attempts: Final = campaign_attempts
        self.campaign_last: Final = campaign_last
        self.reserved: Final = reserved
        self.slot_at: Final = slot_at


def would_reserve(inquiry: Inquiry, state: PersonState) -> bool:
    """Whether the attempt is to be counted, given what is known before it; `state.reserved` is not looked at."""
    return (
        inquiry.reserve
        and not (inquiry.window_most > 0 and state.attempts >= inquiry.window_most)
        and not campaign_full(state, inquiry.campaign_most)
        and not campaign_early(state, inquiry.at, inquiry.campaign_gap)
        and not refused(state, inquiry.at, inquiry.refusal_since)
        and not (inquiry.consent_needed and not consented(state, inquiry.at, inquiry.consent_since))
        and not (inquiry.slot_needed and not in_slot(state, inquiry.at))
    )


def campaign_full(state: PersonState, most: int) -> bool:
    """Whether the campaign has made its most attempts; `most` 0 means no limit."""
    return most > 0 and state.campaign_attempts >= most


def campaign_early(state: PersonState, at: float, gap: float) -> bool:
    """Whether the campaign's last attempt is nearer than the gap."""
    return gap > 0 and state.campaign_last > 0 and at - state.campaign_last < gap


def refused(state: PersonState, at: float, since: float) -> bool:
    """Whether a refusal at or after `since` stands: neither a consent nor the slot of this instant came after it."""
    refusal = state.refusal_at
    if since < 0 or refusal <= 0 or refusal < since:
        return False
    if refusal < state.consent_at <= at:
        return False
    return not (refusal < state.slot_at and in_slot(state, at))


def consented(state: PersonState, at: float, since: float) -> bool:
    """Whether a consent given at or after `since` is in force, or the instant lies in an agreed slot."""
    given = state.consent_at
    if given > 0 and since <= given <= at < state.consent_until:
        return True
    return in_slot(state, at)


def in_slot(state: PersonState, at: float) -> bool:
    """Whether the instant lies in a slot that was agreed to before it."""
    return state.slot_from > 0 and state.slot_from <= at < state.slot_until and state.slot_at <= at
