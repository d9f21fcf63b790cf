"""Edits of a book: fields by name, records by name, and what may not be changed."""

from __future__ import annotations

from datetime import date

import pytest

from proxy.runtime.directory_edits import added, altered, assigned, fields, found, quarantined, released
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_changes import Edit
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.directory_shelf import RIGHT, book, drafts, numbering

LAST = date(2026, 5, 31).toordinal()


def after(old: Book, edit: Edit) -> Book:
    return old.edited(edit(old))[0]


def test_fields_are_typed_and_an_empty_one_goes_away() -> None:
    assert fields("here", "number", ["since=2026-01-01", "note=a=b", "until="]) == {
        "since": date(2026, 1, 1),
        "note": "a=b",
        "until": None,
    }


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("colour=red", "here: expected `field=value` with a field out of customer, number, right"),
        ("since", "here: expected `field=value`"),
        ("since=soon", "here: key `since`: expected a date such as 2026-08-11, seen `soon`"),
    ],
)
def test_fields_that_are_none(pair: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fields("here", "number", [pair])
    assert message in str(caught.value)


def test_what_is_there_is_not_added_again() -> None:
    stated = fields("here", "number", ["customer=a", "number=0162000001", "since=2026-01-01"])
    with pytest.raises(ConfigError, match="expected a number that is new; `numbers set` changes one"):
        added(numbering(), "number", stated)(book())


def test_what_names_a_record_stays() -> None:
    for kind, name, field in (("customer", "a", "id=z"), ("number", "0162000001", "customer=b")):
        with pytest.raises(ConfigError, match="expected no change; the history hangs on it"):
            altered(numbering(), kind, name, fields("here", kind, [field]))(book())


def test_a_first_day_may_move() -> None:
    new = after(book(), altered(numbering(), "number", "0162000001", {"since": date(2026, 2, 1)}))
    assert list(new.numbers) == ["+33162000001/a/2026-02-01"]


def test_a_release_takes_the_fewest_days_that_are_lawful() -> None:
    new = after(book(), released(numbering(), "0162000001", "", LAST, None, ported=False))
    entry = next(iter(new.numbers.values()))
    assert (entry.state, entry.until, entry.quarantine_until) == ("quarantined", LAST, LAST + 45)
    longer = after(new, quarantined(numbering(), "0162000001", "", 120))
    assert next(iter(longer.numbers.values())).quarantine_until == LAST + 120
    with pytest.raises(ConfigError, match="expected 45 to 120 days"):
        after(new, quarantined(numbering(), "0162000001", "", 30))
    with pytest.raises(ConfigError, match="expected a right that has not ended before, seen `2026-05-31`"):
        released(numbering(), "0162000001", "", LAST + 1, None, ported=False)(new)


def test_the_last_right_is_meant_and_of_two_the_one_of_the_customer() -> None:
    consent = RIGHT.format("b", "+33162000001", "2026-02-01") + 'right = "consented"\nevidence = "e"\n'
    both = after(book(), lambda _: drafts(consent))
    with pytest.raises(ConfigError, match="expected `--customer` with one of `a`, `b`"):
        found(both, numbering(), "number", "0162000001", "", "here")
    assert found(both, numbering(), "number", "0162000001", "a", "here") == "+33162000001/a/2026-01-01"
    assert found(both, numbering(), "number", "0162000001", "b", "here") == "+33162000001/b/2026-02-01"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("customer", "z", "expected the id of a customer, seen `z`"),
        ("campaign", "a/z", "expected a campaign, named `customer/campaign`, seen `a/z`"),
        ("number", "0162999999", "key `number`: expected a number in the directory, seen `0162999999`"),
    ],
)
def test_what_is_not_there_is_not_found(kind: str, name: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        found(book(), numbering(), kind, name, "", "here")
    assert message in str(caught.value)


def test_an_assignment_leaves_out_what_is_not_said() -> None:
    draft = assigned("0162000002", "a", {"since": date(2026, 1, 1), "until": None, "note": ""})(book())[0]
    assert draft.record.values == {"number": "0162000002", "since": date(2026, 1, 1)}
