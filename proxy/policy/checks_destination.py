"""Checks on who calls and on what is called: emergency, customer, destination."""

from __future__ import annotations

from typing import Final, final

from proxy.policy.checks import BYPASS, HIT, PASS, Check, called_text
from proxy.policy.facts import CallFacts
from proxy.policy.ledger import LedgerView
from proxy.policy.moment import iso_day
from proxy.policy.ranges import EMERGENCY, UNASSIGNED
from proxy.policy.reference import Reference

NOT_FOUND: Final = 404


@final
class EmergencyCheck(Check):
    """An emergency number passes untouched (CPCE L33-1 I f), unless the trunk says `refuse`."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """BYPASS, or HIT where the trunk refuses emergency calls."""
        called = facts.called
        if called is None or called.cls != EMERGENCY or not called.complete:
            return PASS
        return HIT if facts.trunk.emergency == "refuse" else BYPASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The called number and what the trunk says."""
        return f"{called_text(facts)}, trunk says {facts.trunk.emergency}"


@final
class CustomerUnknownCheck(Check):
    """No customer of that name."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit when the directory does not know the customer."""
        return HIT if facts.customer is None else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The customer id."""
        return f"customer {facts.customer_id or '(none)'}"


@final
class CustomerSuspendedCheck(Check):
    """The customer is not active."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit for any status but `active`."""
        customer = facts.customer
        return HIT if customer is not None and customer.status != "active" else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The status."""
        return f"status {facts.customer.status}" if facts.customer is not None else "no customer"


@final
class CustomerUnverifiedCheck(Check):
    """The customer's verification (KYC) is missing or has run out."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit unless verified and not expired on the Paris day."""
        customer = facts.customer
        if customer is None:
            return PASS
        if customer.kyc_status != "verified":
            return HIT
        expires = customer.kyc_expires
        return HIT if expires is not None and expires < facts.paris_day else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The state of the verification and its end."""
        customer = facts.customer
        if customer is None:
            return "no customer"
        end = "" if customer.kyc_expires is None else f" until {iso_day(customer.kyc_expires)}"
        return f"kyc {customer.kyc_status}{end}"


@final
class CampaignUnknownCheck(Check):
    """The request names a campaign that this customer does not have."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit when a campaign is named and not found."""
        return HIT if facts.campaign_id and facts.campaign is None else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The campaign id."""
        return f"campaign {facts.campaign_id or '(none)'}"


@final
class DestinationInvalidCheck(Check):
    """The called number does not exist in the plan: too short or no number (the row's status), else 404."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit for no number, a wrong count of digits, or an unopened range where the trunk asks for it."""
        called = facts.called
        if called is None or not called.complete:
            return HIT
        return HIT if called.cls == UNASSIGNED and facts.trunk.unopened == "refuse" else PASS

    def status(self, facts: CallFacts, status: int) -> int:
        """The row's status when digits are missing, 404 when no digit would help."""
        called = facts.called
        return status if called is None or called.too_short else NOT_FOUND

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The called number and whether its length fits."""
        called = facts.called
        if called is None or called.complete:
            return called_text(facts)
        return f"{called_text(facts)}, {'too short' if called.too_short else 'too long'}"


@final
class DestinationClassCheck(Check):
    """The called number is of a class this trunk may not call."""

    def __init__(self, automated: frozenset[str], manual: frozenset[str]) -> None:
        self.automated: Final = automated
        self.manual: Final = manual

    def allowed(self, facts: CallFacts) -> frozenset[str]:
        """The trunk's classes, or the row's for the calling mode where the trunk names none."""
        if facts.trunk.allowed_classes:
            return facts.trunk.allowed_classes
        return self.automated if facts.automated else self.manual

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit for a class that is not allowed."""
        called = facts.called
        return PASS if called is None or called.cls in self.allowed(facts) else HIT

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The called number and the classes allowed."""
        return f"{called_text(facts)}, allowed {' '.join(sorted(self.allowed(facts)))}"
