from __future__ import annotations

import pytest

from proxy.policy.checks import HIT, MASK, PASS, Check
from proxy.policy.checks_cli import (
    ClassCliCheck,
    InternationalOriginCheck,
    MobileCliCheck,
    NotOwnedCheck,
    RepairedCheck,
    ReservedRangeCheck,
    SmsOnlyCheck,
)
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, TrunkFacts
from proxy.policy.ledger import EMPTY
from tests.policy.desk import Desk

ABROAD = TrunkFacts("abroad", origin="international")
OWN = ("From", "+33162000001")
MOBILE = "+33612345678"
HEADERS = ["From", "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion", "History-Info"]


def judge(check: Check, facts: CallFacts, edition: Edition) -> int:
    return check.judge(facts, edition.reference, EMPTY)


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("mode", ["predictive", "manual"])
def test_a_mobile_number_in_any_header(desk: Desk, shipped: Edition, header: str, mode: str) -> None:
    facts = desk.facts(mode=mode, presented=(OWN, (header, MOBILE)))
    check = MobileCliCheck(False)
    assert judge(check, facts, shipped) == HIT
    assert check.saw(facts, shipped.reference, EMPTY).endswith("mobile_cli refuse")


def test_a_mobile_number_is_left_to_the_rewriting_that_a_customer_asked_for(desk: Desk, shipped: Edition) -> None:
    facts = desk.facts(customer="medirappel", presented=(("From", MOBILE),))
    assert judge(MobileCliCheck(False), facts, shipped) == PASS
    nobody = desk.facts(customer="nobody", presented=(("From", MOBILE),))
    assert judge(MobileCliCheck(False), nobody, shipped) == HIT
    assert MobileCliCheck(False).saw(nobody, shipped.reference, EMPTY).endswith("mobile_cli refuse")


@pytest.mark.parametrize(
    ("leave", "mode", "trunk", "outcome"),
    [
        (True, "manual", ABROAD, PASS),
        (False, "manual", ABROAD, HIT),
        (True, "predictive", ABROAD, HIT),
        (True, "manual", None, HIT),
    ],
)
def test_a_call_by_hand_from_abroad_is_a_matter_of_origin(
    desk: Desk, shipped: Edition, leave: bool, mode: str, trunk: TrunkFacts | None, outcome: int
) -> None:
    facts = desk.facts(mode=mode, presented=(("From", MOBILE),), trunk=trunk)
    assert judge(MobileCliCheck(leave), facts, shipped) == outcome


@pytest.mark.parametrize(
    ("customer", "text", "mode", "outcome"),
    [
        ("sonda", "0140000099", "progressive", HIT),
        ("sonda", "0140000099", "manual", PASS),
        ("sonda", "+442079460000", "manual", HIT),
        ("sonda", "118218", "progressive", HIT),
        ("sonda", MOBILE, "progressive", PASS),
        ("sonda", "anonymous", "progressive", PASS),
        ("acme", "0140000099", "predictive", PASS),
        ("nobody", "0140000099", "predictive", PASS),
    ],
)
def test_class(desk: Desk, shipped: Edition, customer: str, text: str, mode: str, outcome: int) -> None:
    check = ClassCliCheck(frozenset({"mobile", "mobile_ext"}))
    facts = desk.facts(customer=customer, mode=mode, presented=(("From", text),))
    assert judge(check, facts, shipped) == outcome
    assert "class_cli" in check.saw(facts, shipped.reference, EMPTY)


@pytest.mark.parametrize(
    ("text", "mode", "outcome"),
    [
        ("+33162000001", "predictive", PASS),
        ("+33162999999", "predictive", HIT),
        ("+33424100001", "manual", HIT),
        ("0140000099", "predictive", PASS),
        ("0140000099", "manual", HIT),
        ("0140000010", "manual", PASS),
        ("anonymous", "manual", PASS),
    ],
)
def test_not_owned(desk: Desk, shipped: Edition, text: str, mode: str, outcome: int) -> None:
    check = NotOwnedCheck(frozenset({"npv"}), frozenset({"npv", "geo"}))
    facts = desk.facts(mode=mode, presented=(("Diversion", text),))
    assert judge(check, facts, shipped) == outcome
    assert "held" in check.saw(facts, shipped.reference, EMPTY) or text == "anonymous"


