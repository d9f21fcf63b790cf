"""Checks on the identities that a request presents: From, P-Asserted-Identity and all others."""

from __future__ import annotations

from typing import Final, final

from proxy.policy.checks import HIT, MASK, PASS, Check, called_text, may_show, shown_texts
from proxy.policy.directory import MANUAL
from proxy.policy.facts import INTERNATIONAL, CallFacts
from proxy.policy.ledger import LedgerView
from proxy.policy.ranges import FOREIGN, MOBILE_CLASSES
from proxy.policy.reference import Reference

REFUSE: Final = "refuse"
REWRITE: Final = "rewrite"
MESSAGE: Final = "MESSAGE"


@final
class MobileCliCheck(Check):
    """A mobile number is presented, in any header and any writing (plan 2.3.4)."""

    def __init__(self, leave_international_manual: bool) -> None:
        self.leave_international_manual: Final = leave_international_manual

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit unless the customer has such numbers rewritten."""
        customer = facts.customer
        if customer is not None and customer.mobile_cli == REWRITE:
            return PASS
        if self.leave_international_manual and facts.mode == MANUAL and facts.trunk.origin == INTERNATIONAL:
            return PASS
        for shown in facts.presented:
            number = shown.number
            if number is not None and number.cls in MOBILE_CLASSES:
                return HIT
        return PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """Every presented identity."""
        customer = facts.customer
        return f"{shown_texts(facts)}; mobile_cli {customer.mobile_cli if customer is not None else REFUSE}"


@final
class ClassCliCheck(Check):
    """A class is presented that the class rules in force do not let this call show."""

    def __init__(self, other_rules: frozenset[str]) -> None:
        self.other_rules: Final = other_rules

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit only for a customer who wants refusal; otherwise the presentation rows rewrite."""
        customer = facts.customer
        if customer is None or customer.class_cli != REFUSE:
            return PASS
        for shown in facts.presented:
            number = shown.number
            if number is not None and number.cls not in self.other_rules and not may_show(facts, reference, number.cls):
                return HIT
        return PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """Every presented identity with what the class rules say of it."""
        verdicts: list[str] = []
        for shown in facts.presented:
            if shown.number is not None:
                allowed = may_show(facts, reference, shown.number.cls)
                verdicts.append(f"{shown.source} {shown.number.cls} {'may' if allowed else 'may not'} be shown")
        customer = facts.customer
        option = customer.class_cli if customer is not None else REWRITE
        return f"{', '.join(verdicts) or 'no number presented'}; class_cli {option}"


@final
class NotOwnedCheck(Check):
    """A number is presented that this customer neither holds nor may show by consent on that day."""

    def __init__(self, always: frozenset[str], manual: frozenset[str]) -> None:
        self.always: Final = always
        self.manual: Final = manual

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit for the first number of a watched class that is not the customer's."""
        watched = self.always if facts.automated else self.manual
        for shown in facts.presented:
            number = shown.number
            if number is None or number.cls not in watched:
                continue
            if not reference.directory.held(number.canonical, facts.customer_id, facts.paris_day):
                return HIT
        return PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """Every presented number with whether it is the customer's."""
        held: list[str] = []
        for shown in facts.presented:
            if shown.number is not None:
                own = reference.directory.held(shown.number.canonical, facts.customer_id, facts.paris_day)
                held.append(f"{shown.source} {shown.number.canonical} {'held' if own else 'not held'}")
        return ", ".join(held) or "no number presented"


@final
class SmsOnlyCheck(Check):
    """A text needs a sender of certain classes; a voice call may not show numbers for platform exchanges."""

    def __init__(self, senders: frozenset[str]) -> None:
        self.senders: Final = senders

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit for a text from any other sender, or for an undeclared 0937-0939 in a voice call."""
        if facts.method == MESSAGE:
            caller = facts.caller
            known = caller is not None and caller.number is not None and caller.number.cls in self.senders
            return PASS if known else HIT
        for shown in facts.presented:
            number = shown.number
            if number is not None and number.cls == "npuept":
                customer = facts.customer
                if customer is None or not customer.platform_exchanges:
                    return HIT
        return PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The method and every presented identity."""
        return f"{facts.method}, {shown_texts(facts)}"


@final
class InternationalOriginCheck(Check):
    """A French number comes from abroad without a valid attestation (CPCE L44 IV, V)."""

    def __init__(self, mask_mobile: bool) -> None:
        self.mask_mobile: Final = mask_mobile

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit for a French number; MASK when all of them are mobile and the row masks those."""
        if facts.trunk.origin != INTERNATIONAL or facts.attested:
            return PASS
        outcome = PASS
        for shown in facts.presented:
            number = shown.number
            if number is None or number.cls == FOREIGN:
                continue
            if not self.mask_mobile or number.cls not in MOBILE_CLASSES:
                return HIT
            outcome = MASK
        return outcome

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The origin, the attestation and every presented identity."""
        attested = "attested" if facts.attested else "not attested"
        return f"origin {facts.trunk.origin}, {attested}, {shown_texts(facts)}"


@final
class ReservedRangeCheck(Check):
    """A presented number lies in a range where no block was seen allocated, and is not the customer's."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit for the first such number."""
        for shown in facts.presented:
            number = shown.number
            if (
                number is not None
                and number.status == "reserved"
                and not reference.directory.held(number.canonical, facts.customer_id, facts.paris_day)
            ):
                return HIT
        return PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """Every presented number with the state of its range."""
        ranges = [f"{shown.source} {shown.number.status}" for shown in facts.presented if shown.number is not None]
        return ", ".join(ranges) or "no number presented"


@final
class RepairedCheck(Check):
    """A number was understood although written under the wrong country code."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit when the called number or a presented one was repaired."""
        if facts.called is not None and facts.called.repaired:
            return HIT
        for shown in facts.presented:
            if shown.number is not None and shown.number.repaired:
                return HIT
        return PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """What was called and presented."""
        return f"called {facts.called_text} read as {called_text(facts)}; {shown_texts(facts)}"
