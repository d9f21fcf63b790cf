"""The inquiry in the making: each rule of state that concerns the call adds what it has to know.

A rule in mode `warn` is told `enforced = False`: it may ask to have attempts counted, but adds no
condition that keeps an attempt from being counted.
"""

from __future__ import annotations

from typing import final

from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import NO_REFUSAL_RULE, Inquiry


@final
class Draft:
    """The conditions gathered so far; several refusal or consent rules add up, the strictest holds."""

    __slots__ = (
        "personal",  # some rule asks about customer and person, not only about the campaign
        "counts",
        "window_start",
        "window_most",
        "campaign_most",
        "campaign_gap",
        "refusal_since",
        "consent_needed",
        "consent_since",
        "slot_needed",
    )

    def __init__(self) -> None:
        self.personal = False
        self.counts = False
        self.window_start = 0.0
        self.window_most = 0
        self.campaign_most = 0
        self.campaign_gap = 0.0
        self.refusal_since = NO_REFUSAL_RULE
        self.consent_needed = False
        self.consent_since = 0.0
        self.slot_needed = False

    def need_consent(self, since: float) -> None:
        """A consent given at or after `since`."""
        self.consent_needed = True
        self.consent_since = max(self.consent_since, since)

    def heed_refusals(self, since: float) -> None:
        """Refusals at or after `since`."""
        if self.refusal_since < 0 or since < self.refusal_since:
            self.refusal_since = max(since, 0.0)

    def inquiry(self, facts: CallFacts) -> Inquiry:
        """The finished question."""
        account = facts.customer_id if self.personal else f"{facts.customer_id}/{facts.campaign_id}"
        return Inquiry(
            account,
            facts.called.canonical if facts.called is not None else facts.called_text,
            facts.campaign_id,
            facts.attempt,
            facts.at,
            self.counts,
            self.window_start,
            self.window_most,
            self.campaign_most,
            self.campaign_gap,
            self.refusal_since,
            self.consent_needed,
            self.consent_since,
            self.slot_needed,
        )
