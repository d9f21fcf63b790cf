"""What the records of a book say about each other, looked at only where an edit touches it.

Each number has one owner at a time, every number and campaign has its customer, nobody names a number that it does not
have, and trunks hold together as `trunk_checks.py` says. A mistake stands where the edit is written; where nothing is written, the record of the store is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

from proxy.policy.directory import Campaign, Customer, NumberEntry
from proxy.runtime.directory_file import check_held
from proxy.runtime.login_checks import check_logins
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.number_rights import check_overlap
from proxy.runtime.store.directory_records import CAMPAIGN, CUSTOMER, NUMBER, TRUNK, TRUNK_KIND, Draft, Nowhere, Record
from proxy.runtime.toml_source import Table
from proxy.runtime.trunk_checks import Written, check_trunks
from proxy.runtime.trunk_settings import Trunk

Key = tuple[str, str]


class Records(Protocol):
    """The part of a book that is looked at."""

    records: dict[Key, Record]
    customers: dict[str, Customer]
    numbers: dict[str, NumberEntry]
    campaigns: dict[str, Campaign]
    held: dict[str, tuple[str, ...]]
    trunks: dict[str, Trunk]


def check(
    book: Records, written: Mapping[Key, Draft], touched: Iterable[Key], broken: set[Key], mistakes: Mistakes
) -> None:
    """Keep every mistake that an edit has made.

    `written` are its drafts by kind and key, `touched` those and what it removed, `broken` the trunks and the customers
    of drafts that could not be read: what else is wrong there cannot be told yet.
    """
    keys = list(touched)
    for kind, key in keys:
        if kind == NUMBER and key in book.numbers:
            entry = book.numbers[key]
            others = tuple(book.numbers[other] for other in book.held[entry.number.canonical] if other != key)
            mistakes.attempt(partial(check_overlap, place(book, written, (kind, key)), entry, others))
    unread = {name for kind, name in broken if kind == CUSTOMER}
    check_customers(book, written, {owner(kind, key) for kind, key in keys if kind != TRUNK} - unread, mistakes)
    gone = any(kind == CUSTOMER and key not in book.customers for kind, key in keys)
    if any(kind == TRUNK for kind, _ in keys) or (gone and book.trunks):
        rows = trunk_rows(book, written, {name for kind, name in broken if kind == TRUNK})
        check_trunks(rows, book.customers.keys() | unread, Table(Nowhere("the directory"), (), {}), mistakes)
        check_logins(rows, book.customers.keys() | unread, mistakes)


def trunk_rows(book: Records, written: Mapping[Key, Draft], broken: set[str]) -> list[Written]:
    """All trunks and where each is written; of those that could not be read only the name is known."""
    rows = [
        Written(place(book, written, (TRUNK, name)), str(book.records[TRUNK, name].values[TRUNK_KIND]), trunk)
        for name, trunk in book.trunks.items()
        if name not in broken
    ]
    return rows + [Written(Table(Nowhere(""), (), {"name": name}), "", None) for name in sorted(broken)]


def check_customers(book: Records, written: Mapping[Key, Draft], customers: set[str], mistakes: Mistakes) -> None:
    """Everything of these customers belongs to a customer, and what they name is theirs."""
    held: dict[str, set[str]] = {customer: set() for customer in customers}
    for key, entry in book.numbers.items():
        if entry.customer in held:
            held[entry.customer].add(entry.number.canonical)
            check_known(book, written, (NUMBER, key), entry.customer, mistakes)
    for key, campaign in book.campaigns.items():
        if campaign.customer in held:
            check_known(book, written, (CAMPAIGN, key), campaign.customer, mistakes)
            row = place(book, written, (CAMPAIGN, key))
            mistakes.attempt(partial(check_held, row, "npv", campaign.npv, held[campaign.customer]))
    for name in sorted(customers):
        if name in book.customers:
            row = place(book, written, (CUSTOMER, name))
            mistakes.attempt(partial(check_held, row, "default_npv", book.customers[name].default_npv, held[name]))


def check_known(book: Records, written: Mapping[Key, Draft], key: Key, customer: str, mistakes: Mistakes) -> None:
    """Keep a mistake when nobody is the customer of that record."""
    if customer not in book.customers:
        expected = "the id of a customer in the directory"
        mistakes.add(place(book, written, key).error("customer", expected, f"`{customer}`"))


def place(book: Records, written: Mapping[Key, Draft], key: Key) -> Table:
    """Where a record is written: in the edit, else in the store."""
    draft = written.get(key)
    if draft is not None:
        return draft.table()
    return Table(Nowhere(f"{key[0]} {key[1]} of the directory"), (), book.records[key].values)


def owner(kind: str, key: str) -> str:
    """The customer named by a key."""
    if kind == CUSTOMER:
        return key
    return key.split("/")[1 if kind == NUMBER else 0]
