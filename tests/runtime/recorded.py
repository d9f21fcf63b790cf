"""Recorded calls for tests: random ones, the same for the same seed, as records or as a file of them."""

from __future__ import annotations

import random
from pathlib import Path

from proxy.b2bua.outputs import CallRecord, DecisionRecord
from proxy.policy.decide import decide
from proxy.policy.decision import Action
from proxy.policy.directory import METHODS, MODES, PURPOSES
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.inquiry import PersonState
from proxy.policy.ledger import LedgerView, Load
from proxy.runtime.record_archive import Keeping
from proxy.runtime.record_files import RecordFile
from proxy.runtime.record_lines import Lines

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
            remembered = PersonState(refusal_at=at - 86_400.0) if dice.random() < 0.5 else None
            return LedgerView(None, None, True, remembered)

        def past() -> float:
            return at - dice.random() * 86400 * 400 if dice.random() < 0.5 else 0.0

        state = PersonState(
            past(), past(), at + dice.uniform(-1, 1) * 1e7, dice.choice(("", "c-1")), past(), at + dice.uniform(-1, 1) * 1e4,
            dice.randrange(6), past(), past(), dice.randrange(4), past(), dice.random() < 0.5, past(),
        )  # fmt: skip
        load = Load(dice.choice(("", "customer", "trunk", "node")), dice.randrange(5)) if dice.random() < 0.2 else None
        return LedgerView(state, load, False)

    def plain_number(self) -> str:
        """A number as it can stand in a SIP URI."""
        return self.number().replace(" ", "").replace(":", "") or "anonymous"

    def ladder_state(self, at: float) -> PersonState | None:
        """What a store might answer; None for nothing in time."""
        return self.ledger(at).state

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


def call_of(record: DecisionRecord) -> CallRecord:
    """The ended call of a forwarded decision."""
    facts, at = record.facts, record.at
    called = "" if facts.called is None else facts.called.canonical
    return CallRecord(
        record.id, facts.customer_id, facts.campaign_id, facts.trunk.name, "carrier-1", called, at, at + 1, at + 2,
        at + 30, 200, "a", "bye", record.a_call_id, b"b-1",
    )  # fmt: skip


def write_day(path: Path, edition: Edition, count: int, seed: int = 0, closed: bool = True) -> list[DecisionRecord]:
    """A file with so many decisions, each forwarded one with its call; the decisions."""
    dice, lines, file = Dice(seed, edition), Lines("edge-1"), RecordFile(str(path), "edge-1", Keeping())
    made = [dice.record(f"d-{number}") for number in range(count)]
    file.open(1.0)
    encoded = []
    for record in made:
        encoded.append(lines.line(record, edition))
        if record.decision.action == Action.FORWARD:
            encoded.append(lines.line(call_of(record), edition))
    file.add(encoded, 0, 2.0)
    if closed:
        file.close(3.0)
    return made
