"""tests/cases/*.toml: facts and an instant against the rule that decides and what it says.

How a case is written stands in proxy/runtime/rule_cases.py.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import cast

import pytest

from proxy.policy.decide import UNREACHABLE
from proxy.policy.decision import Action, Decision, Presentation
from proxy.policy.edition import Edition
from proxy.policy.explain import explain
from proxy.policy.ranges import FOREVER
from proxy.runtime.rule_cases import Case, answer, day_of, facts_of, hits, passes, read_cases, text

CASES = read_cases(Path(__file__).parents[1] / "cases")
LEAST_CASES = 250


def shown(decision: Decision) -> str:
    """What a case calls `shows`."""
    if decision.action != Action.FORWARD:
        return ""
    if decision.presentation == Presentation.NPV:
        assert decision.number is not None
        return decision.number.canonical
    return "withheld" if decision.presentation == Presentation.WITHHELD else "unchanged"


@pytest.mark.parametrize("case", CASES, ids=[f"{case['file']}: {case['name']}" for case in CASES])
def test_case(case: Case, shipped: Edition) -> None:
    facts = facts_of(case, shipped)
    decision, view = answer(case, facts, shipped)
    assert decision.rule == case["rule"]
    assert decision.status == case.get("status", 0)
    assert shown(decision) == text(case, "shows")
    assert (decision.action == Action.REFUSE) == (decision.status != 0)
    opening = cast("datetime | None", case.get("next"))
    if opening is not None or not text(case, "load"):
        assert decision.next_opening == (0.0 if opening is None else opening.timestamp())
    if opening is not None:
        assert decision.retry_after == opening.timestamp() - facts.at
    if "warns" in case:
        assert list(decision.warnings) == case["warns"]
    if "local" in case:
        assert facts.moment is not None
        assert facts.moment.iso() == case["local"]
    if "asked" in case:
        assert (view.state is not None) == case["asked"]
    if decision.rule == UNREACHABLE:
        return
    step = next(step for step in explain(facts, shipped, view) if step.id == decision.rule)
    assert step.verdict == "hit"
    if "version" in case:
        assert step.since == day_of(case["version"])


@pytest.mark.parametrize("case", CASES, ids=[f"{case['file']}: {case['name']}" for case in CASES])
def test_an_attempt_counts_when_and_only_when_the_call_goes_on(case: Case, shipped: Edition) -> None:
    facts = facts_of(case, shipped)
    decision, view = answer(case, facts, shipped)
    if view.state is not None and view.state.reserved:
        assert decision.action == Action.FORWARD


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= LEAST_CASES
    names = [(case["file"], case["name"]) for case in CASES]
    assert len(set(names)) == len(names)


def test_every_row_is_exercised(shipped: Edition) -> None:
    """A row of the rule book that no case hits is a row that nobody has looked at."""
    hit = set[tuple[str, int]]()
    for case in CASES:
        hit |= hits(case, shipped)
    assert {(rule.id, rule.row.since) for rule in shipped.book.rules} - hit == set()


def test_every_row_with_state_also_passes(shipped: Edition) -> None:
    """A rule of state that never lets a call pass would be no rule but a ban."""
    passed = set[tuple[str, int]]()
    for case in CASES:
        passed |= passes(case, shipped)
    with_state = {
        (rule.id, rule.row.since)
        for rule in shipped.book.rules
        if rule.id.partition(".")[0] in ("consent", "sector", "refusal", "frequency", "attempts", "capacity")
    }
    assert with_state
    assert with_state - passed == set()


def test_every_boundary_has_cases_on_both_sides(shipped: Edition) -> None:
    """Some case stands on the first day of a version and some on the day before; so too at the end."""
    days: set[int] = set()
    for case in CASES:
        facts = facts_of(case, shipped)
        days.add(facts.paris_day)
        if facts.moment is not None:
            days.add(facts.moment.day)
    old = date(2004, 1, 1).toordinal()
    for rule in shipped.book.rules:
        if rule.row.since > old:
            assert {rule.row.since, rule.row.since - 1} <= days, (rule.id, date.fromordinal(rule.row.since))
        if rule.row.until != FOREVER:
            assert {rule.row.until, rule.row.until + 1} <= days, (rule.id, date.fromordinal(rule.row.until))
