"""A book is edited as a whole or not at all, remembers what changed, and can go back."""

from __future__ import annotations

import pytest

from proxy.runtime.mistakes import ConfigErrors
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_records import Draft, Nowhere, Record, Version
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.directory_shelf import CUSTOMER, RIGHT, SMALL, book, drafts, numbering

KEY = "+33162000001/a/2026-01-01"


def edited(old: Book, text: str) -> tuple[Book, Version]:
    new, changes = old.edited(drafts(text))
    return new, Version(old.version + 1, 0.0, "me", "a test", changes)


def test_a_book_says_what_its_records_say() -> None:
    directory = book().directory()
    assert [customer.id for customer in directory.customers()] == ["a", "b"]
    assert [entry.number.canonical for entry in directory.numbers_of("a")] == ["+33162000001"]


def test_an_edit_leaves_the_old_book_as_it_was() -> None:
    old = book()
    new, _ = old.edited(drafts(RIGHT.format("b", "+33162000002", "2026-01-01")))
    assert (len(old.numbers), len(new.numbers)) == (1, 2)
    assert len(old.records) + 1 == len(new.records)


def test_every_mistake_of_every_draft_is_told() -> None:
    text = (
        CUSTOMER.format("a b") + RIGHT.format("a", "0612345678", "2026-01-01") + RIGHT.format("zz", "0162000003", "1")
    )
    with pytest.raises(ConfigErrors) as caught:
        book().edited(drafts(text))
    assert [(one.line, one.key) for one in caught.value.mistakes] == [(3, "id"), (13, "number"), (19, "since")]


def test_a_key_twice_in_one_edit_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected one customer of each key, seen `c` twice"):
        book().edited(drafts(CUSTOMER.format("c") * 2))


def test_the_same_again_changes_nothing() -> None:
    assert book().edited(drafts(SMALL))[1] == ()


def test_the_versions_and_a_snapshot_lead_to_the_same_book() -> None:
    start = Book(numbering())
    first, one = edited(start, SMALL)
    _, two = edited(first.applied(one), CUSTOMER.format("a").replace("pending", "refused"))
    by_versions = start.applied(one).applied(two)
    by_snapshot = Book(numbering()).filled(2, by_versions.records.values())
    assert by_versions.version == by_snapshot.version == 2
    assert list(by_versions.records.items()) == list(by_snapshot.records.items())
    assert by_versions.customers == by_snapshot.customers
    assert by_versions.customers["a"].kyc_status == "refused"


def test_a_right_whose_first_day_moves_keeps_no_shadow() -> None:
    old = book()
    record = old.records["number", KEY]
    moved = {**record.values, "since": record.values["since"]}
    moved.update(drafts(RIGHT.format("a", "+33162000001", "2026-02-01"))[0].record.values)
    new, changes = old.edited([Draft(Record("number", "a", moved), Nowhere("test"), replaces=KEY)])
    assert list(new.numbers) == new.rights("+33162000001") == ["+33162000001/a/2026-02-01"]
    assert [(one.key, one.before is None, one.after is None) for one in changes] == [
        (KEY, False, True),
        ("+33162000001/a/2026-02-01", True, False),
    ]


def test_undoing_brings_back_removes_and_restores() -> None:
    start = book()
    first, one = edited(start, CUSTOMER.format("a").replace('"active"', '"suspended"'))
    second, two = edited(first, CUSTOMER.format("c") + RIGHT.format("c", "+33162000004", "2026-01-01"))
    back, changes = second.edited(second.undone([one, two], "test"))
    assert back.records == start.records
    assert back.held.get("+33162000004", ()) == ()
    assert len(changes) == 3


def test_rights_come_in_the_order_of_their_beginnings() -> None:
    text = RIGHT.format("a", "+33162000005", "2026-05-01") + RIGHT.format("a", "+33162000005", "2025-01-01")
    new, _ = book().edited(drafts(text + "until = 2025-12-31\n"))
    assert new.rights("+33162000005") == ["+33162000005/a/2025-01-01", "+33162000005/a/2026-05-01"]
