"""The law of one day, for calls of any day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from proxy.policy.edition import Edition
from proxy.runtime.edition_as_of import as_of
from proxy.runtime.numbering_file import load_numbering
from proxy.runtime.toml_source import read_toml

NUMBERING = Path(__file__).parents[2] / "config" / "numbering.toml"
TERRITORIES = load_numbering(read_toml(NUMBERING)).territories
AUTOMATED = 1


def versions(edition: Edition, rule: str, day: str) -> list[int]:
    ordinal = date.fromisoformat(day).toordinal()
    return [one.row.line for one in edition.book.on(ordinal, ordinal).rules if one.id == rule]


def test_the_version_of_the_day_holds_on_all_days(edition: Edition) -> None:
    old = as_of(edition, TERRITORIES, date(2026, 8, 10).toordinal())
    assert versions(old, "hours.consumer", "2026-11-24") == versions(edition, "hours.consumer", "2026-08-10")
    assert versions(edition, "hours.consumer", "2026-11-24") != versions(edition, "hours.consumer", "2026-08-10")


def test_a_rule_that_was_not_yet_in_force_is_not_there(edition: Edition) -> None:
    before = as_of(edition, TERRITORIES, date(2021, 3, 1).toordinal())
    assert versions(before, "hours.consumer", "2026-11-24") == []


def test_classes_of_numbers_go_by_the_day_too(edition: Edition) -> None:
    then, now = date(2022, 12, 31).toordinal(), date(2026, 11, 24).toordinal()
    plan = as_of(edition, TERRITORIES, then).plan
    changed = 0
    for one in edition.plan.classes():
        assert plan.shown(one.name, AUTOMATED, now) == edition.plan.shown(one.name, AUTOMATED, then), one.name
        changed += edition.plan.shown(one.name, AUTOMATED, now) != edition.plan.shown(one.name, AUTOMATED, then)
    assert changed


def test_the_revision_says_so(edition: Edition) -> None:
    assert as_of(edition, TERRITORIES, date(2026, 8, 10).toordinal()).revision == f"{edition.revision} as of 2026-08-10"
