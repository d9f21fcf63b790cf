"""A replay in words, and by which rules it goes."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from proxy.runtime.configuration import load_configuration
from proxy.runtime.replay_command import Change, PerCustomer, PerRule, Replayed
from proxy.runtime.replay_text import edition_for, told

CONFIG = Path(__file__).parents[2] / "config"


def test_nothing_changed_is_one_line() -> None:
    text = told(Replayed("b", "then", ["a"], 5, 0, 0, 0, [], [PerRule("x", 5, 5)], [PerCustomer("acme", 5, 0)]))
    assert text == "5 decisions, 0 would change (a -> b, with the directory each was decided with)\n"


def test_what_changed_is_told_by_outcome_rule_and_customer() -> None:
    changes = [Change("refuse 403 cli.mobile", "forward npv presentation.default", 2, ["d-1", "d-2"])]
    rules = [PerRule("cli.mobile", 2, 0), PerRule("same", 1, 1), PerRule("presentation.default", 1, 3)]
    customers = [PerCustomer("acme", 3, 2), PerCustomer("other", 2, 0)]
    text = told(Replayed("b", "today", [], 5, 2, 1, 3, changes, rules, customers))
    assert "(none -> b, with the directory of today)" in text
    assert "1 lines could not be read" in text
    assert "3 decided with today’s directory" in text
    assert "2      refuse 403 cli.mobile  forward npv presentation.default  d-1 d-2" in text
    assert "cli.mobile            2        0" in text
    assert "acme      3      2" in text
    assert "same" not in text
    assert "other" not in text


def test_the_configured_rules_or_others_or_those_of_a_day(tmp_path: Path) -> None:
    found = load_configuration(CONFIG / "proxy.toml")
    assert edition_for(found, found.edition, None, 0) is found.edition
    shutil.copytree(CONFIG / "rules", tmp_path / "rules")
    (tmp_path / "rules" / "40-presentation.toml").write_text("", encoding="utf-8")
    other = edition_for(found, found.edition, tmp_path / "rules", 0)
    assert len(other.book.rules) < len(found.edition.book.rules)
    assert other.directory is found.edition.directory
    assert "as of 2026-08-10" in edition_for(found, found.edition, None, date(2026, 8, 10).toordinal()).revision
