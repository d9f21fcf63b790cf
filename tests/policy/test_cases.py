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
from proxy.policy.explain import day_for, explain
from proxy.policy.facts import CallFacts
from proxy.policy.ranges import FOREVER
from proxy.policy.rulebook import Rule
from proxy.runtime.rule_cases import Case, answer, day_of, facts_of, hits, passes, read_cases, text, would_hit

CASES = read_cases(Path(__file__).parents[1] / "cases")
LEAST_CASES = 250
PLAN_OF_1996 = date(1996, 10, 18).toordinal()
STOP_HEARD = (
    "refusal.message",
    "the day before",
)  # counts what was said from its first day on: before it nothing can hit


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


def boundaries(rule: Rule) -> list[tuple[str, int, int]]:
    """Each side of a version's boundaries as (side, nearest day, step away from the boundary).

    The beginning of the plan of 1996 is none: before it there were no such numbers.
    """
    row = rule.row
    sides = []
    if row.since > PLAN_OF_1996:
        sides += [("the first day", row.since, 1), ("the day before", row.since - 1, -1)]
    if row.until != FOREVER:
        sides += [("the last day", row.until, -1), ("the day after", row.until + 1, 1)]
    return sides


def nearest(rule: Rule, facts: CallFacts, day: int, step: int, shipped: Edition) -> int:
    """The day on that side which is nearest to the boundary and on which the rule can hit such a call: holidays are few."""
    calendar = shipped.reference.calendar
    if rule.id == "holiday.national":
        while not calendar.holiday(day):
            day += step
    elif rule.id == "holiday.territory":
        while not calendar.local_holiday(facts.clock(), day):
            day += step
    return day


def test_every_version_is_hit_on_both_sides_of_its_boundaries(shipped: Edition) -> None:
    """On each side some case has facts that the version hits: it must do so in force, and be silent out of force."""
    known = [(case, facts_of(case, shipped)) for case in CASES]
    missing = []
    for rule in shipped.book.rules:
        for side, day, step in boundaries(rule):
            found = [
                case
                for case, facts in known
                if would_hit(rule, case, shipped) and day_for(rule, facts) == nearest(rule, facts, day, step, shipped)
            ]
            version = (rule.id, rule.row.since)
            assert {version in hits(case, shipped) for case in found} <= {rule.row.since <= day <= rule.row.until}
            if not found and (rule.id, side) != STOP_HEARD:
                missing.append(f"{rule.id} from {date.fromordinal(rule.row.since)}: {side}")
    assert missing == []


def test_every_territory_and_both_days_of_every_change_have_cases(shipped: Edition) -> None:
    """Saint-Martin and Saint-Barthélemy share the numbers, and so the clock, of Guadeloupe."""
    seen = [moment for case in CASES if (moment := facts_of(case, shipped).moment) is not None]
    assert {moment.territory for moment in seen} >= {"METRO", "GP", "MQ", "GF", "RE", "YT", "PM"}
    days = {(moment.territory, moment.iso()[:10]) for moment in seen}
    for day in (
        "2022-12-31",
        "2023-01-01",
        "2025-12-31",
        "2026-01-01",
    ):  # changes of the numbering plan, by the day in Paris
        assert ("METRO", day) in days
    for day in ("2023-02-28", "2023-03-01", "2026-08-10", "2026-08-11"):  # changes by the day at the called person
        assert {("METRO", day), ("RE", day), ("MQ", day)} <= days