@pytest.mark.parametrize(
    ("customer", "method", "text", "outcome"),
    [
        ("medirappel", "MESSAGE", "0939000001", PASS),
        ("medirappel", "MESSAGE", "0270100001", PASS),
        ("medirappel", "MESSAGE", "0240000001", HIT),
        ("medirappel", "MESSAGE", "MEDIRAPPEL", HIT),
        ("medirappel", "INVITE", "0939000001", PASS),
        ("acme", "INVITE", "0939000001", HIT),
        ("nobody", "INVITE", "0939000001", HIT),
        ("acme", "INVITE", "0162000001", PASS),
    ],
)
def test_sms_only(desk: Desk, shipped: Edition, customer: str, method: str, text: str, outcome: int) -> None:
    check = SmsOnlyCheck(frozenset({"npv", "npuept"}))
    facts = desk.facts(customer=customer, method=method, presented=(("From", text),))
    assert judge(check, facts, shipped) == outcome
    assert check.saw(facts, shipped.reference, EMPTY).startswith(method)


def test_a_text_without_any_sender(desk: Desk, shipped: Edition) -> None:
    assert judge(SmsOnlyCheck(frozenset({"npv"})), desk.facts(method="MESSAGE", presented=()), shipped) == HIT


@pytest.mark.parametrize(
    ("mask", "texts", "attested", "trunk", "outcome"),
    [
        (True, ["+33162000001"], False, ABROAD, HIT),
        (True, ["+33162000001"], True, ABROAD, PASS),
        (True, ["+33162000001"], False, None, PASS),
        (True, [MOBILE], False, ABROAD, MASK),
        (False, [MOBILE], False, ABROAD, HIT),
        (True, [MOBILE, "+33162000001"], False, ABROAD, HIT),
        (True, ["+33162000001", MOBILE], False, ABROAD, HIT),
        (True, ["+442079460000", "anonymous"], False, ABROAD, PASS),
        (True, ["+442079460000", MOBILE], False, ABROAD, MASK),
    ],
)
def test_international(
    desk: Desk,
    shipped: Edition,
    mask: bool,
    texts: list[str],
    attested: bool,
    trunk: TrunkFacts | None,
    outcome: int,
) -> None:
    facts = desk.facts(presented=tuple(("From", text) for text in texts), attested=attested, trunk=trunk)
    check = InternationalOriginCheck(mask)
    assert judge(check, facts, shipped) == outcome
    assert ("international" in check.saw(facts, shipped.reference, EMPTY)) is (trunk is ABROAD)


@pytest.mark.parametrize(
    ("text", "outcome"), [("0163000001", HIT), ("0162999999", PASS), ("0730123456", HIT), ("anonymous", PASS)]
)
def test_reserved_range(desk: Desk, shipped: Edition, text: str, outcome: int) -> None:
    facts = desk.facts(presented=(("From", text),))
    assert judge(ReservedRangeCheck(), facts, shipped) == outcome
    assert ReservedRangeCheck().saw(facts, shipped.reference, EMPTY) != ""


@pytest.mark.parametrize(
    ("text", "to", "outcome"),
    [
        ("+33590123456", "0140000000", HIT),
        ("0162000001", "+33262123456", HIT),
        ("0162000001", "0262123456", PASS),
        ("anonymous", "nobody", PASS),
    ],
)
def test_repaired(desk: Desk, shipped: Edition, text: str, to: str, outcome: int) -> None:
    facts = desk.facts(presented=(("From", text),), to=to)
    assert judge(RepairedCheck(), facts, shipped) == outcome
    assert to in RepairedCheck().saw(facts, shipped.reference, EMPTY)
