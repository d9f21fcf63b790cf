"""Everything the directory says at one version, read and checked; from it the `Directory` that decisions use is made.

A book never changes: `edited` gives the next one or tells every mistake of every draft at once. Only what an edit touches
is read again and checked against the rest by `directory_checks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, final
from weakref import ref

from proxy.policy.directory import Campaign, Customer, Directory, NumberEntry
from proxy.policy.moment import iso_day
from proxy.policy.number_shelves import NumberShelves
from proxy.runtime.directory_file import campaign_of, customer_of
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.number_rights import entry_of
from proxy.runtime.numbering_file import Numbering
from proxy.runtime.store.directory_checks import check
from proxy.runtime.store.directory_records import (
    CAMPAIGN,
    CUSTOMER,
    NUMBER,
    OWNED,
    TRUNK,
    TRUNK_KIND,
    Change,
    Draft,
    Nowhere,
    Record,
    Version,
)
from proxy.runtime.toml_source import Table
from proxy.runtime.trunk_checks import FACES
from proxy.runtime.trunk_settings import Trunk, Trunks, read_trunk, trunks_of

THE_STORE: Final = Nowhere("the directory")
SLICE: Final = 200  # numbers
KEYS: Final = {CUSTOMER: "id", NUMBER: "number", CAMPAIGN: "id", TRUNK: "name"}


@final
class Book:
    """The records, and what they say, by kind and key."""

    __slots__ = (
        "__weakref__",
        "made_of",
        "moved",
        "_numbering",
        "touched",
        "campaigns",
        "customers",
        "held",
        "numbers",
        "records",
        "trunks",
        "version",
    )

    def __init__(self, numbering: Numbering) -> None:
        """An empty book."""
        self._numbering: Final = numbering
        self.version = 0
        self.records: dict[tuple[str, str], Record] = {}
        self.customers: dict[str, Customer] = {}
        self.numbers: dict[str, NumberEntry] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.trunks: dict[str, Trunk] = {}
        self.made_of: ref[Book] | None = None
        self.touched: dict[tuple[str, str], None] = {}  # what is not as in that one
        self.moved = False  # something was taken out of its place and came back last
        self.held: dict[str, tuple[str, ...]] = {}  # canonical number to the keys of all rights on it

    def directory(self) -> Directory:
        """What decisions use. Takes a while for many numbers: call it in a thread, which gives way after each slice."""
        numbers, shelves = list(self.numbers.values()), NumberShelves()
        for first in range(0, len(numbers), SLICE):
            shelves.add(numbers[first : first + SLICE])
        shelves.settle()
        made = Directory(list(self.customers.values()), [], list(self.campaigns.values()))
        made.use_numbers(shelves)
        return made

    def peers(self) -> Trunks:
        """The trunks, in the order in which they came."""
        return trunks_of(self.trunks.values(), [self.records[TRUNK, key].values for key in self.trunks])

    def rights(self, canonical: str) -> list[str]:
        """The keys of all rights on a number, in the order of their beginnings."""
        return sorted(self.held.get(canonical, ()), key=lambda key: self.numbers[key].since)

    def edited(self, drafts: Sequence[Draft]) -> tuple[Book, tuple[Change, ...]]:
        """The book with these drafts in it, and what changes; a draft with the key of a record takes its place.

        Raises ConfigError, or ConfigErrors with the mistakes of all drafts.
        """
        book, mistakes = self._copy(), Mistakes()
        changed: dict[tuple[str, str], Record | None] = {}
        written: dict[tuple[str, str], Draft] = {}
        broken: set[tuple[str, str]] = set()
        for draft in drafts:
            kind = draft.record.kind
            removes = draft.replaces != "" and not draft.record.values and draft.mistake is None
            key = "" if removes else mistakes.attempt(partial(book.read, draft))
            if draft.replaces and draft.replaces != key:
                book._remove(kind, draft.replaces)
                changed.setdefault((kind, draft.replaces), None)
            if removes:
                continue
            if key is None:
                broken.add(identity(draft))
            elif (kind, key) in written:
                mistakes.add(draft.table().error(KEYS[kind], f"one {kind} of each key", f"`{key}` twice"))
            else:
                written[kind, key] = draft
                changed[kind, key] = draft.record
        check(book, written, changed, broken, mistakes)
        mistakes.raise_any()
        return book, self._changes(changed)

    def applied(self, *versions: Version) -> Book:
        """The book after these versions of the store; they were checked when they were made."""
        book = self._copy()
        gone: set[tuple[str, str]] = set()
        for version in versions:
            for change in version.changes:
                place = (change.kind, change.key)
                book.touched[place] = None
                if change.after is None:
                    gone.add(place)
                    book._remove(change.kind, change.key)
                else:
                    book.moved = book.moved or place in gone
                    book.read(Draft(change.after, THE_STORE))
            book.version = version.number
        book.made_of = ref(self)
        return book

    def filled(self, number: int, records: Iterable[Record]) -> Book:
        """The book of a snapshot."""
        book = self._copy()
        for record in records:
            book.read(Draft(record, THE_STORE))
        book.version = number
        return book

    def read(self, draft: Draft) -> str:
        """Read a draft into this book, which it alone changes; its key. Raises ConfigError."""
        if draft.mistake is not None:
            raise draft.mistake
        record, table = draft.record, draft.table()
        if record.kind == CUSTOMER:
            customer = customer_of(table, self._numbering)
            table.close()
            key = customer.id
            self.customers[key] = customer
        elif record.kind == NUMBER:
            entry = entry_of(table, record.customer, self._numbering)
            canonical = entry.number.canonical
            key = f"{canonical}/{entry.customer}/{iso_day(entry.since)}"
            if key not in self.numbers:
                self.held[canonical] = (*self.held.get(canonical, ()), key)
            self.numbers[key] = entry
        elif record.kind == TRUNK:
            faces = table.one_of(TRUNK_KIND, FACES)
            within = Table(
                table.source, table.where, {name: one for name, one in record.values.items() if name != TRUNK_KIND}
            )
            trunk = read_trunk(within, faces, self._numbering)
            key = trunk.name
            self.trunks[key] = trunk
        else:
            campaign = campaign_of(table, record.customer, self._numbering)
            key = f"{campaign.customer}/{campaign.id}"
            self.campaigns[key] = campaign
        self.records[record.kind, key] = record
        return key

    def undone(self, versions: Sequence[Version], what: str) -> list[Draft]:
        """Drafts that bring back what was before these versions, newest last; a record without values is to be removed."""
        wanted: dict[tuple[str, str], Record | None] = {}
        for version in reversed(versions):
            for change in version.changes:
                wanted[change.kind, change.key] = change.before
        place = Nowhere(what)
        drafts = []
        if not (
            any((TRUNK, name) not in wanted for name in self.trunks)
            or any(record is not None for (kind, _), record in wanted.items() if kind == TRUNK)
        ):
            # before these versions the directory knew of no trunks, and says nothing of them
            wanted = {key: record for key, record in wanted.items() if key[0] != TRUNK}
        for (kind, key), record in wanted.items():
            there = self.records.get((kind, key))
            if record is None and there is not None:
                drafts.append(Draft(Record(kind, there.customer, {}), place, replaces=key))
            elif record is not None and record != there:
                drafts.append(Draft(record, place))
        return drafts

    def _copy(self) -> Book:
        book = Book(self._numbering)
        book.version = self.version
        book.records, book.customers = dict(self.records), dict(self.customers)
        book.numbers, book.campaigns = dict(self.numbers), dict(self.campaigns)
        book.trunks = dict(self.trunks)
        book.held = dict(self.held)
        return book

    def _changes(self, changed: dict[tuple[str, str], Record | None]) -> tuple[Change, ...]:
        found = []
        for (kind, key), after in changed.items():
            before = self.records.get((kind, key))
            if before != after:
                found.append(Change(kind, key, before, after))
        return tuple(found)

    def _remove(self, kind: str, key: str) -> None:
        self.records.pop((kind, key), None)
        if kind == CUSTOMER:
            self.customers.pop(key, None)
        elif kind == CAMPAIGN:
            self.campaigns.pop(key, None)
        elif kind == TRUNK:
            self.trunks.pop(key, None)
        else:
            entry = self.numbers.pop(key, None)
            if entry is not None:
                canonical = entry.number.canonical
                self.held[canonical] = tuple(other for other in self.held[canonical] if other != key)


def identity(draft: Draft) -> tuple[str, str]:
    """Which trunk a draft is, or which customer's record, as far as it can be read."""
    record = draft.record
    if record.kind in OWNED:
        return CUSTOMER, record.customer
    return record.kind, str(record.values.get(KEYS[record.kind], draft.replaces))
