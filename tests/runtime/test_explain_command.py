"""A recorded decision is found again and told whole."""

from __future__ import annotations

import re
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
from proxy.policy.inquiry import PersonState
from proxy.policy.ledger import LedgerView
from proxy.policy.moment import iso_day
from proxy.policy.rulebook import RuleBook
from proxy.runtime.explain_command import Sources, find, told
from proxy.runtime.record_lines import Lines
from proxy.runtime.record_shapes import DecisionLine
from tests.runtime.recorded import write_day

AT = datetime.fromisoformat("2026-11-24T11:00:00+01:00").timestamp()
DAY = 86400.0


def line(
    edition: Edition, ledger: LedgerView, caller: str = "0162000001", at: float = AT, called: str = "0692123456"
) -> DecisionLine:
    facts = gather(
        edition, TrunkFacts("vms"), "acme", "spring", "", "", "INVITE", [("From", caller)], called, at, False
    )  # fmt: skip
    record = DecisionRecord("d-1", at, facts, decide(facts, edition, ledger), b"c", 0.0, ledger)
    return msgspec.json.decode(Lines("edge-1").line(record, edition), type=DecisionLine)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "the person was put through"), ("fr", "la personne a été mise en relation")]
)
def test_a_call_back_is_told_without_rules(edition: Edition, language: str, said: str) -> None:
    facts = gather(
        edition, TrunkFacts("carrier-1"), "acme", "", "service", "manual", "INVITE", [("From", "0612345678")],
        "0162000001", AT, False,
    )  # fmt: skip
    answer = forward("callback.forwarded", Presentation.CALLER, None, "", (), False)
    raw = Lines("edge-1").line(DecisionRecord("d-1", AT, facts, answer, b"c", 0.0), edition)
    text = told(msgspec.json.decode(raw, type=DecisionLine), edition, language)
    assert said in text
    assert "callback.forwarded" in text
    assert "+33162000001" in text
    assert "hours." not in text
    assert "612345678" not in text


def state(**values: float) -> LedgerView:
    consent = {"consent_at": AT - 40 * DAY, "consent_until": AT + 40 * DAY}
    return LedgerView(PersonState(consent_id="c-7", **{**consent, **values}))  # type: ignore[arg-type]  # counts are whole


def test_a_decision_is_found_in_any_file(tmp_path: Path, edition: Edition) -> None:
    made = write_day(tmp_path / "a.jsonl", edition, 50)
    (tmp_path / "empty.jsonl").touch()
    files = [tmp_path / "a.jsonl", tmp_path / "empty.jsonl"]
    for record in made:
        found = find(files, record.id)
        assert found is not None
        assert (found.id, found.rule) == (record.id, record.decision.rule)


@pytest.mark.parametrize("sought", ["d-", "d-50", "-1", '"', "", "x" * 200, "é"])
def test_no_other_decision_is_found(tmp_path: Path, edition: Edition, sought: str) -> None:
    write_day(tmp_path / "a.jsonl", edition, 50)
    assert find([tmp_path / "a.jsonl"], sought) is None


def test_every_rule_is_told_with_version_verdict_and_basis(edition: Edition) -> None:
    one = line(edition, state(), caller="0698765432")
    text = told(one, edition, "en")
    for rule in {each.id for each in edition.book.rules}:
        assert f"\n{rule} " in text
    assert "refuse" in text
    assert "2025-2215" in text
    assert "not asked" not in verdicts(text).values()
    assert "What to tell the customer: A mobile number" in text
    assert "698765432" not in text


def verdicts(text: str) -> dict[str, str]:
    """Every rule and its verdict as told in English."""
    rows = re.findall(r"^([a-z]+\.[a-z_0-9]+) +\d{4}-\d\d-\d\d +((?:\w+ )*\w+)  ", text, re.MULTILINE)
    return dict(rows)


def test_rules_that_were_not_asked_are_judged_all_the_same(edition: Edition) -> None:
    full = state(attempts=4, first_attempt=AT - 9 * DAY, refusal_at=AT - DAY)
    found = verdicts(told(line(edition, full), edition, "en"))
    assert set(found) == {rule.id for rule in edition.book.rules}
    assert found["refusal.consumer"] == "refuse"
    assert found["frequency.consumer"] == "would refuse"
    assert found["attempts.campaign"] == "would pass"
    assert found["presentation.campaign"] == "would choose"
    early = told(line(edition, LedgerView(None), caller="0698765432"), edition, "en")
    assert verdicts(early)["cli.mobile"] == "refuse"
    assert verdicts(early)["refusal.consumer"] == "not asked"
    assert "not asked: an earlier rule had decided, so the store was not asked" in early


def test_the_clock_is_the_one_of_the_called_person(edition: Edition) -> None:
    text = told(line(edition, state()), edition, "en")
    assert "2026-11-24T14:00:00+04:00" in text
    assert "RE" in text


def test_the_counter_and_when_a_place_is_free(edition: Edition) -> None:
    one = line(edition, state(attempts=4, first_attempt=AT - 9 * DAY, last_attempt=AT - DAY))
    assert one.rule == "frequency.consumer"
    text = told(one, edition, "en")
    assert "4 of 4 in 30 days, before this call" in text
    assert "a place is free again   2026-12-15T00:00:00+04:00" in text
    assert "possible again" in text
    assert "c-7 2026-10-15" in text
    french = told(one, edition, "fr")
    assert "4 sur 4 en 30 jours, avant cet appel" in french
    assert "Que dire au client : La personne a déjà été appelée" in french
    assert "sans objet" in french


def test_a_refusal_of_the_person(edition: Edition) -> None:
    one = line(edition, state(refusal_at=AT - DAY))
    assert one.rule == "refusal.consumer"
    assert "person refused          2026-11-23T14:00:00+04:00" in told(one, edition, "en")


def test_a_silent_store(edition: Edition) -> None:
    text = told(line(edition, LedgerView(None, None, True)), edition, "fr")
    assert "n’a pas répondu à temps" in text


def test_another_edition_is_said_and_versions_stay_those_of_the_record(edition: Edition) -> None:
    one = line(edition, state())
    rules = tuple(rule for rule in edition.book.rules if rule.id != "presentation.campaign")
    other = Edition(edition.plan, edition.calendar, RuleBook(rules), edition.directory, "other")
    text = told(one, other, "en")
    assert f"{edition.revision} (other: decided by another edition" in text
    if any(entry.startswith("presentation.campaign@") for entry in one.rules):
        assert "not in the rule book at hand" in text


def test_a_file_of_rules_that_is_gone_leaves_the_name_of_the_basis(edition: Edition) -> None:
    row = next(rule.row for rule in edition.book.rules if rule.id == "hours.consumer")
    assert "D223-9" in Sources().basis(row)
    assert iso_day(row.since) == "2023-03-01"
    assert Sources().basis(replace(row, file="gone.toml")) == row.basis
    assert Sources().basis(replace(row, basis="interpretation", why="so")) == "so"
