"""Checks on the consent behind a call and on what may not be sold by phone at all.

The basis is the campaign's, else the customer's (`directory.ConsentBasis`). Only `register` is looked
up per person; the others are the customer's declaration.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.asking import Draft
from proxy.policy.checks import HIT, PASS, UNKNOWN_STATE, Check
from proxy.policy.checks_ledger import NOT_READ, LocalCheck
from proxy.policy.directory import ATTESTED, CONTRACT, PRESS, REGISTER
from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import consented, in_slot
from proxy.policy.ledger import LedgerView
from proxy.policy.moment import iso_day
from proxy.policy.reference import Reference


@final
class ConsentCheck(LocalCheck):
    """Without a consent not older than `days` local days (the day it was given included) the call is refused."""

    def __init__(self, days: int) -> None:
        self.days: Final = days

    def since(self, facts: CallFacts, reference: Reference) -> float:
        """Local midnight of the oldest day that still counts."""
        return reference.calendar.midnight(facts.clock(), facts.local_day() - self.days + 1)

    def ask(self, facts: CallFacts, reference: Reference, draft: Draft, enforced: bool) -> None:
        """A consent in force, for the basis that is looked up."""
        if facts.consent.basis != REGISTER:
            return
        draft.personal = True
        if enforced:
            draft.need_consent(self.since(facts, reference))

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit without a consent of the person, or with a declaration that is not in force."""
        consent = facts.consent
        if consent.basis in (CONTRACT, PRESS):
            return PASS
        if consent.basis == ATTESTED:
            age = facts.local_day() - consent.given
            return PASS if consent.reference and 0 <= age < self.days else HIT
        state = ledger.state
        if state is None:
            return UNKNOWN_STATE
        return PASS if consented(state, facts.at, self.since(facts, reference)) else HIT

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The basis, and the consent found or declared."""
        consent = facts.consent
        if consent.basis != REGISTER:
            given = f" given {iso_day(consent.given)}" if consent.given else ""
            return f"basis {consent.basis} {consent.reference or 'without reference'}{given}"
        state = ledger.state
        if state is None:
            return f"basis {REGISTER}, {NOT_READ}"
        if in_slot(state, facts.at):
            return f"basis {REGISTER}, in an agreed slot"
        if not state.consent_at:
            return f"basis {REGISTER}, no consent"
        moment = reference.calendar.moment
        given, end = moment(facts.clock(), state.consent_at).iso(), moment(facts.clock(), state.consent_until).iso()
        return f"basis {REGISTER}, consent {state.consent_id or '(no id)'} given {given}, until {end}"


@final
class SectorCheck(LocalCheck):
    """What is sold may not be sold by this way, consent or not; a current contract is excepted."""

    def __init__(self, sectors: frozenset[str]) -> None:
        self.sectors: Final = sectors

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit for a banned sector of the campaign or the customer."""
        if facts.consent.basis == CONTRACT:
            return PASS
        campaign, customer = facts.campaign, facts.customer
        if campaign is not None and campaign.sector in self.sectors:
            return HIT
        return HIT if customer is not None and customer.sector in self.sectors else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The sectors declared and the basis."""
        campaign, customer = facts.campaign, facts.customer
        of_campaign = campaign.sector if campaign is not None else ""
        of_customer = customer.sector if customer is not None else ""
        return f"sector {of_campaign or '(none)'}, customer's {of_customer or '(none)'}, basis {facts.consent.basis}"


@final
class CapacityCheck(Check):
    """A limit on calls at once or per second is reached; the engine counts, this row answers."""

    def __init__(self, scope: str) -> None:
        self.scope: Final = scope

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit when the limit of this scope would be broken."""
        load = ledger.load
        return HIT if load is not None and load.over == self.scope else PASS

    def again(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> float:
        """When there is room again."""
        load = ledger.load
        return facts.at + load.retry_after if load is not None and load.retry_after > 0 else 0.0

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """What the engine said."""
        load = ledger.load
        if load is None:
            return "load not measured"
        return f"over the limit of the {load.over}" if load.over else "within all limits"
