"""A record is looked at with the directory of its own version, in whatever order records come."""

from __future__ import annotations

import random

import pytest

from proxy.policy.edition import Edition
from proxy.runtime.edition_file import edition_with
from proxy.runtime.edition_of_record import KEPT, EditionsOfRecords, renamed, version_of, without_directory
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_records import Draft, Nowhere, Record, Version
from tests.runtime.store.directory_shelf import CUSTOMER, SMALL, drafts, numbering

COUNT = 12


def history() -> tuple[list[Version], list[Book]]:
    """Versions of which each adds a customer, every third one takes one away; the book after each, index 0 the empty one."""
    book, versions, books = Book(numbering()), [], [Book(numbering())]
    for number in range(1, COUNT + 1):
        wanted = drafts(SMALL if number == 1 else CUSTOMER.format(f"c{number}"))
        if number % 3 == 0:
            wanted.append(Draft(Record("customer", f"c{number - 1}", {}), Nowhere("test"), replaces=f"c{number - 1}"))
        book, changes = book.edited(wanted)
        versions.append(Version(number, float(number), "me", "a test", changes))
        book.version = number
        books.append(book)
    return versions, books


@pytest.mark.parametrize("seed", range(5))
def test_the_directory_is_that_of_the_version(edition: Edition, seed: int) -> None:
    versions, books = history()
    last = edition_with(edition, books[-1].directory(), COUNT)
    editions = EditionsOfRecords(last, versions, numbering())
    dice = random.Random(seed)
    for version in [dice.randrange(1, COUNT + 1) for _ in range(30)]:
        found = editions.of(f"0123456789ab.{version}")
        assert [one.id for one in found.directory.customers()] == [
            one.id for one in books[version].directory().customers()
        ]
        assert found.revision == f"{edition.revision}.{version}"
        assert (found.book, found.plan) == (edition.book, edition.plan)
        assert editions.of(f"0123456789ab.{version}") is found
    assert editions.missing == 0


def test_a_version_that_the_store_does_not_hold_is_counted(edition: Edition) -> None:
    versions, _ = history()
    editions = EditionsOfRecords(edition, versions, numbering())
    assert editions.of("ab.99") is edition
    assert editions.of("ab.99") is edition
    assert editions.missing == 2


def test_a_record_made_without_a_store_is_looked_at_with_the_directory_at_hand(edition: Edition) -> None:
    editions = EditionsOfRecords(edition, (), numbering())
    assert editions.of("0123456789ab") is edition
    assert editions.of("") is edition
    assert editions.missing == 0


def test_only_so_many_are_held(edition: Edition) -> None:
    versions, _ = history()
    editions = EditionsOfRecords(edition, versions, numbering())
    first = editions.of("a0.1")
    for number in range(KEPT):
        editions.of(f"b{number}.2")
    assert editions.of("a0.1") is not first


def test_the_name_of_an_edition() -> None:
    assert (version_of("0a1b.17"), version_of("0a1b"), version_of("0a1b.17 as of 2026-08-10")) == (17, 0, 17)
    assert renamed("0a1b", 3) == "0a1b.3"
    assert renamed("0a1b.17 as of 2026-08-10", 3) == "0a1b.3 as of 2026-08-10"
    assert without_directory("0a1b.17 as of 2026-08-10") == "0a1b as of 2026-08-10"
    assert without_directory("0a1b") == "0a1b"
