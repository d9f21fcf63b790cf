"""The check behind trunks for test suites: calls between names instead of numbers, which pass as they come."""

from __future__ import annotations

from typing import Final, final

from proxy.policy.checks import BYPASS, HIT, PASS, Check, called_text, shown_texts
from proxy.policy.facts import CONFORMANCE, CallFacts
from proxy.policy.ledger import LedgerView
from proxy.policy.reference import Reference

HARMLESS: Final = "service"


@final
class ConformanceCheck(Check):
    """Calls on a trunk with `profile = "conformance"` pass untouched, as long as nobody's telephone can be meant."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """BYPASS for a call of a known customer between names, which begin with a letter; HIT on such a trunk for all else,
        a number anywhere or a purpose other than `service`; PASS on every other trunk.
        """
        if facts.trunk.profile != CONFORMANCE:
            return PASS
        if facts.customer is None or facts.purpose != HARMLESS:
            return HIT
        if facts.called is not None or not facts.called_text[:1].isalpha():
            return HIT
        for shown in facts.presented:
            if shown.number is not None or not shown.text[:1].isalpha():
                return HIT
        return BYPASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The profile, the purpose, and all that could be a number."""
        return f"profile {facts.trunk.profile}, purpose {facts.purpose}, {called_text(facts)}, {shown_texts(facts)}"
