"""What comes back from a line is what was decided on: a generated call decided twice comes out the same."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from proxy.policy.decision import Action
from proxy.policy.edition import Edition
from proxy.runtime.record_facts import Recorded, called_of, ledger_of, number_of
from proxy.runtime.record_lines import Lines
from proxy.runtime.record_shapes import DecisionLine
from proxy.runtime.replay_command import Replay
from tests.runtime.recorded import Dice
from tests.runtime.store.histories import STATE_FIELDS


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
        for name in STATE_FIELDS if record.ledger.state else ():
            assert getattr(record.ledger.state, name) == getattr(told.state, name), name
        assert told.expired == record.ledger.expired
        assert (told.held and told.held.refusal_at) == (record.ledger.held and record.ledger.held.refusal_at)


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
