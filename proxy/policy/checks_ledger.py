"""Checks on what this person said and how often this customer called: refusals and attempts.

They read the person's state in the ledger view only; without it the answer is UNKNOWN_STATE, but for
a refusal that is remembered. Each judges by the same function of `inquiry.py` that decides whether the attempt is counted.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.asking import Draft
from proxy.policy.checks import HIT, PASS, UNKNOWN_STATE, Check
from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import campaign_early, campaign_full, refused
from proxy.policy.ledger import LedgerView
from proxy.policy.reference import Reference

NOT_READ: Final = "shared state not read"


class LocalCheck(Check):
    """A check whose version is chosen by the day at the called person."""

    def by_called_day(self) -> bool:
        """Always."""
        return True


@final
class RefusalCheck(LocalCheck):
    """The person told this customer to stop: within `days` full local days, or since `lasting_from` for good."""

    def __init__(self, days: int, lasting_from: int) -> None:
        self.days: Final = days
        self.lasting_from: Final = lasting_from

    def since(self, facts: CallFacts, reference: Reference) -> float:
        """The instant from which refusals count."""
        calendar = reference.calendar
        territory = facts.clock()
        lasting = calendar.midnight(territory, self.lasting_from) if self.lasting_from else facts.at
        if not self.days:
            return lasting
        return min(lasting, calendar.midnight(territory, facts.local_day() - self.days))

    def ask(self, facts: CallFacts, reference: Reference, draft: Draft, enforced: bool) -> None:
        """Refusals from that instant on forbid."""
        draft.personal = True
        if enforced:
            draft.heed_refusals(self.since(facts, reference))

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit while a refusal stands; a remembered one where the store is silent."""
        state = ledger.state
        if state is None:
            held = ledger.held
            return HIT if held is not None and refused(held, facts.at, self.since(facts, reference)) else UNKNOWN_STATE
        if state.refusal_at <= 0:
            return PASS
        return HIT if refused(state, facts.at, self.since(facts, reference)) else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """When the person refused, if ever, and whether it was taken back."""
        state = ledger.held if ledger.state is None else ledger.state
        if state is None:
            return NOT_READ
        if not state.refusal_at:
            return "no refusal"
        when = reference.calendar.moment(facts.clock(), state.refusal_at).iso()
        first = reference.calendar.moment(facts.clock(), self.since(facts, reference)).iso()
        later = state.consent_at > state.refusal_at or state.slot_at > state.refusal_at
        return f"refused {when}, refusals count from {first}{', consent after it' if later else ''}"


@final
class FrequencyCheck(LocalCheck):
    """So many attempts in so many local calendar days, this one and today included."""

    def __init__(self, most: int, days: int) -> None:
        self.most: Final = most
        self.days: Final = days

    def window_start(self, facts: CallFacts, reference: Reference) -> float:
        """Local midnight of the first day of the window."""
        return reference.calendar.midnight(facts.clock(), facts.local_day() - self.days + 1)

    def ask(self, facts: CallFacts, reference: Reference, draft: Draft, enforced: bool) -> None:
        """The attempt counts, and only so many do."""
        draft.personal = True
        draft.counts = True
        draft.window_start = self.window_start(facts, reference)
        if enforced:
            draft.window_most = self.most

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit when the window is full without this attempt."""
        state = ledger.state
        if state is None:
            return UNKNOWN_STATE
        return HIT if state.attempts >= self.most else PASS

    def again(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> float:
        """Local midnight of the day on which the oldest attempt leaves the window."""
        state = ledger.state
        if state is None or state.first_attempt <= 0:
            return 0.0
        first_day = reference.calendar.day(facts.clock(), state.first_attempt)
        return reference.calendar.midnight(facts.clock(), first_day + self.days)

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The count, and when the oldest attempt leaves the window."""
        state = ledger.state
        if state is None:
            return NOT_READ
        text = f"{state.attempts} of {self.most} attempts in {self.days} days before this one"
        again = self.again(facts, reference, ledger)
        return f"{text}, next leaves {reference.calendar.moment(facts.clock(), again).iso()}" if again else text


@final
class CampaignAttemptsCheck(LocalCheck):
    """The campaign's own most attempts and least time between two."""

    def ask(self, facts: CallFacts, reference: Reference, draft: Draft, enforced: bool) -> None:
        """The attempt counts, within the campaign's limits."""
        campaign = facts.campaign
        if campaign is None or not campaign.counts_attempts():
            return
        draft.counts = True
        if enforced:
            draft.campaign_most = campaign.most_attempts
            draft.campaign_gap = campaign.least_gap

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit when the campaign has tried often enough, or too recently."""
        campaign = facts.campaign
        if campaign is None or not campaign.counts_attempts():
            return PASS
        state = ledger.state
        if state is None:
            return UNKNOWN_STATE
        if campaign_full(state, campaign.most_attempts) or campaign_early(state, facts.at, campaign.least_gap):
            return HIT
        return PASS

    def again(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> float:
        """The end of the least time between two attempts; 0 when the campaign has made its last."""
        campaign, state = facts.campaign, ledger.state
        if campaign is None or state is None or campaign_full(state, campaign.most_attempts):
            return 0.0
        return state.campaign_last + campaign.least_gap

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The campaign's count and limits."""
        campaign, state = facts.campaign, ledger.state
        if campaign is None or not campaign.counts_attempts():
            return "no campaign with limits of its own"
        if state is None:
            return NOT_READ
        last = ""
        if state.campaign_last:
            last = f", last {reference.calendar.moment(facts.clock(), state.campaign_last).iso()}"
        most = campaign.most_attempts or "any number"
        return f"{state.campaign_attempts} of {most} attempts, {campaign.least_gap:g} s between two{last}"
