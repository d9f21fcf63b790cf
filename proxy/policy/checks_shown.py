"""The ways to choose the number that is shown, and the check on showing none."""

from __future__ import annotations

from typing import Final, final

from proxy.policy.checks import HIT, PASS, Aftermath, Show, may_show, usable
from proxy.policy.facts import CallFacts
from proxy.policy.ledger import LedgerView
from proxy.policy.numbers import Number
from proxy.policy.reference import Reference


@final
class KeptNumber(Show):
    """The presented number of one of the row's classes stays, where the class rules allow it and it is the customer's."""

    def __init__(self, classes: frozenset[str]) -> None:
        self.classes: Final = classes

    def choose(self, facts: CallFacts, reference: Reference) -> Number | None:
        """The effective caller's number."""
        caller = facts.caller
        if caller is None or caller.number is None or caller.number.cls not in self.classes:
            return None
        return usable(facts, reference, caller.number.canonical)

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The effective caller."""
        return caller_text(facts)


@final
class CampaignNumber(Show):
    """The number the campaign names."""

    def choose(self, facts: CallFacts, reference: Reference) -> Number | None:
        """The campaign's number, if usable."""
        campaign = facts.campaign
        if campaign is None or not campaign.npv:
            return None
        return usable(facts, reference, campaign.npv)

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The number named."""
        campaign = facts.campaign
        return "no campaign" if campaign is None else f"campaign names {campaign.npv or 'none'}"


@final
class ZoneNumber(Show):
    """The customer's number in the zone of the called number, the least used first."""

    def choose(self, facts: CallFacts, reference: Reference) -> Number | None:
        """The least used usable number of the zone; the first of the directory among equals."""
        called = facts.called
        if called is None or not matches_zone(facts):
            return None
        directory = reference.directory
        best: Number | None = None
        fewest = 0
        for entry in directory.numbers_in_zone(facts.customer_id, called.zone):
            number = entry.number
            if not entry.usable_by(facts.customer_id, facts.paris_day) or not may_show(facts, reference, number.cls):
                continue
            uses = directory.uses.get(number.canonical, 0)
            if best is None or uses < fewest:
                best = number
                fewest = uses
        return best

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The zone and the customer's numbers there."""
        if facts.called is None or not matches_zone(facts):
            return "zone not asked for"
        entries = reference.directory.numbers_in_zone(facts.customer_id, facts.called.zone)
        return f"zone {facts.called.zone}, {len(entries)} numbers"


@final
class PresentedNumber(Show):
    """The number that the request presents, if it is the customer's: the effective caller, then any other."""

    def choose(self, facts: CallFacts, reference: Reference) -> Number | None:
        """The first presented number that is usable."""
        caller = facts.caller
        if caller is not None and caller.number is not None:
            number = usable(facts, reference, caller.number.canonical)
            if number is not None:
                return number
        for shown in facts.presented:
            if shown.number is not None:
                number = usable(facts, reference, shown.number.canonical)
                if number is not None:
                    return number
        return None

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The effective caller."""
        return caller_text(facts)


@final
class DefaultNumber(Show):
    """The customer's default number."""

    def choose(self, facts: CallFacts, reference: Reference) -> Number | None:
        """The default, if usable."""
        customer = facts.customer
        if customer is None or not customer.default_npv:
            return None
        return usable(facts, reference, customer.default_npv)

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The number named."""
        customer = facts.customer
        return "no customer" if customer is None else f"default {customer.default_npv or 'none'}"


@final
class NoNumber(Show):
    """No number is shown; the row that ends the list."""

    def withholds(self) -> bool:
        """Always."""
        return True

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """Why the list came here."""
        return "no number left to show"


@final
class DisplayMandatory(Aftermath):
    """A call that must show a number shows none (C. conso L221-17)."""

    def judge_shown(self, facts: CallFacts, shown: Number | None) -> int:
        """A hit when nothing is shown."""
        return HIT if shown is None else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The purpose."""
        return f"purpose {facts.purpose}"


def matches_zone(facts: CallFacts) -> bool:
    """The campaign's wish, else the customer's."""
    campaign = facts.campaign
    if campaign is not None and campaign.match_zone is not None:
        return campaign.match_zone
    return facts.customer is not None and facts.customer.match_zone


def caller_text(facts: CallFacts) -> str:
    """`P-Asserted-Identity +33162000001 (npv)`."""
    caller = facts.caller
    if caller is None:
        return "no identity presented"
    if caller.number is None:
        return f"{caller.source} {caller.text} (no number)"
    return f"{caller.source} {caller.number.canonical} ({caller.number.cls})"
