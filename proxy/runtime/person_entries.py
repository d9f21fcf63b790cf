"""Refusals and consents as an operator writes them: options of a command, or a file in CSV or TOML.

All of a file is read and checked before anything is written to the ledger. A day without an hour means noon in Paris, the
same day for everybody from Saint-Pierre to Mayotte; as the last day of a consent it means the whole of it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from proxy.policy.ranges import FOREVER
from proxy.runtime.csv_rows import csv_rows, csv_text
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.numbering_file import Numbering
from proxy.runtime.store.interface import Consent, Refusal
from proxy.runtime.toml_source import ConfigError, Table, read_toml, seen

PARIS: Final = ZoneInfo("Europe/Paris")
NOON: Final = time(12)
YEAR: Final = timedelta(days=365)
REFUSAL: Final = "refusal"
CONSENT: Final = "consent"
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    REFUSAL: ("customer", "number", "at", "source", "reference"),
    CONSENT: (
        "customer", "number", "at", "until", "reference", "campaign", "basis", "proof", "slot_from", "slot_until",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line: where it stands and what each column says, or why it cannot be read; an absent column says nothing."""

    file: str
    line: int
    said: Mapping[str, str]
    mistake: ConfigError | None = None

    def error(self, column: str, expected: str) -> ConfigError:
        """The error for a column."""
        text = self.said.get(column, "")
        return ConfigError(self.file, self.line, column, expected, seen(text) if text else "nothing")


@dataclass(frozen=True)
class Context:
    """What an entry is checked against: the plan, the customers there are, and now."""

    numbering: Numbering
    customers: Container[str]
    now: float
    source: str


T = TypeVar("T")


def entries(path: Path, kind: str) -> list[Entry]:
    """The lines of a CSV file, or the `[[refusal]]` or `[[consent]]` tables of a TOML file. Raises ConfigError."""
    if path.suffix.lower() == ".toml":
        root = read_toml(path).root
        found = [of_table(table, kind) for table in root.tables(kind)]
        root.close()
        return found
    rows = csv_rows(str(path), csv_text(path), COLUMNS[kind])
    return [Entry(str(path), row.line, row.cells, row.mistake) for row in rows]


def of_table(table: Table, kind: str) -> Entry:
    """One table; days and instants may be written as such or as texts."""
    said = {}
    for column in COLUMNS[kind]:
        value = table.values.get(column)
        if isinstance(value, date):
            said[column] = value.isoformat()
            table.has(column)
        elif value is not None:
            said[column] = table.text(column)
    for name in table.values:
        if name not in COLUMNS[kind]:
            raise table.error(name, "one of " + ", ".join(f"`{known}`" for known in COLUMNS[kind]))
    return Entry(str(table.source.file), table.line, said)


def refusals(found: Sequence[Entry], context: Context) -> list[Refusal]:
    """All as refusals. Raises ConfigError with everything that is wrong."""
    mistakes = Mistakes()
    made = [mistakes.attempt(partial(heard, one, context)) for one in found]
    mistakes.raise_any()
    return [one for one in made if one is not None]


def consents(found: Sequence[Entry], context: Context) -> list[Consent]:
    """All as consents. Raises ConfigError with everything that is wrong."""
    mistakes = Mistakes()
    made = [mistakes.attempt(partial(agreed, one, context)) for one in found]
    mistakes.raise_any()
    return [one for one in made if one is not None]


def heard(entry: Entry, context: Context) -> Refusal:
    """One refusal; without an instant it is heard now."""
    if entry.mistake is not None:
        raise entry.mistake
    said = entry.said
    at = instant(entry, "at") or context.now
    if at > context.now:
        raise entry.error("at", "an instant that is not to come")
    return Refusal(
        customer_of(entry, context), person(entry, context), at, said.get("source") or context.source, said.get("reference", "")
    )  # fmt: skip


def agreed(entry: Entry, context: Context) -> Consent:
    """One consent, checked as the ledger checks it; given now and good for a year if nothing else is said."""
    if entry.mistake is not None:
        raise entry.mistake
    said = entry.said
    at = instant(entry, "at") or context.now
    consent = Consent(
        customer=customer_of(entry, context),
        person=person(entry, context),
        at=at,
        until=instant(entry, "until", last=True) or at + YEAR.total_seconds(),
        reference=said.get("reference", ""),
        campaign=said.get("campaign", ""),
        basis=said.get("basis") or "register",
        proof=said.get("proof", ""),
        slot_from=instant(entry, "slot_from"),
        slot_until=instant(entry, "slot_until"),
    )
    mistake = consent.mistake()
    if mistake:
        raise ConfigError(entry.file, entry.line, "", f"a valid consent ({mistake})", "another")
    return consent


def customer_of(entry: Entry, context: Context) -> str:
    """The id of a customer in the directory."""
    name = entry.said.get("customer", "")
    if name not in context.customers:
        raise entry.error("customer", "the id of a customer in the directory")
    return name


def person(entry: Entry, context: Context) -> str:
    """The person's number in its one form."""
    number = context.numbering.plan.number(entry.said.get("number", ""), FOREVER)
    if number is None or not number.complete:
        raise entry.error("number", "a telephone number, such as `+33612345678`")
    return number.canonical


def instant(entry: Entry, column: str, last: bool = False) -> float:
    """POSIX seconds; 0 when nothing is said. `last`: a day means its end."""
    text = entry.said.get(column, "")
    if not text:
        return 0.0
    try:
        if len(text) == len("2026-08-11"):
            day = date.fromisoformat(text)
            moment = datetime.combine(day + timedelta(days=1), time()) if last else datetime.combine(day, NOON)
            return moment.replace(tzinfo=PARIS).timestamp()
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.tzinfo is None:
        raise entry.error(column, "a day such as `2026-08-11` or an instant such as `2026-08-11T10:30:00+02:00`")
    return found.timestamp()
