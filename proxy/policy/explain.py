"""The same walk as `decide`, with every rule of the book asked and listed.

For people: the `decide` command, records under examination, tests. Nothing here is on the path of a
call, and nothing here decides: the answer is the one of `decide` for the same three arguments.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.checks import HIT, MASK, PASS, UNKNOWN_STATE, Aftermath, Show
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.ledger import EMPTY, LedgerView
from proxy.policy.numbers import Number
from proxy.policy.ranges import FOREVER
from proxy.policy.rulebook import CLOCK_CALLED, OFF, WARN, Rule

VERDICT_CLEAR: Final = "pass"
VERDICT_HIT: Final = "hit"
VERDICT_WARN: Final = "warn"
VERDICT_OFF: Final = "off"
NOT_APPLICABLE: Final = "not applicable"
VERDICT_NEED: Final = "need"
VERDICT_UNKNOWN: Final = "unknown"


@final
class Step:
    """One rule, the version looked at and what it said; `until` is 0 while the version has no end."""

    __slots__ = ("id", "since", "until", "mode", "verdict", "saw", "basis", "confidence")

    def __init__(self, rule: Rule, mode: str, verdict: str, saw: str) -> None:
        self.id: Final[str] = rule.id
        self.since: Final[int] = rule.row.since
        self.until: Final[int] = 0 if rule.row.until == FOREVER else rule.row.until
        self.mode: Final = mode
        self.verdict: Final = verdict
        self.saw: Final = saw
        self.basis: Final[str] = rule.row.basis
        self.confidence: Final[str] = rule.row.confidence


@final
class Choice:
    """The number that the presentation rows have come to so far."""

    __slots__ = ("made", "number")

    def __init__(self) -> None:
        self.made = False
        self.number: Number | None = None


def explain(facts: CallFacts, edition: Edition, ledger: LedgerView) -> list[Step]:
    """Every rule of the book in its order, each with the version in force."""
    steps: list[Step] = []
    choice = Choice()
    for rule in versions_in_force(facts, edition):
        row = rule.row
        mode = row.mode_for(facts.trunk.profile)
        if not row.since <= day_for(rule, facts) <= row.until:
            steps.append(Step(rule, mode, NOT_APPLICABLE, "no version in force on that day"))
        elif not row.applies(facts.purpose, facts.mode, facts.method):
            steps.append(Step(rule, mode, NOT_APPLICABLE, f"{facts.purpose}, {facts.mode}, {facts.method}"))
        elif mode == OFF:
            steps.append(Step(rule, mode, VERDICT_OFF, rule.check.saw(facts, edition.reference, ledger)))
        else:
            verdict = verdict_of(rule, mode, facts, edition, ledger, choice)
            steps.append(Step(rule, mode, verdict, rule.check.saw(facts, edition.reference, ledger)))
    return steps


def versions_in_force(facts: CallFacts, edition: Edition) -> list[Rule]:
    """One rule per id, in the order of the book: the version of the day, else the first one of the file."""
    found: dict[str, Rule] = {}
    for rule in edition.book.rules:
        if rule.id not in found or rule.row.since <= day_for(rule, facts) <= rule.row.until:
            found[rule.id] = rule
    return list(found.values())


def day_for(rule: Rule, facts: CallFacts) -> int:
    """The day by which the version of a rule is chosen."""
    if rule.row.clock == CLOCK_CALLED and facts.moment is not None:
        return facts.moment.day
    return facts.paris_day


def verdict_of(rule: Rule, mode: str, facts: CallFacts, edition: Edition, ledger: LedgerView, choice: Choice) -> str:
    """The word for what one rule says; `choice` moves on with the presentation rows."""
    check = rule.check
    if isinstance(check, Show):
        return verdict_of_show(check, facts, edition, choice)
    if isinstance(check, Aftermath):
        outcome = check.judge_shown(facts, choose(facts, edition).number)
    else:
        outcome = check.judge(facts, edition.reference, ledger)
    if outcome == PASS:
        return VERDICT_CLEAR
    if outcome == UNKNOWN_STATE:
        return VERDICT_UNKNOWN if ledger.expired else VERDICT_NEED
    return VERDICT_WARN if mode == WARN and outcome in (HIT, MASK) else VERDICT_HIT


def verdict_of_show(show: Show, facts: CallFacts, edition: Edition, choice: Choice) -> str:
    """`hit` for the row that chose, `pass` for those before it, `not applicable` for those behind."""
    if choice.made:
        return NOT_APPLICABLE
    choice.number = show.choose(facts, edition.reference)
    choice.made = choice.number is not None or show.withholds()
    return VERDICT_HIT if choice.made else VERDICT_CLEAR


def choose(facts: CallFacts, edition: Edition) -> Choice:
    """What the presentation rows come to, unless a gate withholds the number."""
    choice = Choice()
    walk = edition.book.walk(facts)
    for gate in walk.gates:
        if gate.enforced and gate.check.judge(facts, edition.reference, EMPTY) == MASK:
            return choice
    for row in walk.shows:
        verdict_of_show(row.show, facts, edition, choice)
    return choice
