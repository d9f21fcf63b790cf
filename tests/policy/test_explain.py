from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.policy.checks_ledger import FrequencyCheck
from proxy.policy.decide import decide
from proxy.policy.decision import Action
from proxy.policy.edition import Edition
from proxy.policy.explain import Step, explain
from proxy.policy.facts import TrunkFacts
from proxy.policy.inquiry import PersonState
from proxy.policy.ledger import EMPTY, EXPIRED, NOTHING_KNOWN, LedgerView
from tests.policy.desk import Desk
from tests.policy.shelf import edition_with, rule


def by_id(steps: list[Step]) -> dict[str, Step]:
    return {step.id: step for step in steps}


def test_every_rule_of_the_book_is_listed_once_in_its_order(desk: Desk, shipped: Edition) -> None:
    steps = explain(desk.facts(), shipped, EMPTY)
    expected = list(dict.fromkeys(found.id for found in shipped.book.rules))
    assert [step.id for step in steps] == expected


def test_after_a_refusal_the_others_are_still_asked(desk: Desk, shipped: Edition) -> None:
    facts = desk.facts(presented=(("From", "0612345678"),), at="2026-12-25T13:30:00+01:00")
    steps = by_id(explain(facts, shipped, EMPTY))
    assert [steps[one].verdict for one in ("cli.mobile", "hours.consumer", "holiday.national")] == ["hit"] * 3
    assert steps["customer.unknown"].verdict == "pass"
    assert steps["holiday.territory"].verdict == "off"
    assert steps["hours.message"].verdict == "not applicable"
    assert steps["hours.message"].saw == "prospecting_consumer, predictive, INVITE"


@pytest.mark.parametrize(
    ("at", "since", "until"),
    [
        ("2026-08-10T11:00:00+02:00", date(2023, 3, 1), date(2026, 8, 10)),
        ("2026-08-11T11:00:00+02:00", date(2026, 8, 11), None),
    ],
)
def test_the_version_of_the_day(desk: Desk, shipped: Edition, at: str, since: date, until: date | None) -> None:
    step = by_id(explain(desk.facts(at=at), shipped, EMPTY))["hours.consumer"]
    assert step.since == since.toordinal()
    assert step.until == (until.toordinal() if until else 0)


def test_a_rule_without_a_version_on_the_day(desk: Desk, shipped: Edition) -> None:
    step = by_id(explain(desk.facts(at="2020-01-06T11:00:00+01:00"), shipped, EMPTY))["hours.consumer"]
    assert (step.verdict, step.saw) == ("not applicable", "no version in force on that day")
    abroad = by_id(explain(desk.facts(to="+442079460000"), shipped, EMPTY))["hours.consumer"]
    assert abroad.since == date(2026, 8, 11).toordinal()


def test_presentation_rows_before_at_and_behind_the_choice(desk: Desk, shipped: Edition) -> None:
    steps = by_id(explain(desk.facts(), shipped, EMPTY))
    names = ["kept", "campaign", "zone", "presented", "default", "withheld"]
    verdicts = [steps[f"presentation.{name}"].verdict for name in names]
    assert verdicts == ["pass", "pass", "pass", "hit", "not applicable", "not applicable"]


def test_the_display_rule_sees_what_was_chosen(desk: Desk, shipped: Edition) -> None:
    shown = by_id(explain(desk.facts(), shipped, EMPTY))["display.mandatory"]
    withheld = by_id(explain(desk.facts(customer="nonumber"), shipped, EMPTY))["display.mandatory"]
    assert (shown.verdict, withheld.verdict) == ("pass", "warn")
    masked = desk.facts(
        customer="medirappel",
        purpose="prospecting_consumer",
        presented=(("From", "0612345678"),),
        trunk=TrunkFacts("t", origin="international", profile="strict"),
    )
    steps = by_id(explain(masked, shipped, EMPTY))
    assert steps["origin.international"].verdict == "hit"
    assert (steps["display.mandatory"].verdict, steps["display.mandatory"].mode) == ("hit", "enforce")


@pytest.mark.parametrize(
    ("ledger", "verdict"),
    [
        (EMPTY, "need"),
        (EXPIRED, "unknown"),
        (LedgerView(PersonState(attempts=4)), "hit"),
        (LedgerView(PersonState(attempts=3)), "pass"),
    ],
)
def test_state(desk: Desk, shipped: Edition, ledger: LedgerView, verdict: str) -> None:
    edition = edition_with(shipped, rule("frequency.a", FrequencyCheck(4, 30)))
    assert explain(desk.facts(), edition, ledger)[0].verdict == verdict


@settings(max_examples=100)
@given(
    st.sampled_from(["acme", "nonumber", "stopped", "sonda"]),
    st.sampled_from(["0162000001", "0612345678", "0140000099"]),
    st.sampled_from(["0140000000", "15", "0899123456", "0596000000"]),
    st.sampled_from(["2026-11-23T11:00:00+01:00", "2026-12-25T13:30:00+01:00"]),
)
def test_the_rule_that_decides_is_the_first_enforced_hit(
    desk: Desk, shipped: Edition, customer: str, text: str, to: str, at: str
) -> None:
    facts = desk.facts(customer=customer, presented=(("From", text),), to=to, at=at)
    decision = decide(facts, shipped, NOTHING_KNOWN)
    hits = [step.id for step in explain(facts, shipped, NOTHING_KNOWN) if step.verdict == "hit"]
    assert decision.rule in hits
    if decision.action == Action.REFUSE:
        assert decision.rule == hits[0]
