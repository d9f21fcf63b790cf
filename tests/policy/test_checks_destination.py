from __future__ import annotations

import pytest

from proxy.policy.checks import BYPASS, HIT, PASS
from proxy.policy.checks_destination import (
    CampaignUnknownCheck,
    CustomerSuspendedCheck,
    CustomerUnknownCheck,
    CustomerUnverifiedCheck,
    DestinationClassCheck,
    DestinationInvalidCheck,
    EmergencyCheck,
)
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.ledger import EMPTY
from tests.policy.desk import Desk

REFUSING = TrunkFacts("t", emergency="refuse", unopened="refuse")


@pytest.mark.parametrize(
    ("to", "trunk", "outcome"),
    [
        ("15", None, BYPASS),
        ("15", REFUSING, HIT),
        ("155", None, PASS),
        ("0140000000", None, PASS),
        ("nobody", REFUSING, PASS),
    ],
)
def test_emergency(desk: Desk, shipped: Edition, to: str, trunk: TrunkFacts | None, outcome: int) -> None:
    facts = desk.facts(to=to, trunk=trunk)
    assert EmergencyCheck().judge(facts, shipped.reference, EMPTY) == outcome
    assert EmergencyCheck().saw(facts, shipped.reference, EMPTY).endswith("refuse" if trunk else "pass")


@pytest.mark.parametrize(
    ("customer", "unknown", "suspended", "unverified"),
    [
        ("acme", PASS, PASS, PASS),
        ("nobody", HIT, PASS, PASS),
        ("stopped", PASS, HIT, PASS),
        ("newcomer", PASS, PASS, HIT),
        ("lapsed", PASS, PASS, HIT),
    ],
)
def test_each_fault_of_a_customer_has_one_check(
    desk: Desk, shipped: Edition, customer: str, unknown: int, suspended: int, unverified: int
) -> None:
    facts = desk.facts(customer=customer)
    outcomes = [
        check.judge(facts, shipped.reference, EMPTY)
        for check in (CustomerUnknownCheck(), CustomerSuspendedCheck(), CustomerUnverifiedCheck())
    ]
    assert outcomes == [unknown, suspended, unverified]


def test_what_the_customer_checks_saw(desk: Desk, shipped: Edition) -> None:
    facts = desk.facts(customer="lapsed")
    nobody = desk.facts(customer="")
    assert CustomerUnknownCheck().saw(nobody, shipped.reference, EMPTY) == "customer (none)"
    assert CustomerSuspendedCheck().saw(facts, shipped.reference, EMPTY) == "status active"
    assert CustomerSuspendedCheck().saw(nobody, shipped.reference, EMPTY) == "no customer"
    assert CustomerUnverifiedCheck().saw(facts, shipped.reference, EMPTY) == "kyc verified until 2026-05-01"
    assert CustomerUnverifiedCheck().saw(nobody, shipped.reference, EMPTY) == "no customer"


@pytest.mark.parametrize(("campaign", "outcome"), [("", PASS), ("spring", PASS), ("autumn", HIT)])
def test_campaign_unknown(desk: Desk, shipped: Edition, campaign: str, outcome: int) -> None:
    facts = desk.facts(campaign=campaign)
    assert CampaignUnknownCheck().judge(facts, shipped.reference, EMPTY) == outcome
    assert (campaign or "(none)") in CampaignUnknownCheck().saw(facts, shipped.reference, EMPTY)


@pytest.mark.parametrize(
    ("to", "trunk", "outcome", "status", "saw"),
    [
        ("0140000000", None, PASS, 404, "geo"),
        ("014000000", None, HIT, 484, "too short"),
        ("01400000000", None, HIT, 404, "too long"),
        ("nobody", None, HIT, 484, "no number"),
        ("0710000000", None, PASS, 404, "unassigned"),
        ("0710000000", REFUSING, HIT, 404, "unassigned"),
    ],
)
def test_invalid(
    desk: Desk, shipped: Edition, to: str, trunk: TrunkFacts | None, outcome: int, status: int, saw: str
) -> None:
    facts = desk.facts(to=to, trunk=trunk)
    check = DestinationInvalidCheck()
    assert check.judge(facts, shipped.reference, EMPTY) == outcome
    assert check.status(facts, 484) == status
    assert saw in check.saw(facts, shipped.reference, EMPTY)


@pytest.mark.parametrize(
    ("mode", "trunk", "outcome"),
    [
        ("predictive", None, HIT),
        ("manual", None, PASS),
        ("predictive", TrunkFacts("t", allowed_classes=frozenset({"special_free"})), PASS),
        ("manual", TrunkFacts("t", allowed_classes=frozenset({"geo"})), HIT),
    ],
)
def test_class(desk: Desk, shipped: Edition, mode: str, trunk: TrunkFacts | None, outcome: int) -> None:
    check = DestinationClassCheck(frozenset({"geo"}), frozenset({"geo", "special_free"}))
    facts = desk.facts(mode=mode, to="0800123456", trunk=trunk)
    assert check.judge(facts, shipped.reference, EMPTY) == outcome
    assert "special_free" in check.saw(facts, shipped.reference, EMPTY)


def test_class_of_no_number_is_left_to_the_check_on_numbers(desk: Desk, shipped: Edition) -> None:
    check = DestinationClassCheck(frozenset(), frozenset())
    assert check.judge(desk.facts(to="nobody"), shipped.reference, EMPTY) == PASS
