"""The attempts of one person as a short row of bytes, and what a person's state is. The reference of `ledger.lua`.

An attempt takes 11 bytes: the second (4), a mark of its id (4), a mark of its campaign (3); four of them fit into what
Redis keeps in one small allocation. Times are whole seconds, rounded down. An attempt is the same as another if both
marks are and they lie within `SAME_ATTEMPT_SECONDS`.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from functools import lru_cache
from math import floor
from typing import Final, TypeAlias, final

from proxy.policy.inquiry import SAME_ATTEMPT_SECONDS, Inquiry, PersonState, would_reserve
from proxy.runtime.store.interface import ATTEMPTS_KEPT, Consent

ENTRY: Final = struct.Struct(">I4s3s")
OF_ATTEMPT: Final = hashlib.blake2b(digest_size=4)  # of nothing yet
OF_CAMPAIGN: Final = hashlib.blake2b(digest_size=3)
MOST: Final = 500  # attempts kept of one person; no limit can be higher
Attempt: TypeAlias = tuple[int, bytes, bytes]


@final
class Outcome:
    """What one inquiry came to: the answer, and the row to write (None: leave it as it is)."""

    __slots__ = ("row", "state")

    def __init__(self, state: PersonState, row: bytes | None) -> None:
        self.state: Final = state
        self.row: Final = row


@lru_cache(maxsize=4096)
def campaign_mark(campaign: str) -> bytes:
    """The mark of a campaign."""
    found = OF_CAMPAIGN.copy()
    found.update(campaign.encode())
    return found.digest()


def attempt_mark(attempt: str) -> bytes:
    """The mark of an attempt's id, which is no secret."""
    found = OF_ATTEMPT.copy()
    found.update(attempt.encode())
    return found.digest()


def unpacked(rows: Iterable[bytes]) -> list[Attempt]:
    """The attempts of all rows of one person."""
    return [entry for row in rows for entry in ENTRY.iter_unpack(row)]


def packed(attempts: Iterable[Attempt]) -> bytes:
    """One row."""
    return b"".join(ENTRY.pack(*entry) for entry in attempts)


def is_same(entry: Attempt, inquiry: Inquiry) -> bool:
    """Whether the entry is the attempt of this inquiry."""
    return (
        abs(floor(inquiry.at) - entry[0]) <= SAME_ATTEMPT_SECONDS
        and entry[1] == attempt_mark(inquiry.attempt)
        and entry[2] == campaign_mark(inquiry.campaign)
    )


def answered(inquiry: Inquiry, rows: list[bytes], refusal_at: float, consents: list[Consent]) -> Outcome:
    """The state of the person, and the row with this attempt in it if it counts."""
    now, mark = floor(inquiry.at), campaign_mark(inquiry.campaign)
    if not rows and not consents:
        state = PersonState(refusal_at)
        if not would_reserve(inquiry, state):
            return Outcome(state, None)
        return Outcome(counted(state), ENTRY.pack(now, attempt_mark(inquiry.attempt), mark))
    kept = unpacked(rows)
    alive = [entry for entry in kept if entry[0] > now - ATTEMPTS_KEPT]
    others = [entry for entry in alive if not is_same(entry, inquiry)]
    window = [entry[0] for entry in others if entry[0] >= inquiry.window_start]
    own = [entry[0] for entry in others if entry[2] == mark]
    state = before(inquiry, window, own, refusal_at, consents)
    if len(others) < len(alive):
        return Outcome(counted(state), None)
    if not would_reserve(inquiry, state):
        return Outcome(state, None)
    attempt = ENTRY.pack(now, attempt_mark(inquiry.attempt), mark)
    if len(alive) == len(kept) < MOST:
        return Outcome(counted(state), b"".join(rows) + attempt)
    return Outcome(counted(state), packed(alive[1 - MOST :]) + attempt)


def before(
    inquiry: Inquiry, window: list[int], own: list[int], refusal_at: float, consents: list[Consent]
) -> PersonState:
    """What is known before this attempt."""
    given = newest_consent(inquiry, consents)
    slot = newest_slot(inquiry, consents)
    first = last = window[0] if window else 0
    for second in window:
        first, last = min(first, second), max(last, second)
    own_last = 0
    for second in own:
        own_last = max(own_last, second)
    return PersonState(
        refusal_at=refusal_at,
        consent_at=given.at if given else 0.0,
        consent_until=given.until if given else 0.0,
        consent_id=given.reference if given else "",
        slot_from=slot.slot_from if slot else 0.0,
        slot_until=slot.slot_until if slot else 0.0,
        attempts=len(window),
        first_attempt=float(first),
        last_attempt=float(last),
        campaign_attempts=len(own),
        campaign_last=float(own_last),
        slot_at=slot.at if slot else 0.0,
    )


def counted(state: PersonState) -> PersonState:
    """The same, with this attempt counted."""
    return PersonState(
        state.refusal_at, state.consent_at, state.consent_until, state.consent_id, state.slot_from, state.slot_until,
        state.attempts, state.first_attempt, state.last_attempt, state.campaign_attempts, state.campaign_last,
        True, state.slot_at,
    )  # fmt: skip


def stands(consent: Consent, inquiry: Inquiry) -> bool:
    """Whether the consent was given before this instant, is not withdrawn and concerns the campaign."""
    return (
        consent.at <= inquiry.at
        and not 0 < consent.withdrawn_at <= inquiry.at
        and consent.campaign in ("", inquiry.campaign)
    )


def newest_consent(inquiry: Inquiry, consents: list[Consent]) -> Consent | None:
    """The newest consent without a slot, one in force before one that has ended."""
    best: Consent | None = None
    for consent in consents:
        if not consent.slot_from and stands(consent, inquiry):
            rank = (inquiry.at < consent.until, consent.at, consent.until, consent.reference)
            if best is None or rank > (inquiry.at < best.until, best.at, best.until, best.reference):
                best = consent
    return best


def newest_slot(inquiry: Inquiry, consents: list[Consent]) -> Consent | None:
    """The newest slot that covers the instant."""
    best: Consent | None = None
    for consent in consents:
        covers = 0 < consent.slot_from <= inquiry.at < consent.slot_until and stands(consent, inquiry)
        if covers and (best is None or slot_rank(consent) > slot_rank(best)):
            best = consent
    return best


def slot_rank(consent: Consent) -> tuple[float, float, float]:
    """Newer slots are greater."""
    return (consent.at, consent.slot_until, consent.slot_from)


def without(inquiry: Inquiry, row: bytes) -> bytes:
    """The row without this attempt."""
    return packed(entry for entry in unpacked([row]) if not is_same(entry, inquiry))
