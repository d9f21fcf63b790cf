"""Checks on shared state. They read the ledger view only; a key it lacks is UNKNOWN_STATE."""

from __future__ import annotations

from typing import Final, final

from proxy.policy.checks import HIT, PASS, UNKNOWN_STATE, Check
from proxy.policy.facts import CallFacts
from proxy.policy.ledger import UNKNOWN, LedgerView
from proxy.policy.reference import Reference

FIELDS: Final = ("customer", "campaign", "caller", "called")


@final
class LedgerFlagCheck(Check):
    """A flag of the ledger is set: any value but 0 and the empty text. The key is made from `{field}` templates."""

    def __init__(self, template: str) -> None:
        self.template: Final = template

    def key(self, facts: CallFacts) -> str:
        """The template with its fields filled in."""
        caller = facts.caller
        caller_number = caller.number.canonical if caller is not None and caller.number is not None else ""
        called_number = facts.called.canonical if facts.called is not None else ""
        return (
            self.template.replace("{customer}", facts.customer_id)
            .replace("{campaign}", facts.campaign_id)
            .replace("{caller}", caller_number)
            .replace("{called}", called_number)
        )

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit when the flag is set, UNKNOWN_STATE when the view lacks it."""
        value = ledger.get(self.key(facts))
        if value == UNKNOWN:
            return UNKNOWN_STATE
        return HIT if value not in (0, "") else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """Whether the key was known and what it held."""
        value = ledger.get(self.key(facts))
        return f"{self.template} {'unknown' if value == UNKNOWN else value}"
