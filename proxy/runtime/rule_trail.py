"""Which rules a decision looked at, told afterwards from the decision itself.

`decide` walks the rules of the day in order and stops at the first refusal. So the walk and the decision are enough:
what stands before the rule that decided passed or, in mode `warn`, warned. Nothing is judged a second time: the
policy objects keep small memories of their own and belong to the thread of the loop, this runs in the journal's. Where
the store was silent, the rules that had to do without it are told apart by what they read (`reads_state`).
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.call_back import is_call_back
from proxy.policy.checks import Check
from proxy.policy.checks_consent import ConsentCheck
from proxy.policy.checks_ledger import CampaignAttemptsCheck, FrequencyCheck, RefusalCheck
from proxy.policy.decision import Action, Decision, Presentation
from proxy.policy.directory import REGISTER
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.ledger import EMPTY, LedgerView
from proxy.policy.moment import iso_day
from proxy.policy.rulebook import Walk

PASSED: Final = "pass"
WARNED: Final = "warn"
REFUSED: Final = "refuse"
CHOSE: Final = "chose"
NEEDED: Final = "need"
UNKNOWN_PASSED: Final = "unknown-pass"
UNKNOWN_REFUSED: Final = "unknown-refuse"
VERDICTS: Final = {Action.FORWARD: CHOSE, Action.REFUSE: REFUSED, Action.NEED: NEEDED}


@final
class Signposts:
    """The rules of one walk as (id, `id@day since`), by sort; gates with themselves."""

    __slots__ = ("afters", "gates", "shows")

    def __init__(self, walk: Walk, since: dict[str, int]) -> None:
        self.gates: Final = [(*signpost(gate.id, since), gate) for gate in (*walk.bypasses, *walk.gates)]
        self.shows: Final = [signpost(show.id, since) for show in walk.shows]
        self.afters: Final = [signpost(after.id, since) for after in walk.afters]


@final
class Trail:
    """Writes trails; keeps the signposts of one edition."""

    def __init__(self) -> None:
        self._edition: Edition | None = None
        self._kept: Final[dict[Walk, Signposts]] = {}

    def walked(
        self, facts: CallFacts, decision: Decision, edition: Edition, ledger: LedgerView = EMPTY
    ) -> list[str]:  # fmt: skip
        """`<rule id>@<day since> <verdict>` in the order of the walk; verdicts: pass, warn, refuse, chose, need,
        unknown-pass and unknown-refuse.

        The unknown ones are rules whose state was missing when the store was silent, with what they say then. `chose` is the rule that let the call go on and settled what is shown. The presentation rules of a call that
        was refused after them are left out: they settled nothing. A call back asks no rule.
        """
        if is_call_back(decision.rule):
            return []
        posts = self._signposts(facts, edition)
        trail: list[str] = []
        settled = False
        silent = ledger.expired and ledger.state is None
        for rule_id, text, gate in posts.gates:
            told = verdict(rule_id, decision)
            if silent and told == PASSED and reads_state(gate.check, facts):
                told = UNKNOWN_REFUSED if gate.enforced and gate.row.on_unknown == "refuse" else UNKNOWN_PASSED
            trail.append(f"{text} {told}")
            if rule_id == decision.rule:
                settled = True
                if decision.action == Action.REFUSE or decision.presentation == Presentation.UNCHANGED:
                    return trail
        if not settled:
            trail += chosen(posts, decision)
        for rule_id, text in posts.afters:
            trail.append(f"{text} {verdict(rule_id, decision)}")
            if rule_id == decision.rule:
                break
        return trail

    def _signposts(self, facts: CallFacts, edition: Edition) -> Signposts:
        if edition is not self._edition:
            self._edition = edition
            self._kept.clear()
        walk = edition.book.walk(facts)
        posts = self._kept.get(walk)
        if posts is None:
            called_day = facts.paris_day if facts.moment is None else facts.moment.day
            rules = edition.book.on(facts.paris_day, called_day).rules
            posts = self._kept[walk] = Signposts(walk, {rule.id: rule.row.since for rule in rules})
        return posts


def signpost(rule_id: str, since: dict[str, int]) -> tuple[str, str]:
    """(id, `id@day since`)."""
    return rule_id, f"{rule_id}@{iso_day(since[rule_id])}"


def reads_state(check: Check, facts: CallFacts) -> bool:
    """Whether the rule cannot judge this call without the store."""
    if isinstance(check, ConsentCheck):
        return facts.consent.basis == REGISTER
    if isinstance(check, CampaignAttemptsCheck):
        return facts.campaign is not None and facts.campaign.counts_attempts()
    return isinstance(check, RefusalCheck | FrequencyCheck)


def verdict(rule_id: str, decision: Decision) -> str:
    """What the rule said, seen from the decision."""
    if rule_id == decision.rule:
        return VERDICTS[decision.action]
    return WARNED if rule_id in decision.warnings else PASSED


def chosen(posts: Signposts, decision: Decision) -> list[str]:
    """The presentation rules up to the one that chose; none when none of them did."""
    trail = []
    for rule_id, text in posts.shows:
        trail.append(f"{text} {verdict(rule_id, decision)}")
        if rule_id == decision.rule:
            return trail
    return []
