"""What a right to show a number must say, how long the number rests, and that nobody else has it meanwhile."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from proxy.policy.directory import NumberEntry
from proxy.runtime.number_rights import check_overlap, entry_of, last_day, quarantine_days
from proxy.runtime.numbering_file import Numbering, load_numbering
from proxy.runtime.toml_source import ConfigError, Table, TomlSource, read_toml

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def numbering() -> Numbering:
    return load_numbering(read_toml(CONFIG / "numbering.toml"))


def table(text: str) -> Table:
    return TomlSource("numbers.toml", f'number = "+33162000001"\n{text}').root


def right(numbering: Numbering, customer: str, text: str) -> NumberEntry:
    return entry_of(table(text), customer, numbering)


@pytest.mark.parametrize(
    ("until", "days", "good"),
    [
        ("2026-05-31", 30, False),
        ("2026-05-31", 44, False),
        ("2026-05-31", 45, True),
        ("2026-05-31", 120, True),
        ("2026-05-31", 121, False),
        ("2023-01-01", 45, True),
        ("2022-12-31", 45, False),
        ("2022-12-31", 90, True),
        ("2022-12-31", 180, True),
        ("2022-12-31", 181, False),
        ("2019-01-31", 1, True),
    ],
)
def test_the_rest_after_the_end_is_what_the_plan_of_that_day_asks(
    numbering: Numbering, until: str, days: int, good: bool
) -> None:
    last = date.fromordinal(date.fromisoformat(until).toordinal() + days)
    text = f'since = 2018-09-01\nuntil = {until}\nstate = "quarantined"\nquarantine_until = {last}\n'
    if good:
        assert right(numbering, "a", text).quarantine_until == last.toordinal()
        return
    with pytest.raises(ConfigError) as caught:
        right(numbering, "a", text)
    assert caught.value.key == "quarantine_until"
    assert f"{days} days after" in caught.value.seen


def test_thirty_days_are_refused_with_the_legal_reason(numbering: Numbering) -> None:
    with pytest.raises(ConfigError, match=r"expected 45 to 120 days after `until` \(decision 2022-1583 of Arcep"):
        right(numbering, "a", "since = 2026-01-01\nuntil = 2026-05-31\nquarantine_until = 2026-06-30")


def test_both_holders_are_named(numbering: Numbering) -> None:
    first = right(numbering, "a", "since = 2026-01-01\nuntil = 2026-03-31")
    row = table("since = 2026-04-30")
    with pytest.raises(ConfigError) as caught:
        check_overlap(row, entry_of(row, "b", numbering), (first,))
    assert "`a` holds it from 2026-01-01 until 2026-03-31 and it rests until 2026-05-15" in caught.value.expected
    assert caught.value.seen == "`+33162000001` for `b` from 2026-04-30 on"


def test_a_number_ported_out_does_not_rest(numbering: Numbering) -> None:
    gone = right(numbering, "a", 'since = 2026-01-01\nuntil = 2026-03-31\nstate = "ported_out"')
    assert last_day(gone, same_customer=False) == date(2026, 3, 31).toordinal()


def test_before_the_plan_of_2018_nothing_was_asked() -> None:
    assert quarantine_days(date(2019, 1, 31).toordinal())[0] == 0


def test_a_test_of_the_call_back_needs_a_target(numbering: Numbering) -> None:
    with pytest.raises(ConfigError, match="key `callback_tested`: expected a `callback_target` beside it"):
        right(numbering, "a", "since = 2026-01-01\ncallback_tested = 2026-02-01")
    right(numbering, "a", 'since = 2026-01-01\ncallback_target = "sip:a@a.example"\ncallback_tested = 2026-02-01')
