"""Many records at once: CSV and TOML files to drafts, records to CSV and TOML.

A TOML file holds `[[customer]]` tables as `customers.toml` does, with their numbers and campaigns inside, `[[number]]`
and `[[campaign]]` tables that name their `customer`, or `[[platform]]` and `[[carrier]]` tables as `trunks.toml` does. A
CSV file holds one kind. What is wrong with a line stays with its draft, so that the book tells it with the rest.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, final

from proxy.runtime.csv_rows import csv_rows, csv_text
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.store.directory_fields import FIELDS, WANTED, cell, parsed, put
from proxy.runtime.store.directory_records import (
    CAMPAIGN,
    CUSTOMER,
    NUMBER,
    OWNED,
    TRUNK,
    TRUNK_KIND,
    Draft,
    Record,
    Values,
    record_of_values,
)
from proxy.runtime.toml_lines import Where
from proxy.runtime.toml_source import ConfigError, TomlSource, read_toml, seen
from proxy.runtime.trunk_checks import FACES

CSV: Final = "csv"
TOML: Final = "toml"
FORMATS: Final = (CSV, TOML)
BARE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


@final
class Row:
    """A line of a CSV file as the place of a record."""

    def __init__(self, file: str, line: int) -> None:
        self.file: Final = file
        self._line: Final = line

    def line(self, where: Where) -> int:
        """The line."""
        return self._line


def read(path: Path, kind: str, form: str) -> list[Draft]:
    """The drafts of a file. Raises ConfigError, or ConfigErrors with all mistakes of shape."""
    if form == TOML:
        return toml_drafts(read_toml(path))
    return csv_drafts(str(path), csv_text(path), kind)


def toml_drafts(source: TomlSource) -> list[Draft]:
    """Every table of the file as a draft."""
    drafts: list[Draft] = []
    mistakes = Mistakes()
    for table in mistakes.attempt(partial(source.root.tables, CUSTOMER)) or []:
        values = {key: value for key, value in table.values.items() if key not in (NUMBER, CAMPAIGN)}
        name = str(values.get("id", ""))
        drafts.append(Draft(Record(CUSTOMER, name, values), source, table.where))
        for kind in (NUMBER, CAMPAIGN):
            for row in mistakes.attempt(partial(table.tables, kind)) or []:
                drafts.append(Draft(Record(kind, name, row.values), source, row.where))
    for kind in (NUMBER, CAMPAIGN):
        for row in mistakes.attempt(partial(source.root.tables, kind)) or []:
            wrong = Mistakes()
            owner = wrong.attempt(partial(row.text, CUSTOMER)) or ""
            values = {key: value for key, value in row.values.items() if key != CUSTOMER}
            drafts.append(Draft(Record(kind, owner, values), source, row.where, mistake=wrong_or_none(wrong)))
    for faces in FACES:
        for row in mistakes.attempt(partial(source.root.tables, faces)) or []:
            twice = row.error(TRUNK_KIND, f"no such key; `[[{faces}]]` says it") if row.has(TRUNK_KIND) else None
            drafts.append(Draft(Record(TRUNK, "", {TRUNK_KIND: faces, **row.values}), source, row.where, mistake=twice))
    mistakes.attempt(source.root.close)
    mistakes.raise_any()
    return drafts


def csv_drafts(file: str, text: str, kind: str) -> list[Draft]:
    """Every line below the first as a draft."""
    drafts = []
    for line, cells, mistake in csv_rows(file, text, tuple(FIELDS[kind])):
        row = Row(file, line)
        if mistake is not None:
            drafts.append(Draft(Record(kind, "", {}), row, mistake=mistake))
        else:
            drafts.append(draft_of(row, kind, cells))
    return drafts


def draft_of(row: Row, kind: str, cells: Mapping[str, str]) -> Draft:
    """One line, with whatever its cells should not say."""
    values: Values = {}
    wrong = Mistakes()
    for field, text in cells.items():
        if text.strip():
            form = FIELDS[kind][field]
            try:
                put(values, field, parsed(form, text))
            except ValueError:
                wrong.add(ConfigError(row.file, row.line(()), field, WANTED[form], seen(text.strip())))
    return Draft(record_of_values(kind, values), row, mistake=wrong_or_none(wrong))


def wrong_or_none(mistakes: Mistakes) -> ConfigError | None:
    """What was kept as one error, none if nothing was."""
    try:
        mistakes.raise_any()
    except ConfigError as error:
        return error
    return None


def written(records: Sequence[Record], kind: str, form: str) -> str:
    """Records of one kind as CSV; or as TOML, then customers with their numbers and campaigns if those are given too."""
    if form == TOML:
        return "\n".join(toml_tables(records, kind))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS[kind])
    for one in records:
        if one.kind == kind:
            writer.writerow([cell(one.stated(), field) for field in FIELDS[kind]])
    return out.getvalue()


def toml_tables(records: Sequence[Record], kind: str) -> Iterable[str]:
    """The tables of `written`, in the order of the customers."""
    if kind != CUSTOMER:
        for one in records:
            if one.kind == TRUNK == kind:
                inside = {name: value for name, value in one.values.items() if name != TRUNK_KIND}
                yield toml_table(f"[[{one.values[TRUNK_KIND]}]]", inside)
            elif one.kind == kind:
                yield toml_table(f"[[{kind}]]", one.stated())
        return
    belongings: dict[tuple[str, str], list[Record]] = {}
    for one in records:
        belongings.setdefault((one.customer, one.kind), []).append(one)
    for customer in (one for one in records if one.kind == CUSTOMER):
        for inner in (CUSTOMER, *OWNED):
            head = f"[[{CUSTOMER}]]" if inner == CUSTOMER else f"[[{CUSTOMER}.{inner}]]"
            for one in belongings.get((customer.customer, inner), ()):
                yield toml_table(head, one.values)


def toml_table(head: str, values: Values) -> str:
    """One table; inner tables on one line."""
    return "\n".join([head, *(f"{toml_key(key)} = {toml_value(value)}" for key, value in values.items())]) + "\n"


def toml_value(value: object) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml_key(key)} = {toml_value(inner)}" for key, inner in value.items()) + " }"
    return quoted(str(value))


def toml_key(key: str) -> str:
    """A key, in quotes where it needs them."""
    return key if key and BARE.issuperset(key) else quoted(key)


def quoted(text: str) -> str:
    """A basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in escaped) + '"'
