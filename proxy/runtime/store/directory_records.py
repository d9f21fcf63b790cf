"""The directory as the store keeps it: records, changes of records, and versions made of changes.

A record says what one table of `customers.toml` or `trunks.toml` says, so one loader reads both and one law holds for
both: here is only how a record is named, written as JSON and read back. Days stay days: JSON has none, so a day is `{"$day": "2026-08-11"}`.
A version is one change of the whole by one person; the list of versions is the directory and its audit at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, final

import msgspec

from proxy.runtime.toml_lines import Where
from proxy.runtime.toml_source import ConfigError, Source, Table

CUSTOMER: Final = "customer"
NUMBER: Final = "number"
CAMPAIGN: Final = "campaign"
TRUNK: Final = "trunk"
KINDS: Final = (CUSTOMER, NUMBER, CAMPAIGN, TRUNK)
OWNED: Final = (NUMBER, CAMPAIGN)  # what belongs to a customer; a trunk may carry calls of all
TRUNK_KIND: Final = "kind"  # the field of a trunk that says whether it faces a platform or a carrier
DAY: Final = "$day"
TICKS: Final = 1000  # versions keep milliseconds

Values = dict[str, object]


@final
class Nowhere:
    """The place of what stands in no file: errors name it and no line."""

    def __init__(self, name: str) -> None:
        self.file: Final = name

    def line(self, where: Where) -> int:
        """None."""
        return 0


@dataclass(frozen=True)
class Record:
    """What is said of one customer, number, campaign or trunk; `customer` is whose it is, empty for a trunk."""

    kind: str
    customer: str
    values: Values

    def stated(self) -> Values:
        """Everything that it says, with its customer."""
        return {CUSTOMER: self.customer, **self.values} if self.kind in OWNED else self.values

    def concerns(self, customer: str) -> bool:
        """Whether it is of that customer, or a trunk of its calls only; all concern an empty one."""
        return customer in ("", self.customer or self.values.get(CUSTOMER, ""))


def record_of_values(kind: str, values: Values) -> Record:
    """The record that states these; `values` is taken over and loses the customer whose it is."""
    if kind == TRUNK:
        return Record(kind, "", values)
    owner = values.get("id", "") if kind == CUSTOMER else values.pop(CUSTOMER, "")
    return Record(kind, str(owner), values)


@dataclass(frozen=True)
class Draft:
    """A record that somebody wants, and where it is written.

    `replaces` is the key it had when it was read to be changed; `mistake` says why it could not be read at all.
    """

    record: Record
    source: Source
    where: Where = ()
    replaces: str = ""
    mistake: ConfigError | None = None

    def table(self) -> Table:
        """The record for the loaders, which check it and say where it is wrong."""
        return Table(self.source, self.where, self.record.values)


@dataclass(frozen=True)
class Change:
    """One record before and after; none before: it is new, none after: it is gone."""

    kind: str
    key: str
    before: Record | None
    after: Record | None


@dataclass(frozen=True)
class Version:
    """One change of the directory: who, when (POSIX seconds), what for, and every record before and after."""

    number: int
    at: float
    who: str
    what: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Snapshot:
    """Everything after version `number`, so that nobody has to read the versions before it."""

    number: int
    records: tuple[Record, ...]


def encoded_version(version: Version) -> bytes:
    """JSON of a version."""
    changes = [
        [one.kind, one.key, plain_record(one.before), plain_record(one.after)] for one in version.changes
    ]  # fmt: skip
    return msgspec.json.encode([version.number, round(version.at * TICKS), version.who, version.what, changes])


def decoded_version(text: bytes) -> Version:
    """The version of that JSON."""
    number, at, who, what, changes = msgspec.json.decode(
        text, type=tuple[int, int, str, str, list[tuple[str, str, _Pair | None, _Pair | None]]]
    )
    made = tuple(
        Change(kind, key, record_of(kind, before), record_of(kind, after)) for kind, key, before, after in changes
    )
    return Version(number, at / TICKS, who, what, made)


def encoded_records(records: Iterable[Record]) -> bytes:
    """JSON of the records of a snapshot."""
    return msgspec.json.encode([[one.kind, one.customer, plain(one.values)] for one in records])


def decoded_records(text: bytes) -> tuple[Record, ...]:
    """The records of that JSON."""
    found = msgspec.json.decode(text, type=list[tuple[str, str, Values]])
    return tuple(Record(kind, customer, revived(values)) for kind, customer, values in found)


_Pair = tuple[str, Values]


def plain_record(record: Record | None) -> list[object] | None:
    """Whose it is, and its values without days."""
    return None if record is None else [record.customer, plain(record.values)]


def record_of(kind: str, pair: _Pair | None) -> Record | None:
    """The record of a pair as `plain_record` wrote it."""
    return None if pair is None else Record(kind, pair[0], revived(pair[1]))


def plain(values: Values) -> Values:
    """The values, each day as a table of its own."""
    return {key: _plain(value) for key, value in values.items()}


def revived(values: Values) -> Values:
    """The same values, just decoded, each such table as a day again."""
    for key, value in values.items():
        if isinstance(value, dict | list):
            values[key] = _revived(value)
    return values


def _plain(value: object) -> object:
    if isinstance(value, date):
        return {DAY: value.isoformat()}
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _revived(value: object) -> object:
    if isinstance(value, dict):
        day = value.get(DAY)
        return date.fromisoformat(day) if isinstance(day, str) else revived(value)
    if isinstance(value, list):
        return [_revived(item) for item in value]
    return value
