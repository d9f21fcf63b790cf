from __future__ import annotations

import pytest

from proxy.policy.checks import HIT, PASS, Show
from proxy.policy.checks_shown import (
    CampaignNumber,
    DefaultNumber,
    DisplayMandatory,
    KeptNumber,
    NoNumber,
    PresentedNumber,
    ZoneNumber,
    caller_text,
)
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.ledger import EMPTY
from tests.policy.desk import Desk

GEO = (("From", "0140000010"),)


def chosen(show: Show, facts: CallFacts, edition: Edition) -> str:
    assert show.saw(facts, edition.reference, EMPTY)
    number = show.choose(facts, edition.reference)
    return number.canonical if number is not None else ""


@pytest.mark.parametrize(
    ("mode", "presented", "number"),
    [
        ("manual", GEO, "+33140000010"),
        ("predictive", GEO, ""),
        ("manual", (("From", "0140000099"),), ""),
        ("manual", (("From", "0162000001"),), ""),
        ("manual", (("From", "anonymous"),), ""),
        ("manual", (), ""),
    ],
)
def test_kept(desk: Desk, shipped: Edition, mode: str, presented: tuple[tuple[str, str], ...], number: str) -> None:
    facts = desk.facts(mode=mode, presented=presented)
    assert chosen(KeptNumber(frozenset({"geo"})), facts, shipped) == number


@pytest.mark.parametrize(("campaign", "number"), [("spring", "+33162000002"), ("local", ""), ("", "")])
def test_campaign(desk: Desk, shipped: Edition, campaign: str, number: str) -> None:
    assert chosen(CampaignNumber(), desk.facts(campaign=campaign), shipped) == number


@pytest.mark.parametrize(
    ("customer", "campaign", "to", "number"),
    [
        ("acme", "local", "0244556677", "+33270000001"),
        ("acme", "spring", "0244556677", ""),
        ("acme", "", "0244556677", ""),
        ("medirappel", "", "0244556677", "+33270100001"),
        ("medirappel", "reminders", "0244556677", "+33270100001"),
        ("acme", "local", "nobody", ""),
        ("nobody", "", "0244556677", ""),
    ],
)
def test_zone(desk: Desk, shipped: Edition, customer: str, campaign: str, to: str, number: str) -> None:
    assert chosen(ZoneNumber(), desk.facts(customer=customer, campaign=campaign, to=to), shipped) == number


def test_zone_takes_the_least_used_first_and_skips_what_may_not_be_shown(desk: Desk, shipped: Edition) -> None:
    facts = desk.facts(campaign="local", to="0144556677")
    seen: list[str] = []
    try:
        for _ in range(4):
            seen.append(chosen(ZoneNumber(), facts, shipped))
            shipped.directory.used(seen[-1])
    finally:
        shipped.directory.uses.clear()
    assert seen == ["+33162000001", "+33162000002", "+33162000001", "+33162000002"]


@pytest.mark.parametrize(
    ("presented", "number"),
    [
        ((("From", "0162000002"),), "+33162000002"),
        ((("From", "0162000002"), ("P-Asserted-Identity", "0140000099")), "+33162000002"),
        ((("From", "0162000002"), ("P-Asserted-Identity", "0270000001")), "+33270000001"),
        ((("From", "0140000099"), ("Remote-Party-ID", "anonymous")), ""),
        ((), ""),
    ],
)
def test_presented(desk: Desk, shipped: Edition, presented: tuple[tuple[str, str], ...], number: str) -> None:
    assert chosen(PresentedNumber(), desk.facts(presented=presented), shipped) == number


@pytest.mark.parametrize(("customer", "number"), [("acme", "+33162000001"), ("nonumber", ""), ("nobody", "")])
def test_default(desk: Desk, shipped: Edition, customer: str, number: str) -> None:
    assert chosen(DefaultNumber(), desk.facts(customer=customer), shipped) == number


def test_none(desk: Desk, shipped: Edition) -> None:
    assert chosen(NoNumber(), desk.facts(), shipped) == ""
    assert NoNumber().withholds()
    assert not DefaultNumber().withholds()


def test_display_mandatory(desk: Desk, shipped: Edition) -> None:
    facts = desk.facts()
    assert DisplayMandatory().judge_shown(facts, None) == HIT
    assert DisplayMandatory().judge_shown(facts, facts.called) == PASS
    assert DisplayMandatory().saw(facts, shipped.reference, EMPTY) == "purpose prospecting_consumer"


def test_caller_text(desk: Desk) -> None:
    assert caller_text(desk.facts(presented=())) == "no identity presented"
    assert caller_text(desk.facts(presented=(("From", "x"),))) == "From x (no number)"
    assert caller_text(desk.facts()) == "From +33162000001 (npv)"
