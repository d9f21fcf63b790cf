"""A replay counts what would change: nothing for the same rules, the calls concerned for others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from proxy.b2bua.outputs import DecisionRecord
from proxy.policy.decide import decide
from proxy.policy.decision import Presentation, forward
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.ledger import EMPTY
from proxy.policy.rulebook import OFF, Rule, RuleBook
from proxy.runtime.record_lines import Lines
from proxy.runtime.replay_command import Replay, Replayed, replay
from tests.ladder import Caller, Ladder
from tests.runtime.recorded import Dice, write_day


def without(edition: Edition, rule: str) -> Edition:
    rules = [
        Rule(replace(one.row, mode=OFF, strict=OFF), one.check) if one.id == rule else one for one in edition.book.rules
    ]
    return Edition(edition.plan, edition.calendar, RuleBook(tuple(rules)), edition.directory, "without")


def run(edition: Edition, *files: Path) -> Replayed:
    return replay(edition, list(files), lambda done: None)


def test_the_same_rules_change_nothing(tmp_path: Path, edition: Edition) -> None:
    write_day(tmp_path / "r.jsonl", edition, 300)
    result = run(edition, tmp_path / "r.jsonl")
    assert (result.decisions, result.changed, result.changes) == (300, 0, [])
    assert all(one.before == one.after for one in result.rules)
    assert (result.revision, result.revisions) == (edition.revision, [edition.revision])


def test_a_rule_switched_off_is_seen_by_rule_and_customer(tmp_path: Path, edition: Edition) -> None:
    made = write_day(tmp_path / "r.jsonl", edition, 600)
    hit = [record for record in made if record.decision.rule == "cli.mobile"]
    assert hit
    result = run(without(edition, "cli.mobile"), tmp_path / "r.jsonl")
    assert result.changed == len(hit) == sum(one.calls for one in result.changes)
    assert {one.before.split()[2] for one in result.changes} == {"cli.mobile"}
    assert [(one.before, one.after) for one in result.rules if one.rule == "cli.mobile"] == [(len(hit), 0)]
    assert sum(one.changed for one in result.customers) == len(hit)
    assert sum(one.calls for one in result.customers) == 600
    assert result.changes[0].examples[0] in {record.id for record in hit}
    assert result.changes == sorted(result.changes, key=lambda one: (-one.calls, one.before))


def test_calls_back_are_passed_over(edition: Edition) -> None:
    at = datetime.fromisoformat("2026-11-24T11:00:00+01:00").timestamp()
    facts = gather(
        edition, TrunkFacts("carrier-1"), "acme", "", "service", "manual", "INVITE", [("From", "0612345678")],
        "0162000001", at, False,
    )  # fmt: skip
    answer = forward("callback.forwarded", Presentation.CALLER, None, "", (), False)
    replaying = Replay(edition)
    replaying.add(Lines("edge-1").line(DecisionRecord("d", at, facts, answer, b"c", 0.0), edition))
    result = replaying.result()
    assert (result.decisions, result.unreadable, result.rules) == (0, 0, [])


def test_what_the_store_would_have_said_is_not_guessed(edition: Edition) -> None:
    at = datetime.fromisoformat("2026-11-24T11:00:00+01:00").timestamp()
    facts = gather(
        edition, TrunkFacts("vms"), "acme", "", "", "", "INVITE", [("From", "0698765432")], "0612345678", at, False
    )  # fmt: skip
    record = DecisionRecord("d", at, facts, decide(facts, edition, EMPTY), b"c", 0.0, EMPTY)
    replaying = Replay(without(edition, "cli.mobile"))
    replaying.add(Lines("edge-1").line(record, edition))
    (change,) = replaying.result().changes
    assert change.before == "refuse 403 cli.mobile"
    assert change.after.startswith("need ")


def test_least_used_first_goes_by_what_was_shown(edition: Edition) -> None:
    dice, lines, replaying = Dice(8, edition), Lines("edge-1"), Replay(edition)
    before = dict(edition.directory.uses)
    shown = 0
    while shown < 20:
        record = dice.record("d")
        shown += record.decision.rule == "presentation.zone"
        replaying.add(lines.line(record, edition))
    edition.directory.uses.clear()
    edition.directory.uses.update(before)
    assert replaying.result().changed == 0


def test_counts_of_use_are_left_as_they_were(tmp_path: Path, edition: Edition) -> None:
    write_day(tmp_path / "r.jsonl", edition, 300)
    before = dict(edition.directory.uses)
    run(edition, tmp_path / "r.jsonl")
    assert edition.directory.uses == before


@pytest.mark.parametrize("line", [b'{"seq":1,"prev":"","record":"decision","id":5}', b'{"record":"decision"', b"\xff"])
def test_a_line_that_cannot_be_read_is_counted(edition: Edition, line: bytes) -> None:
    replaying = Replay(edition)
    replaying.add(line)
    result = replaying.result()
    assert (result.decisions, result.unreadable) == (0, int(b"decision" in line))


def test_progress_comes_to_the_end(tmp_path: Path, edition: Edition) -> None:
    write_day(tmp_path / "r.jsonl", edition, 1200)
    seen: list[int] = []
    replay(edition, [tmp_path / "r.jsonl"], seen.append)
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == (tmp_path / "r.jsonl").stat().st_size
    assert msgspec.json.encode(run(edition, tmp_path / "r.jsonl")).startswith(b'{"revision"')


@pytest.mark.parametrize("seed", range(3))
def test_what_the_engine_decided_is_decided_again(edition: Edition, seed: int) -> None:
    dice, ladder, lines, replaying = Dice(seed, edition), Ladder(edition), Lines("edge-1"), Replay(edition)
    chance, asked = dice.dice, 0
    for number in range(150):
        ladder.advance(chance.uniform(60, 40_000))
        usual = chance.random() < 0.5
        caller, called = ("0162000001", "0612345678") if usual else (dice.plain_number(), dice.plain_number())
        account = "acme" if usual else chance.choice(dice.customers) or "acme"
        peer = Caller(number + 1, caller, called)
        extra = [f"P-Asserted-Identity: <sip:{dice.plain_number()}@h>"] if chance.random() < 0.3 else []
        ladder.unread.clear()
        ladder.feed("a", peer.invite(account=account, extra=extra))
        for fetch in ladder.fetches()[asked:]:
            asked += 1
            state = dice.ladder_state(ladder.epoch)
            if state is not None:
                ladder.arrived(fetch.call, state)
        ladder.advance(1.0)
    for record in ladder.decisions():
        replaying.add(lines.line(record, edition))
    result = replaying.result()
    assert (result.changed, result.changes) == (0, [])
    assert result.decisions > 100
    assert asked > 3
    assert len([one for one in result.rules if one.before]) >= 5
