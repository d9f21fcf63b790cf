"""That every case comes true is the matter of tests/policy/test_cases.py; here: how one is read and asked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from proxy.policy.edition import Edition
from proxy.runtime.edition_file import load_edition
from proxy.runtime.rule_cases import (
    Case,
    answer,
    day_of,
    facts_of,
    hits,
    passes,
    read_cases,
    settled,
    state_of,
    would_hit,
)

CONFIG = Path(__file__).parents[2] / "config"
CASE: Case = {
    "name": "a",
    "customer": "acme",
    "from": "0162000001",
    "pai": "0140000010",
    "to": "0140000000",
    "at": datetime.fromisoformat("2026-11-23T11:00:00+01:00"),
}


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load_edition(CONFIG / "rules", CONFIG / "numbering.toml", CONFIG / "customers.toml")


def test_defaults_hold_for_every_case_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text('defaults = { to = "15" }\ncase = [{ name = "b" }]\n', encoding="utf-8")
    (tmp_path / "a.toml").write_text('defaults = { to = "15" }\ncase = [{ name = "a", to = "17" }]\n', encoding="utf-8")
    assert [(case["name"], case["to"], case["file"]) for case in read_cases(tmp_path)] == [
        ("a", "17", "a.toml"),
        ("b", "15", "b.toml"),
    ]


def test_facts_of_a_case(edition: Edition) -> None:
    facts = facts_of({**CASE, "trunk": {"profile": "strict", "classes": ["geo"]}}, edition)
    assert [shown.source for shown in facts.presented] == ["From", "P-Asserted-Identity"]
    assert (facts.method, facts.trunk.profile) == ("INVITE", "strict")
    assert facts.trunk.allowed_classes == frozenset({"geo"})


def test_what_the_store_knows() -> None:
    at = datetime.fromisoformat("2026-11-01T11:00:00+01:00")
    state = state_of({**CASE, "state": {"attempts": 2, "refusal": at, "slot_agreed": at}}, True)
    assert (state.attempts, state.refusal_at, state.slot_at, state.reserved) == (
        2,
        at.timestamp(),
        at.timestamp(),
        True,
    )


def test_the_store_is_asked_as_the_engine_asks(edition: Edition) -> None:
    decision, view = answer(CASE, facts_of(CASE, edition), edition)
    assert decision.status == 0
    assert view.state is not None
    assert view.state.reserved
    silent: Case = {**CASE, "store": "silent"}
    decision, view = answer(silent, facts_of(silent, edition), edition)
    assert (decision.rule, view.expired) == ("ledger.unreachable", True)
    assert settled(silent).state is None
    busy: Case = {**CASE, "load": "node"}
    decision, view = answer(busy, facts_of(busy, edition), edition)
    assert (decision.rule, decision.retry_after, view.state) == ("capacity.node", 2, None)


def test_versions_that_hit_and_versions_that_pass(edition: Edition) -> None:
    version = ("frequency.consumer", day_of(datetime.fromisoformat("2026-08-11T00:00:00+02:00")))
    full: Case = {**CASE, "state": {"attempts": 4}}
    assert version in hits(full, edition)
    assert version not in passes(full, edition)
    assert version in passes(CASE, edition)


def test_a_version_is_asked_out_of_its_time_too(edition: Edition) -> None:
    rules = {rule.row.since: rule for rule in edition.book.rules if rule.id == "hours.consumer"}
    first = rules[min(rules)]
    evening: Case = {**CASE, "at": datetime.fromisoformat("2023-02-28T21:00:00+01:00")}
    assert would_hit(first, evening, edition)
    assert ("hours.consumer", first.row.since) not in hits(evening, edition)
    assert not would_hit(first, {**evening, "method": "MESSAGE"}, edition)
    strict = next(rule for rule in edition.book.rules if rule.id == "consent.message")
    text: Case = {**CASE, "method": "MESSAGE", "campaign": "opt-in"}
    assert not would_hit(strict, text, edition)
    assert would_hit(strict, {**text, "trunk": {"profile": "strict"}}, edition)
