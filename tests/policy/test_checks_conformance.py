"""Calls between names pass untouched on a trunk for test suites; nothing else does, and on no other trunk."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.policy.checks import BYPASS, HIT, PASS
from proxy.policy.checks_conformance import ConformanceCheck
from proxy.policy.decide import decide
from proxy.policy.decision import Action, Presentation
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.ledger import EMPTY
from proxy.runtime.edition_file import load_edition
from tests.policy.desk import Desk

CONFIG = Path(__file__).parents[2] / "config"
SUITE = TrunkFacts("suite", profile="conformance")
NAMES = (("From", "alice_1_ipv4"), ("P-Asserted-Identity", "alice"))


@pytest.fixture(scope="module")
def edition() -> Edition:
    """The edition of config/conformance."""
    folder = CONFIG / "conformance"
    return load_edition(folder / "rules", CONFIG / "numbering.toml", folder / "customers.toml")


def judged(
    edition: Edition, to: str, presented: tuple[tuple[str, str], ...], customer: str = "suite", purpose: str = ""
) -> int:
    facts = Desk(edition).facts(customer=customer, purpose=purpose, to=to, presented=presented, trunk=SUITE)
    return ConformanceCheck().judge(facts, edition.reference, EMPTY)


def test_names_pass(edition: Edition) -> None:
    assert judged(edition, "bob_1", NAMES) == BYPASS


@pytest.mark.parametrize("to", ["0612345678", "+33140000000", "15", "3114", "1", "+44 20 7946 0000", "", "(bob"])
def test_nobody_with_a_number_is_called(edition: Edition, to: str) -> None:
    assert judged(edition, to, NAMES) == HIT


@pytest.mark.parametrize("shown", ["0612345678", "+33162000001", "0033612345678", "6", ""])
def test_no_number_is_presented(edition: Edition, shown: str) -> None:
    assert judged(edition, "bob_1", (("From", shown),)) == HIT
    assert judged(edition, "bob_1", (*NAMES, ("Remote-Party-ID", shown))) == HIT


@pytest.mark.parametrize("purpose", ["prospecting_consumer", "contract_current", "survey", "b2b", "public_alert"])
def test_no_other_purpose_passes(edition: Edition, purpose: str) -> None:
    assert judged(edition, "bob_1", NAMES, purpose=purpose) == HIT


def test_an_unknown_customer_does_not_pass(edition: Edition) -> None:
    assert judged(edition, "bob_1", NAMES, customer="nobody") == HIT


@pytest.mark.parametrize("profile", ["law", "strict"])
def test_other_trunks_are_not_concerned(edition: Edition, profile: str) -> None:
    facts = Desk(edition).facts(customer="suite", to="bob_1", presented=NAMES, trunk=TrunkFacts("t", profile=profile))
    assert ConformanceCheck().judge(facts, edition.reference, EMPTY) == PASS


def test_the_decisions_of_the_example(edition: Edition) -> None:
    desk = Desk(edition)
    passed = decide(desk.facts(customer="suite", to="bob_1", presented=NAMES, trunk=SUITE), edition, EMPTY)
    assert (passed.action, passed.presentation, passed.rule) == (
        Action.FORWARD, Presentation.UNCHANGED, "conformance.names",
    )  # fmt: skip
    refused = decide(desk.facts(customer="suite", to="0612345678", presented=NAMES, trunk=SUITE), edition, EMPTY)
    assert (refused.action, refused.status) == (Action.REFUSE, 403)


def test_the_shipped_rules_know_no_such_trunk(shipped: Edition, desk: Desk) -> None:
    decision = decide(desk.facts(to="bob_1", presented=NAMES, trunk=SUITE), shipped, EMPTY)
    assert (decision.action, decision.rule) == (Action.REFUSE, "destination.invalid")


def test_what_was_seen_is_told(edition: Edition) -> None:
    facts = Desk(edition).facts(customer="suite", to="bob_1", presented=NAMES, trunk=SUITE)
    seen = ConformanceCheck().saw(facts, edition.reference, EMPTY)
    assert seen == (
        "profile conformance, purpose service, bob_1 (no number), From alice_1_ipv4 (no number), "
        "P-Asserted-Identity alice (no number)"
    )
