"""The directory that follows is the one that the book alone would give."""

from __future__ import annotations

import pytest

from proxy.policy.directory import Directory
from proxy.runtime.store import directory_steps as steps
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_records import NUMBER, Change, Version
from proxy.runtime.store.directory_steps import directory_after, pair_of
from tests.runtime.store.directory_shelf import CUSTOMER, SMALL, drafts, edit, numbering


@pytest.fixture
def book() -> Book:
    found, _ = Book(numbering()).edited(drafts(SMALL))
    return found


def seen(directory: Directory, book: Book) -> list[object]:
    """Everything that can be asked."""
    names = [customer.id for customer in directory.customers()]
    return [
        directory.customers(),
        [directory.campaigns_of(name) for name in names],
        [directory.numbers_of(name) for name in names],
        [directory.entries(entry.number.canonical) for entry in book.numbers.values()],
    ]


def version_of(book: Book, *changes: Change) -> Version:
    return Version(book.version + 1, 0.0, "zoe", "a test", changes)


def test_a_change_is_followed_in_place(book: Book) -> None:
    directory = book.directory()
    directory.used("+33162000001")
    _, changes = book.edited(edit(CUSTOMER.format("a").replace('"active"', '"suspended"'))(book))
    key = next(iter(book.numbers))
    gone = Change(NUMBER, key, book.records[NUMBER, key], None)
    for versions in ([version_of(book, *changes)], [version_of(book, gone)], [version_of(book, *changes, gone)]):
        later = book.applied(*versions)
        assert steps.in_place(later, book)
        followed = directory_after(later, book, directory)
        assert seen(followed, book) == seen(later.directory(), book)
        assert followed.uses is directory.uses


def test_what_came_back_is_read_anew_and_the_uses_go_on(book: Book) -> None:
    directory = book.directory()
    directory.used("+33162000001")
    key = next(iter(book.numbers))
    record = book.records[NUMBER, key]
    there_and_back = [
        version_of(book, Change(NUMBER, key, record, None)),
        version_of(book, Change(NUMBER, key, None, record)),
    ]
    later = book.applied(*there_and_back)
    assert not steps.in_place(later, book)
    followed = directory_after(later, book, directory)
    assert seen(followed, book) == seen(later.directory(), book)
    assert followed.uses == {"+33162000001": 1}


def test_of_much_or_of_another_book_it_is_made_anew(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    _, changes = book.edited(edit(CUSTOMER.format("z"))(book))
    later = book.applied(version_of(book, *changes))
    assert steps.in_place(later, book)
    assert not steps.in_place(later, Book(numbering()))
    monkeypatch.setattr(steps, "TOUCHED_MOST", 0)
    assert not steps.in_place(later, book)


def test_the_key_of_a_campaign() -> None:
    assert pair_of("acme/spring") == ("acme", "spring")
