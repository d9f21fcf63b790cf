from __future__ import annotations

import pytest

from proxy.policy.gather import MET_DAYS, MET_MOST, understood
from tests.policy.desk import Desk

FROM = ("From", "+33162000001")
PAI = ("P-Asserted-Identity", "+33270000001")


@pytest.mark.parametrize(
    ("presented", "source", "canonical"),
    [
        ((FROM,), "From", "+33162000001"),
        ((FROM, PAI), "P-Asserted-Identity", "+33270000001"),
        ((PAI, FROM), "P-Asserted-Identity", "+33270000001"),
        ((FROM, ("P-Asserted-Identity", "anonymous")), "From", "+33162000001"),
        ((("From", "anonymous"), ("Remote-Party-ID", "0377000001")), "Remote-Party-ID", "+33377000001"),
        (
            (("From", "anonymous"), ("P-Asserted-Identity", "x"), ("P-Asserted-Identity", "0162000001")),
            "P-Asserted-Identity",
            "+33162000001",
        ),
        ((("From", "anonymous"),), "From", None),
        ((("Diversion", "0162000001"), FROM), "From", "+33162000001"),
    ],
)
def test_the_effective_caller(
    desk: Desk, presented: tuple[tuple[str, str], ...], source: str, canonical: str | None
) -> None:
    caller = desk.facts(presented=presented).caller
    assert caller is not None
    assert caller.source == source
    assert (caller.number.canonical if caller.number else None) == canonical


def test_no_identity_no_caller(desk: Desk) -> None:
    assert desk.facts(presented=()).caller is None


@pytest.mark.parametrize(
    ("customer", "campaign", "stated", "purpose", "mode"),
    [
        ("acme", "", ("", ""), "prospecting_consumer", "predictive"),
        ("acme", "follow-up", ("", ""), "contract_current", "predictive"),
        ("acme", "agents", ("", ""), "b2b", "manual"),
        ("acme", "agents", ("service", "vms"), "service", "vms"),
        ("acme", "agents", ("nonsense", "nonsense"), "b2b", "manual"),
        ("acme", "nothing", ("", ""), "prospecting_consumer", "predictive"),
        ("nobody", "", ("", ""), "prospecting_consumer", "broadcast"),
    ],
)
def test_purpose_and_mode_are_stated_or_the_campaigns_or_the_customers(
    desk: Desk, customer: str, campaign: str, stated: tuple[str, str], purpose: str, mode: str
) -> None:
    facts = desk.facts(customer=customer, campaign=campaign, purpose=stated[0], mode=stated[1])
    assert (facts.purpose, facts.mode) == (purpose, mode)


def test_the_clock_is_the_called_persons(desk: Desk) -> None:
    moment = desk.facts(to="+262692000000").moment
    assert moment is not None
    assert moment.iso() == "2026-11-23T14:00:00+04:00"
    caledonia = desk.facts(to="+687251234").moment
    assert caledonia is not None
    assert caledonia.iso() == "2026-11-23T21:00:00+11:00"


@pytest.mark.parametrize("to", ["+442079460000", "nobody", "+80012345678"])
def test_no_clock(desk: Desk, to: str) -> None:
    assert desk.facts(to=to).moment is None


@pytest.mark.parametrize("text", ["+33162000001", "0162000001", "anonymous", "1" * 80])
def test_a_number_that_was_met_is_read_as_before(desk: Desk, text: str) -> None:
    plan, day = desk.edition.plan, desk.edition.calendar.paris_day(desk.facts().at)
    for on in (day, day + 400, day, day + 1, day + 2, day + 3, day + 4):
        for _ in range(2):
            found, plain = understood(plan, text, on), plan.number(text, on)
            assert (found and (found.canonical, found.cls)) == (plain and (plain.canonical, plain.cls))
    assert len(plan.presented) <= MET_DAYS


def test_only_so_many_numbers_are_remembered(desk: Desk) -> None:
    plan = desk.edition.plan
    for number in range(MET_MOST + 10):
        understood(plan, f"+336{number:08d}", 739_000)
    assert len(plan.presented[739_000]) == 10
