from __future__ import annotations

import pytest

from proxy.policy.asking import Draft
from proxy.policy.checks import (
    PASS,
    Aftermath,
    Check,
    Schedule,
    Show,
    called_text,
    may_show,
    shown_texts,
    usable,
)
from proxy.policy.edition import Edition
from proxy.policy.ledger import EMPTY
from proxy.policy.schedule import WHOLE_DAY
from tests.policy.desk import Desk


def test_the_four_sorts_say_nothing_by_themselves(desk: Desk, shipped: Edition) -> None:
    facts = desk.facts()
    assert Check().judge(facts, shipped.reference, EMPTY) == PASS
    assert Check().status(facts, 433) == 433
    draft = Draft()
    Check().ask(facts, shipped.reference, draft, True)
    assert (draft.personal, draft.counts) == (False, False)
    assert not Check().by_called_day()
    assert Check().again(facts, shipped.reference, EMPTY) == 0.0
    assert Check().saw(facts, shipped.reference, EMPTY) == ""
    assert Schedule().judge(facts, shipped.reference, EMPTY) == PASS
    assert Schedule().windows(facts, shipped.reference, "METRO", 1) == WHOLE_DAY
    assert Schedule().judge(desk.facts(to="+442079460000"), shipped.reference, EMPTY) == PASS
    assert Show().choose(facts, shipped.reference) is None
    assert not Show().withholds()
    assert Aftermath().judge_shown(facts, None) == PASS


@pytest.mark.parametrize(
    ("customer", "mode", "method", "cls", "allowed"),
    [
        ("acme", "predictive", "INVITE", "npv", True),
        ("acme", "predictive", "INVITE", "geo", False),
        ("acme", "manual", "INVITE", "geo", True),
        ("acme", "manual", "INVITE", "special_free", False),
        ("acme", "predictive", "INVITE", "npuept", False),
        ("medirappel", "broadcast", "INVITE", "npuept", True),
        ("nobody", "broadcast", "INVITE", "npuept", False),
        ("acme", "predictive", "MESSAGE", "npuept", True),
        ("medirappel", "broadcast", "INVITE", "special_free", False),
        ("acme", "manual", "INVITE", "mobile", False),
        ("acme", "manual", "INVITE", "foreign", False),
    ],
)
def test_may_show(desk: Desk, shipped: Edition, customer: str, mode: str, method: str, cls: str, allowed: bool) -> None:
    facts = desk.facts(customer=customer, mode=mode, method=method)
    assert may_show(facts, shipped.reference, cls) is allowed


def test_usable_needs_both_the_right_and_the_class(desk: Desk, shipped: Edition) -> None:
    by_hand = desk.facts(mode="manual")
    by_dialer = desk.facts(mode="predictive")
    assert usable(by_hand, shipped.reference, "+33140000010") is not None
    assert usable(by_dialer, shipped.reference, "+33140000010") is None
    assert usable(by_hand, shipped.reference, "+33140000011") is None


def test_texts_for_people(desk: Desk) -> None:
    facts = desk.facts(presented=(("From", "x"), ("Diversion", "0612345678")), to="0140000000")
    assert shown_texts(facts) == "From x (no number), Diversion 0612345678 (mobile)"
    assert called_text(facts) == "+33140000000 (geo, METRO)"
    assert called_text(desk.facts(to="+442079460000")) == "+442079460000 (foreign, abroad)"
    assert called_text(desk.facts(to="x")) == "x (no number)"
