"""What comes back from a line is what was decided on: a generated call decided twice comes out the same."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest

from proxy.b2bua.outputs import DecisionRecord
from proxy.policy.decide import decide
from proxy.policy.decision import Action
from proxy.policy.directory import METHODS, MODES, PURPOSES
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.inquiry import PersonState
from proxy.policy.ledger import LedgerView, Load
from proxy.runtime.record_facts import Recorded, called_of, ledger_of, number_of
from proxy.runtime.record_lines import Lines
from proxy.runtime.record_shapes import DecisionLine
from proxy.runtime.replay_command import Replay

FIRST, LAST = 1_640_000_000, 1_800_000_000  # 2021-12 to 2027-01
SOURCES = ("From", "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion")
NUMBERS = (
    "0162000001", "+33162000002", "0270000001", "0948000001", "0937123456", "0142685300", "0698765432", "0033612345678",
    "+33590590123456", "0590123456", "0262123456", "+2620262123456", "0693123456", "+508412345", "0899123456", "3949",
    "15", "112", "118218", "0800123456", "+4930123456", "061234", "06123456789", "0123456789", "0300123456",
    "anonymous", "somebody", "", "urn:service:sos", "+687123456", "0976123456", "0700123456", "+33 6 12 34 56 78",
)  # fmt: skip


class Dice:
    """Random calls, the same for the same seed."""

    def __init__(self, seed: int, edition: Edition) -> None:
        self.dice = random.Random(seed)
        self.edition = edition
        self.customers = [*(one.id for one in edition.directory.customers()), "nobody", ""]

    def number(self) -> str:
        dice = self.dice
        if dice.random() < 0.7:
            return dice.choice(NUMBERS)
        return dice.choice(("0", "+33", "+590", "0033")) + str(dice.randrange(10**8, 10**9))

    def ledger(self, at: float) -> LedgerView:
        dice = self.dice
        if dice.random() < 0.1:
            return LedgerView(None, None, True)

        def past() -> float:
            return at - dice.random() * 86400 * 400 if dice.random() < 0.5 else 0.0

        state = PersonState(
            past(), past(), at + dice.uniform(-1, 1) * 1e7, dice.choice(("", "c-1")), past(), at + dice.uniform(-1, 1) * 1e4,
            dice.randrange(6), past(), past(), dice.randrange(4), past(), dice.random() < 0.5, past(),
        )  # fmt: skip
        load = Load(dice.choice(("", "customer", "trunk", "node")), dice.randrange(5)) if dice.random() < 0.2 else None
        return LedgerView(state, load, False)

    def record(self, name: str) -> DecisionRecord:
        dice, edition = self.dice, self.edition
        at = dice.uniform(FIRST, LAST)
        customer = dice.choice(self.customers)
        campaigns = [one.id for one in edition.directory.campaigns_of(customer)]
        trunk = TrunkFacts(
            dice.choice(("vms", "sbc")), dice.choice(("national", "international")), dice.choice(("pass", "refuse")),
            dice.choice(("pass", "refuse")), dice.choice((frozenset(), frozenset({"mobile", "geo"}))),
            dice.choice(("law", "strict")),
        )  # fmt: skip
        presented = [(dice.choice(SOURCES), self.number()) for _ in range(dice.randrange(4))]
        facts = gather(
            edition, trunk, customer, dice.choice((*campaigns, "", "gone")), dice.choice(("", *PURPOSES)),
            dice.choice(("", *MODES)), dice.choice(METHODS), presented, self.number(), at, dice.random() < 0.5,
        )  # fmt: skip
        ledger = self.ledger(at)
        decision = decide(facts, edition, ledger)
        if decision.number is not None:
            edition.directory.used(decision.number.canonical)
        return DecisionRecord(name, at, facts, decision, b"call@vms", 1e-5, ledger)


@pytest.mark.parametrize("seed", range(4))
def test_an_unchanged_rule_book_changes_nothing(edition: Edition, seed: int) -> None:
    dice, lines, replay = Dice(seed, edition), Lines("edge-1"), Replay(edition)
    rules: Counter[str] = Counter()
    for number in range(2500):
        record = dice.record(f"d-{number}")
        rules[record.decision.rule] += 1
        replay.add(lines.line(record, edition))
    result = replay.result()
    assert (result.decisions, result.changed, result.unreadable) == (2500, 0, 0), result.changes[:5]
    assert len(rules) >= 12, rules
    assert result.revisions == [edition.revision]


def test_the_facts_come_back(edition: Edition) -> None:
    dice, lines, recorded = Dice(9, edition), Lines("edge-1", whole=True), Recorded(edition)
    for _ in range(300):
        record = dice.record("d")
        line = msgspec.json.decode(lines.line(record, edition), type=DecisionLine)
        was, now = record.facts, recorded.facts(line)
        for name in ("customer_id", "customer", "campaign_id", "campaign", "purpose", "mode", "method", "at", "paris_day",
                     "attested", "automated", "usage"):  # fmt: skip
            assert getattr(was, name) == getattr(now, name), name
        assert (was.moment and was.moment.iso()) == (now.moment and now.moment.iso())
        assert (was.called and was.called.canonical) == (now.called and now.called.canonical)
        assert len(was.presented) == len(now.presented)
        assert (was.caller and was.caller.source) == (now.caller and now.caller.source)
        told = ledger_of(line)
        for name in PersonState.__slots__ if record.ledger.state else ():
            assert getattr(record.ledger.state, name) == getattr(told.state, name), name
        assert told.expired == record.ledger.expired


def test_trunks_are_kept(edition: Edition) -> None:
    recorded, lines = Recorded(edition), Lines("edge-1")
    line = msgspec.json.decode(lines.line(Dice(1, edition).record("d"), edition), type=DecisionLine)
    assert recorded.facts(line).trunk is recorded.facts(line).trunk


def test_no_number_comes_back_as_none(edition: Edition) -> None:
    record = Dice(1, edition).record("d")
    line = msgspec.json.decode(Lines("edge-1").line(record, edition), type=DecisionLine)
    line.called_class = ""
    assert called_of(line) is None


@pytest.mark.parametrize(
    ("length", "complete", "too_short"), [("right", True, False), ("short", False, True), ("long", False, False)]
)
def test_the_length_of_a_number(length: str, complete: bool, too_short: bool) -> None:
    number = number_of("+336xxxxxx78", "mobile", "METRO", "METRO", "allocated", length, True)
    assert (number.complete, number.too_short, number.repaired) == (complete, too_short, True)


def test_decisions_of_every_kind_are_generated(edition: Edition) -> None:
    dice = Dice(3, edition)
    actions = {dice.record("d").decision.action for _ in range(500)}
    assert {Action.FORWARD, Action.REFUSE} <= actions
