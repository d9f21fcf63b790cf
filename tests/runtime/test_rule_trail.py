"""The rules of a decision, told afterwards, agree with what `explain` finds when it judges each of them."""

from __future__ import annotations

from datetime import datetime

import pytest

from proxy.policy.decide import UNREACHABLE, decide
from proxy.policy.decision import Action, Decision, Presentation, need, refuse
from proxy.policy.edition import Edition
from proxy.policy.explain import explain
from proxy.policy.facts import CallFacts, TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.policy.ledger import EMPTY, EXPIRED, LedgerView
from proxy.runtime.rule_trail import Trail
from tests.runtime.recorded import Dice

OPEN = "2026-11-24T11:00:00+01:00"
NIGHT = "2026-11-24T23:00:00+01:00"


VMS = TrunkFacts("vms")


def decided(
    edition: Edition,
    at: str = OPEN,
    caller: str = "0162000001",
    called: str = "0140000000",
    customer: str = "acme",
    purpose: str = "contract_current",
    mode: str = "predictive",
    trunk: TrunkFacts = VMS,
) -> tuple[CallFacts, Decision]:
    facts = gather(
        edition, trunk, customer, "", purpose, mode, "INVITE",
        [("From", caller)], called, datetime.fromisoformat(at).timestamp(), False,
    )  # fmt: skip
    return facts, decide(facts, edition, EMPTY)


def verdicts(trail: list[str]) -> dict[str, str]:
    return {entry.partition("@")[0]: entry.rpartition(" ")[2] for entry in trail}


def test_a_call_that_goes_on_met_every_gate_and_one_rule_chose(edition: Edition) -> None:
    facts, decision = decided(edition)
    found = verdicts(Trail().walked(facts, decision, edition))
    assert [rule for rule, verdict in found.items() if verdict == "chose"] == [decision.rule]
    assert found["destination.emergency"] == "pass"
    assert found["cli.mobile"] == "pass"
    assert "refuse" not in found.values()


@pytest.mark.parametrize(
    ("at", "caller", "customer", "rule"),
    [
        (OPEN, "0612345678", "acme", "cli.mobile"),
        (OPEN, "0162000001", "nobody", "customer.unknown"),
    ],
)
def test_a_refusal_ends_the_trail(edition: Edition, at: str, caller: str, customer: str, rule: str) -> None:
    facts, decision = decided(edition, at, caller, customer=customer)
    assert decision.rule == rule
    trail = Trail().walked(facts, decision, edition)
    assert trail[-1].startswith(f"{rule}@")
    assert trail[-1].endswith(" refuse")
    assert all(entry.endswith((" pass", " warn")) for entry in trail[:-1])


def test_an_emergency_call_met_one_rule(edition: Edition) -> None:
    facts, decision = decided(edition, called="112")
    assert verdicts(Trail().walked(facts, decision, edition)) == {"destination.emergency": "chose"}


def test_a_rule_that_hides_the_number_chose_and_no_presentation_rule_did(edition: Edition) -> None:
    abroad = TrunkFacts("abroad", origin="international")
    facts, decision = decided(edition, caller="0612345678", mode="manual", trunk=abroad)
    assert (decision.rule, decision.presentation) == ("origin.international", Presentation.WITHHELD)
    found = verdicts(Trail().walked(facts, decision, edition))
    assert [rule for rule, verdict in found.items() if verdict == "chose"] == ["origin.international"]
    assert not any(rule.startswith("presentation.") for rule in found)


def test_a_call_refused_for_what_would_be_shown_ends_there(edition: Edition) -> None:
    strict = TrunkFacts("vms", profile="strict")
    facts, decision = decided(
        edition, caller="anonymous", customer="nonumber", purpose="prospecting_consumer", trunk=strict
    )
    assert decision.rule == "display.mandatory"
    trail = Trail().walked(facts, decision, edition)
    assert trail[-1].startswith("display.mandatory@")
    assert trail[-1].endswith(" refuse")
    assert not any(entry.startswith("presentation.") for entry in trail)


def test_a_decision_that_lacks_shared_state_names_who_asked(edition: Edition) -> None:
    facts, _ = decided(edition)
    inquiry = Inquiry("acme", "+33140000000", "", "call-1", 0.0)
    found = verdicts(Trail().walked(facts, need("cli.mobile", inquiry, ("cli.class",)), edition))
    assert (found["cli.mobile"], found["cli.class"]) == ("need", "warn")


def test_a_call_refused_because_the_store_is_away_met_every_gate(edition: Edition) -> None:
    facts, _ = decided(edition)
    away = refuse("ledger.unreachable", 480, "Shared State Unreachable", (), 0.0, 30)
    found = verdicts(Trail().walked(facts, away, edition))
    assert "hours.campaign" in found
    assert {"refuse", "chose"}.isdisjoint(found.values())


def test_each_rule_carries_the_day_it_came_into_force(edition: Edition) -> None:
    facts, decision = decided(edition)
    trail = Trail().walked(facts, decision, edition)
    since = {rule.id: rule.row.since for rule in edition.book.on(facts.paris_day, facts.paris_day).rules}
    for entry in trail:
        rule_id, day = entry.rpartition(" ")[0].split("@")
        assert datetime.fromisoformat(day).toordinal() == since[rule_id]


@pytest.mark.parametrize("at", [OPEN, NIGHT])
@pytest.mark.parametrize("caller", ["0162000001", "0612345678", "0899000000", "anonymous"])
def test_the_trail_agrees_with_explain(edition: Edition, at: str, caller: str) -> None:
    facts, decision = decided(edition, at, caller)
    judged = {step.id: step.verdict for step in explain(facts, edition, EMPTY)}
    told = verdicts(Trail().walked(facts, decision, edition))
    gates = [rule for rule in told if not rule.startswith("presentation.")]
    for rule in gates:
        expected = {"pass": {"pass", "not applicable"}, "warn": {"warn"}, "refuse": {"hit"}, "chose": {"hit"}}[
            told[rule]
        ]
        assert judged[rule] in expected, rule


def test_a_new_edition_is_told_in_its_own_words(edition: Edition) -> None:
    trail = Trail()
    facts, decision = decided(edition)
    first = trail.walked(facts, decision, edition)
    fewer = Edition(edition.plan, edition.calendar, type(edition.book)(edition.book.rules[:3]), edition.directory, "x")
    facts, decision = decided(fewer)
    assert len(trail.walked(facts, decision, fewer)) < len(first)


def test_rules_that_had_to_do_without_the_store_say_so(edition: Edition) -> None:
    dice, seen = Dice(4, edition), set()
    for _ in range(1500):
        record = dice.record("d")
        facts = record.facts
        decision = decide(facts, edition, EXPIRED)
        found = verdicts(Trail().walked(facts, decision, edition, EXPIRED))
        judged = {step.id: step.verdict for step in explain(facts, edition, EXPIRED)}
        unknown = {rule for rule, verdict in found.items() if verdict.startswith("unknown-")}
        assert unknown == {rule for rule in found if judged[rule] == "unknown"}
        refusing = {rule for rule, verdict in found.items() if verdict == "unknown-refuse"}
        if decision.rule == UNREACHABLE:
            assert refusing
            seen.add("refused")
        elif refusing:
            assert decision.action == Action.REFUSE
        if unknown - refusing:
            seen.add("passed")
    assert "refused" in seen or "passed" in seen
    rules = Trail().walked(facts, decision, edition, LedgerView(PersonState(), None, True))
    assert not [rule for rule in rules if "unknown-" in rule]
