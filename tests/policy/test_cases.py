"""tests/cases/*.toml: facts and an instant against the rule that decides and what it says.

Each file holds `defaults` and a list `case`. Keys of a case: customer, campaign, purpose, mode,
method, from, pai, to, at, attested, trunk (origin, emergency, unopened, classes, profile) are facts;
rule, version (first day of the row that decides), status, shows, next, warns and local are expected.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import cast

import pytest

from proxy.policy.decide import decide
from proxy.policy.decision import Action, Decision, Presentation
from proxy.policy.edition import Edition
from proxy.policy.explain import explain
from proxy.policy.facts import CallFacts, TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.ledger import EMPTY

FOLDER = Path(__file__).parents[1] / "cases"
FACTS = {"customer", "campaign", "purpose", "mode", "method", "from", "pai", "to", "at", "attested", "trunk"}
EXPECTED = {"rule", "version", "status", "shows", "next", "warns", "local"}

Case = dict[str, object]


def all_cases() -> list[Case]:
    """Every case with the defaults of its file."""
    found: list[Case] = []
    for path in sorted(FOLDER.glob("*.toml")):
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in values["case"]:
            merged = {**values["defaults"], **case, "file": path.name}
            unknown = set(merged) - FACTS - EXPECTED - {"name", "file"}
            assert not unknown, f"{path.name} {case['name']}: unknown {unknown}"
            found.append(merged)
    return found


CASES = all_cases()


def text(case: Case, key: str) -> str:
    """A fact that is a text; empty when not stated."""
    return cast("str", case.get(key, ""))


def trunk_of(case: Case) -> TrunkFacts:
    """The trunk of a case."""
    stated = cast("dict[str, str]", case.get("trunk", {}))
    return TrunkFacts(
        "case",
        origin=stated.get("origin", "national"),
        emergency=stated.get("emergency", "pass"),
        unopened=stated.get("unopened", "pass"),
        allowed_classes=frozenset(stated.get("classes", ())),
        profile=stated.get("profile", "law"),
    )


def facts_of(case: Case, edition: Edition) -> CallFacts:
    """The facts of a case."""
    presented = [("From", text(case, "from"))] if text(case, "from") else []
    if text(case, "pai"):
        presented.append(("P-Asserted-Identity", text(case, "pai")))
    return gather(
        edition,
        trunk_of(case),
        text(case, "customer"),
        text(case, "campaign"),
        text(case, "purpose"),
        text(case, "mode"),
        cast("str", case.get("method", "INVITE")),
        presented,
        text(case, "to"),
        cast("datetime", case["at"]).timestamp(),
        cast("bool", case.get("attested", False)),
    )


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
    decision = decide(facts, shipped, EMPTY)
    assert decision.rule == case["rule"]
    assert decision.status == case.get("status", 0)
    assert shown(decision) == text(case, "shows")
    assert (decision.action == Action.REFUSE) == (decision.status != 0)
    opening = cast("datetime | None", case.get("next"))
    assert decision.next_opening == (0.0 if opening is None else opening.timestamp())
    if opening is not None:
        assert decision.retry_after == opening.timestamp() - facts.at
    if "warns" in case:
        assert list(decision.warnings) == case["warns"]
    if "local" in case:
        assert facts.moment is not None
        assert facts.moment.iso() == case["local"]
    step = next(step for step in explain(facts, shipped, EMPTY) if step.id == decision.rule)
    assert step.verdict == "hit"
    if "version" in case:
        assert step.since == cast("date", case["version"]).toordinal()


def test_every_row_is_exercised(shipped: Edition) -> None:
    """A row of the rule book that no case hits is a row that nobody has looked at."""
    hit: set[tuple[str, int]] = set()
    for case in CASES:
        for step in explain(facts_of(case, shipped), shipped, EMPTY):
            if step.verdict in ("hit", "warn"):
                hit.add((step.id, step.since))
    rows = {(rule.id, rule.row.since) for rule in shipped.book.rules}
    assert rows - hit == set()


def test_every_change_of_version_has_cases_on_both_sides(shipped: Edition) -> None:
    """For a version that follows another, some case stands on its first day and some on the day before."""
    days: set[int] = set()
    for case in CASES:
        facts = facts_of(case, shipped)
        days.add(facts.paris_day)
        if facts.moment is not None:
            days.add(facts.moment.day)
    ends = {(rule.id, rule.row.until) for rule in shipped.book.rules}
    for rule in shipped.book.rules:
        if (rule.id, rule.row.since - 1) in ends:
            assert {rule.row.since, rule.row.since - 1} <= days, rule.id
