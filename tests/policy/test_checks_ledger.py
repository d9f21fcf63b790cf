from __future__ import annotations

import pytest

from proxy.policy.checks import HIT, PASS, UNKNOWN_STATE
from proxy.policy.checks_ledger import LedgerFlagCheck
from proxy.policy.edition import Edition
from proxy.policy.ledger import EMPTY, LedgerView
from tests.policy.desk import Desk

KEY = "refusal:acme:+33140000000"


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("refusal:{customer}:{called}", KEY),
        ("x:{campaign}:{caller}", "x:spring:+33162000001"),
        ("plain", "plain"),
    ],
)
def test_key(desk: Desk, template: str, key: str) -> None:
    assert LedgerFlagCheck(template).key(desk.facts(campaign="spring")) == key


def test_key_without_numbers(desk: Desk) -> None:
    facts = desk.facts(presented=(), to="nobody")
    assert LedgerFlagCheck("k:{caller}:{called}").key(facts) == "k::"


@pytest.mark.parametrize(("value", "outcome"), [(1, HIT), ("yes", HIT), (0, PASS), ("", PASS)])
def test_flag(desk: Desk, shipped: Edition, value: str | int, outcome: int) -> None:
    check = LedgerFlagCheck("refusal:{customer}:{called}")
    view = LedgerView({KEY: value}, False)
    assert check.judge(desk.facts(), shipped.reference, view) == outcome
    assert check.saw(desk.facts(), shipped.reference, view).endswith(str(value))


def test_a_key_that_the_view_lacks(desk: Desk, shipped: Edition) -> None:
    check = LedgerFlagCheck("refusal:{customer}:{called}")
    assert check.judge(desk.facts(), shipped.reference, EMPTY) == UNKNOWN_STATE
    assert check.saw(desk.facts(), shipped.reference, EMPTY).endswith("unknown")
