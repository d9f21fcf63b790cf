"""The directory of a book, made of the directory of the book before it: a change costs what it changes, not what there is.

The outcome is the directory that the book alone would give, order included; where that would not be so, or much has
changed, it is made anew.
"""

from __future__ import annotations

from typing import Final

from proxy.policy.directory import Directory
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_records import CAMPAIGN, CUSTOMER, NUMBER

TOUCHED_MOST: Final = 1000  # records; making it anew gives way to others more often


def directory_after(book: Book, earlier: Book, directory: Directory) -> Directory:
    """What decisions use by this book; `directory` is that of the earlier one, and its uses go on. Call it in a thread."""
    if not in_place(book, earlier):
        made = book.directory()
        made.uses, made.shown = directory.uses, directory.shown
        return made
    return directory.changed(
        {key: book.customers.get(key) for kind, key in book.touched if kind == CUSTOMER},
        [(earlier.numbers.get(key), book.numbers.get(key)) for kind, key in book.touched if kind == NUMBER],
        {pair_of(key): book.campaigns.get(key) for kind, key in book.touched if kind == CAMPAIGN},
    )


def in_place(book: Book, earlier: Book) -> bool:
    """Whether little has changed since, and all that is still there stands where it stood."""
    if book.made_of is None or book.made_of() is not earlier or book.moved or len(book.touched) > TOUCHED_MOST:
        return False
    for kind, key in book.touched:
        before, after = earlier.numbers.get(key), book.numbers.get(key)
        if kind == NUMBER and before is not None and after is not None and before.number.zone != after.number.zone:
            return False
    return True


def pair_of(key: str) -> tuple[str, str]:
    """Customer and campaign of a campaign's key."""
    customer, _, campaign = key.partition("/")
    return customer, campaign
