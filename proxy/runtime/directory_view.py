"""What the directory commands print: records with what there is to do about them, and versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from proxy.policy.moment import iso_day
from proxy.runtime.call_back_checks import CallBackChecks
from proxy.runtime.directory_desk import Desk, at_desk
from proxy.runtime.directory_edits import NAMED, canonical, found
from proxy.runtime.directory_warnings import customer_warnings, number_warnings
from proxy.runtime.listing import Listing, show, show_one
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_fields import FIELDS, cell
from proxy.runtime.store.directory_interface import Use
from proxy.runtime.store.directory_records import CAMPAIGN, CUSTOMER, NUMBER, TRUNK, Change, Record, Values, Version
from proxy.runtime.toml_source import ConfigError, seen

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    CUSTOMER: ("id", "name", "status", "kyc.status", "kyc.expires", "purpose", "mode", "default_npv"),
    NUMBER: ("number", "customer", "right", "state", "since", "until", "quarantine_until", "callback_target"),
    CAMPAIGN: ("customer", "id", "purpose", "mode", "npv", "hours", "since", "until"),
    TRUNK: ("name", "kind", "sources", "customer", "customer_header", "carrier", "address", "domain"),
}
IMPLIED: Final[Mapping[str, Values]] = {NUMBER: {"right": "assigned", "state": "active"}}
TOLD: Final = 20  # changes of a version told one by one


def list_records(config: Path, kind: str, customer: str, as_json: bool) -> None:
    """Print the records of a kind, of one customer if one is named."""

    async def work(desk: Desk) -> Listing:
        book, uses = await desk.book(), await desk.store.uses()
        rows, objects = [], []
        checks = checks_of(desk, book) if kind == NUMBER else None
        for (of_kind, key), record in book.records.items():
            if of_kind == kind and record.concerns(customer):
                values, warnings = whole(book, kind, key), warned(book, kind, key, uses, desk.today, checks)
                rows.append((*(cell(values, field) for field in HEADS[kind]), "; ".join(warnings)))
                objects.append({**values, "warnings": warnings})
        return Listing((*HEADS[kind], "warnings"), rows, objects)

    show(at_desk(config, "", work), as_json)


def show_record(config: Path, kind: str, name: str, customer: str, as_json: bool) -> None:
    """Print one record: every field, what there is to do about it, and the versions that changed it."""

    async def work(desk: Desk) -> tuple[list[tuple[str, str]], Values]:
        book, uses = await desk.book(), await desk.store.uses()
        key = found(book, desk.numbering, kind, name, customer, f"{NAMED[kind]} show {name}")
        checks = checks_of(desk, book) if kind == NUMBER else None
        values, warnings = whole(book, kind, key), warned(book, kind, key, uses, desk.today, checks)
        use = uses.get(str(values.get("number"))) if kind == NUMBER else None
        shown: Values = {} if use is None else {"first_shown": iso_day(use.first), "last_shown": iso_day(use.last)}
        versions = [one for one in await desk.store.versions(0) if touches(one, kind, key)]
        pairs = [(field, cell(values, field)) for field in FIELDS[kind] if cell(values, field)]
        pairs += [(name.replace("_", " "), str(value)) for name, value in shown.items()]
        pairs += [("warning", text) for text in warnings]
        pairs += [(f"version {one.number}", f"{instant(one.at)} {one.who}: {one.what}") for one in versions]
        return pairs, {**values, **shown, "warnings": warnings, "versions": [one.number for one in versions]}

    pairs, value = at_desk(config, "", work)
    show_one(pairs, value, as_json)


def history(config: Path, kind: str, name: str, most: int, as_json: bool) -> None:
    """Print the last versions, newest first: who, when, before and after; of one record if one is named, gone or not."""

    async def work(desk: Desk) -> Listing:
        wanted = canonical(desk.numbering, name) if kind == NUMBER else name
        rows: list[tuple[str, ...]] = []
        objects: list[object] = []
        for one in reversed(await desk.store.versions(0)):
            changes = [change for change in one.changes if not name or names(change, kind, wanted)]
            if (changes or not name) and len(rows) < most:
                told = "; ".join(map(sentence, changes[:TOLD]))
                more = f"; and {len(changes) - TOLD} more" if len(changes) > TOLD else ""
                rows.append((str(one.number), instant(one.at), one.who, one.what, told + more))
                objects.append(version_object(one, changes))
        return Listing(("version", "at", "who", "what", "changes"), rows, objects)

    show(at_desk(config, "", work), as_json)


def whole(book: Book, kind: str, key: str) -> Values:
    """Everything a record says, with its customer and with what it says by silence."""
    record = book.records[kind, key]
    values = {**IMPLIED.get(kind, {}), **record.stated()}
    if kind == NUMBER:
        values["number"] = book.numbers[key].number.canonical
    return values


def checks_of(desk: Desk, book: Book) -> CallBackChecks:
    """Whether numbers can be called back, as the node of this configuration would."""
    return CallBackChecks(desk.numbering.plan, book.directory(), book.peers(), desk.settings.topology)


def warned(
    book: Book, kind: str, key: str, uses: Mapping[str, Use], today: int, checks: CallBackChecks | None
) -> list[str]:  # fmt: skip
    """What there is to do about a record."""
    if kind == CUSTOMER:
        return customer_warnings(book.customers[key], today)
    if kind == NUMBER:
        entry = book.numbers[key]
        told = number_warnings(entry, book.records[kind, key], uses.get(entry.number.canonical), today)
        vain = checks.warning(entry, today) if checks is not None and entry.callback_target else ""
        return [*told, f"called back in vain: {vain}"] if vain else told
    return []


def touches(version: Version, kind: str, key: str) -> bool:
    """Whether a version changed that record."""
    return any((one.kind, one.key) == (kind, key) for one in version.changes)


def names(change: Change, kind: str, name: str) -> bool:
    """Whether a change is of that record; of a number: of any right on it."""
    return change.kind == kind and (change.key == name or (kind == NUMBER and change.key.startswith(f"{name}/")))


def sentence(change: Change) -> str:
    """`number +33162000001/acme/2023-02-01: state active -> quarantined`"""
    head = f"{change.kind} {change.key}"
    if change.before is None or change.after is None:
        return f"{head} {'added' if change.before is None else 'removed'}"
    parts = []
    for field in FIELDS[change.kind]:
        before, after = cell(change.before.values, field), cell(change.after.values, field)
        if before != after:
            parts.append(f"{field} {before or 'nothing'} -> {after or 'nothing'}")
    return f"{head}: {', '.join(parts)}"


def version_object(version: Version, changes: Sequence[Change]) -> dict[str, object]:
    """A version for JSON, with these records before and after."""
    return {
        "version": version.number,
        "at": instant(version.at),
        "who": version.who,
        "what": version.what,
        "changes": [
            {"kind": one.kind, "key": one.key, "before": said(one.before), "after": said(one.after)} for one in changes
        ],
    }


def said(record: Record | None) -> Values | None:
    """A record for JSON."""
    return None if record is None else record.stated()


def instant(at: float) -> str:
    """UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_of(text: str, place: str, field: str) -> int | None:
    """A day as an option says it, as an ordinal; none for an empty one. Raises ConfigError."""
    try:
        return date.fromisoformat(text).toordinal() if text else None
    except ValueError:
        raise ConfigError(place, 0, field, "a date such as 2026-08-11", seen(text)) from None
