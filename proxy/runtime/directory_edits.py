"""What the commands do to the directory: each is an edit of a book, so that it can be made again when somebody was faster.

Nothing is read or written here. A mistake is a `ConfigError` whose place is the command.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from proxy.policy.moment import iso_day
from proxy.policy.ranges import FOREVER
from proxy.runtime.number_rights import quarantine_days
from proxy.runtime.numbering_file import Numbering
from proxy.runtime.store.directory_book import KEYS, Book
from proxy.runtime.store.directory_changes import Edit
from proxy.runtime.store.directory_fields import FIELDS, WANTED, parsed, put
from proxy.runtime.store.directory_records import (
    CAMPAIGN,
    CUSTOMER,
    NUMBER,
    TRUNK,
    TRUNK_KIND,
    Draft,
    Nowhere,
    Record,
    Values,
    record_of_values,
)
from proxy.runtime.toml_source import ConfigError, seen

NAMED: Final = {CUSTOMER: "customers", NUMBER: "numbers", CAMPAIGN: "campaigns", TRUNK: "trunks"}
FIXED: Final = {
    CUSTOMER: ("id",),
    NUMBER: ("customer",),
    CAMPAIGN: ("customer", "id"),
    TRUNK: ("name", TRUNK_KIND),
}
NAMES: Final = {CUSTOMER: "the id of a customer", CAMPAIGN: "a campaign, named `customer/campaign`"}


def fields(place: str, kind: str, pairs: Iterable[str]) -> dict[str, object | None]:
    """`field=value` texts as values; none for `field=`, which takes the field away. Raises ConfigError."""
    found: dict[str, object | None] = {}
    for pair in pairs:
        field, equals, text = pair.partition("=")
        if not equals or field not in FIELDS[kind]:
            expected = "`field=value` with a field out of " + ", ".join(FIELDS[kind])
            raise ConfigError(place, 0, "", expected, seen(pair))
        form = FIELDS[kind][field]
        try:
            found[field] = parsed(form, text) if text else None
        except ValueError:
            raise ConfigError(place, 0, field, WANTED[form], seen(text)) from None
    return found


def added(numbering: Numbering, kind: str, stated: dict[str, object | None]) -> Edit:
    """A record that was not there."""
    place = Nowhere(f"{NAMED[kind]} add")
    values: Values = {}
    for field, value in stated.items():
        put(values, field, value)
    draft = Draft(record_of_values(kind, values), place)

    def edit(book: Book) -> Sequence[Draft]:
        key = Book(numbering).read(draft)
        if (kind, key) in book.records:
            expected = f"a {kind} that is new; `{NAMED[kind]} set` changes one"
            raise ConfigError(place.file, 0, KEYS[kind], expected, seen(key))
        return [draft]

    return edit


def altered(
    numbering: Numbering, kind: str, name: str, stated: dict[str, object | None], customer: str = "", what: str = "set"
) -> Edit:
    """The record of that name with these fields; an absent value takes its field away."""
    place = f"{NAMED[kind]} {what} {name}"

    def edit(book: Book) -> Sequence[Draft]:
        key = found(book, numbering, kind, name, customer, place)
        record = book.records[kind, key]
        return [redraft(record, key, stated, place)]

    return edit


def redraft(record: Record, key: str, stated: dict[str, object | None], place: str) -> Draft:
    """A draft of the record with other values; names stay, and so do owners."""
    values: Values = dict(record.values)
    for field, value in stated.items():
        if field in FIXED[record.kind]:
            raise ConfigError(place, 0, field, "no change; the history hangs on it", seen(value))
        put(values, field, value)
    return Draft(Record(record.kind, record.customer, values), Nowhere(place), replaces=key)


def removed(numbering: Numbering, kind: str, name: str) -> Edit:
    """The record of that name is there no more."""
    place = f"{NAMED[kind]} remove {name}"

    def edit(book: Book) -> Sequence[Draft]:
        key = found(book, numbering, kind, name, "", place)
        return [Draft(Record(kind, book.records[kind, key].customer, {}), Nowhere(place), replaces=key)]

    return edit


def assigned(number: str, customer: str, values: Values) -> Edit:
    """A right to show the number, for that customer."""
    stated = {key: value for key, value in values.items() if value not in (None, "")}
    draft = Draft(Record(NUMBER, customer, {"number": number, **stated}), Nowhere(f"numbers assign {number}"))
    return lambda _: [draft]


def released(numbering: Numbering, number: str, customer: str, last: int, rest: int | None, ported: bool) -> Edit:
    """The right ends on day `last`; the number rests so many days, the fewest that are lawful if none are stated."""
    place = f"numbers release {number}"
    days = quarantine_days(last)[0] if rest is None else rest
    stated: dict[str, object | None] = {
        "until": date.fromordinal(last),
        "state": "ported_out" if ported else "quarantined",
        "quarantine_until": None if ported else date.fromordinal(last + days),
    }

    def edit(book: Book) -> Sequence[Draft]:
        key = found(book, numbering, NUMBER, number, customer, place)
        entry = book.numbers[key]
        if entry.until is not None and entry.until < last:
            raise ConfigError(place, 0, "until", "a right that has not ended before", seen(iso_day(entry.until)))
        return [redraft(book.records[NUMBER, key], key, stated, place)]

    return edit


def quarantined(numbering: Numbering, number: str, customer: str, days: int) -> Edit:
    """A released number rests so many days after its right ended."""
    place = f"numbers quarantine {number}"

    def edit(book: Book) -> Sequence[Draft]:
        key = found(book, numbering, NUMBER, number, customer, place)
        until = book.numbers[key].until
        if until is None:
            raise ConfigError(place, 0, "until", "a right that has ended; `numbers release` ends one", "nothing")
        stated: dict[str, object | None] = {
            "state": "quarantined",
            "quarantine_until": date.fromordinal(until + days),
        }
        return [redraft(book.records[NUMBER, key], key, stated, place)]

    return edit


def found(book: Book, numbering: Numbering, kind: str, name: str, customer: str, place: str) -> str:
    """The key of the record that a command names: an id, `customer/campaign`, a trunk, or a number in any writing.

    Of several rights on a number the last one is meant, of that customer if one is stated. Raises ConfigError.
    """
    if kind != NUMBER:
        if (kind, name) not in book.records:
            trunks = "the name of a trunk: " + ", ".join(f"`{one}`" for one in book.trunks)
            raise ConfigError(place, 0, "", NAMES.get(kind, trunks), seen(name))
        return name
    rights = [key for key in book.rights(canonical(numbering, name)) if customer in ("", book.numbers[key].customer)]
    if not rights:
        raise ConfigError(place, 0, "number", "a number in the directory", seen(name))
    last = rights[-1]
    others = {book.numbers[key].customer for key in rights if book.numbers[key].until is None}
    if len(others | {book.numbers[last].customer}) > 1:
        names = ", ".join(f"`{other}`" for other in sorted(others | {book.numbers[last].customer}))
        raise ConfigError(place, 0, "customer", f"`--customer` with one of {names}", "nothing")
    return last


def canonical(numbering: Numbering, text: str) -> str:
    """The one form of a number; the text itself if it is none."""
    number = numbering.plan.number(text, FOREVER)
    return text if number is None else number.canonical
