"""`npv-proxy rules`: which rules are in force on a day, every version of one rule, and what changes between two days.

Read from the rule files alone; the store is not asked. With a folder of legal cases each version also says how many
cases it hits and how many it lets pass.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Final

import msgspec
import typer

from proxy.policy.edition import Edition
from proxy.policy.moment import iso_day
from proxy.policy.ranges import FOREVER
from proxy.policy.rulebook import RuleRow
from proxy.runtime.clock import SystemClock
from proxy.runtime.configuration import load_configuration
from proxy.runtime.listing import Listing, show, show_one
from proxy.runtime.rule_cases import hits, passes, read_cases

Version = tuple[str, int]
OPEN_END: Final = "open"
ALL: Final = "all"
# what a reader of a change wants to know, in this order
COMPARED: Final = (
    "kind", "mode", "strict", "status", "phrase", "retry_after", "purposes", "modes", "methods", "params", "on_unknown",
    "basis", "confidence",
)  # fmt: skip


def list_rules(config: Path, day: date | None, every: bool, cases: Path | None, as_json: bool) -> None:
    """Print the versions in force on the day, or all."""
    edition = load_configuration(config).edition
    on = edition.calendar.paris_day(SystemClock().epoch()) if day is None else day.toordinal()
    rows = [rule.row for rule in edition.book.rules if every or in_force(rule.row, on)]
    head: tuple[str, ...] = ("rule", "from", "until", "mode", "answer", "basis", "confidence")
    table = [line_of(row) for row in rows]
    if cases is not None:
        hit, passed = counted(edition, cases)
        head = (*head, "cases hit", "cases passed")
        table = [
            (*line, str(hit[row.id, row.since]), str(passed[row.id, row.since]))
            for line, row in zip(table, rows, strict=True)
        ]
    show(Listing(head, table, [dict(zip(head, line, strict=True)) for line in table]), as_json)


def show_rule(config: Path, rule_id: str, as_json: bool) -> None:
    """Print every version of one rule; exit code 1 when there is none of that name."""
    edition = load_configuration(config).edition
    rows = [rule.row for rule in edition.book.rules if rule.id == rule_id]
    if not rows:
        known = ", ".join(dict.fromkeys(f"`{rule.id}`" for rule in edition.book.rules))
        typer.echo(f"rule: expected one of {known}, seen `{rule_id}`", err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode([dict(told(row)) for row in rows]), indent=2))
        return
    for place, row in enumerate(rows):
        if place:
            typer.echo()
        show_one(told(row), None, as_json=False)


def diff_rules(config: Path, first: date, second: date, as_json: bool) -> None:
    """Print what is different on the second day."""
    edition = load_configuration(config).edition
    changes = differences(edition, first.toordinal(), second.toordinal())
    head = ("rule", "change", "on the first day", "on the second day")
    show(Listing(head, changes, [dict(zip(head, line, strict=True)) for line in changes]), as_json)


def differences(edition: Edition, first: int, second: int) -> list[tuple[str, str, str, str]]:
    """(rule, what changed, before, after), in the order of the book."""
    before = {rule.id: rule.row for rule in edition.book.rules if in_force(rule.row, first)}
    after = {rule.id: rule.row for rule in edition.book.rules if in_force(rule.row, second)}
    found: list[tuple[str, str, str, str]] = []
    for rule_id in dict.fromkeys(rule.id for rule in edition.book.rules):
        old, new = before.get(rule_id), after.get(rule_id)
        if old is None and new is not None:
            found.append((rule_id, "begins", "", f"{iso_day(new.since)} {new.mode} {answer_of(new)}"))
        elif old is not None and new is None:
            found.append((rule_id, "ended", f"{old.mode} {answer_of(old)}", iso_day(old.until)))
        elif old is not None and new is not None and old.since != new.since:
            found.append((rule_id, "version", iso_day(old.since), iso_day(new.since)))
            for name in COMPARED:
                was, becomes = worded(getattr(old, name)), worded(getattr(new, name))
                if was != becomes:
                    found.append((rule_id, name, was, becomes))
    return found


def in_force(row: RuleRow, day: int) -> bool:
    """Whether the version holds on that day."""
    return row.since <= day <= row.until


def counted(edition: Edition, folder: Path) -> tuple[Counter[Version], Counter[Version]]:
    """How many cases each version hits, and how many it was asked in and lets pass."""
    hit: Counter[Version] = Counter()
    passed: Counter[Version] = Counter()
    for case in read_cases(folder):
        hit.update(hits(case, edition))
        passed.update(passes(case, edition))
    return hit, passed


def line_of(row: RuleRow) -> tuple[str, ...]:
    """One version in a list."""
    mode = f"{row.mode} (strict: {row.strict})" if row.strict else row.mode
    return row.id, iso_day(row.since), end_of(row), mode, answer_of(row), row.basis, row.confidence


def told(row: RuleRow) -> list[tuple[str, str]]:
    """All that one version says."""
    return [
        ("rule", row.id),
        ("says", row.text),
        ("in French", row.text_fr),
        ("from", iso_day(row.since)),
        ("until", end_of(row)),
        ("kind", row.kind),
        ("params", row.params or "none"),
        ("purposes", worded(row.purposes)),
        ("modes", worded(row.modes)),
        ("methods", worded(row.methods)),
        ("mode", row.mode),
        ("strict", row.strict or row.mode),
        ("answer", answer_of(row)),
        ("when the store is silent", row.on_unknown),
        ("day counted", "at the called person" if row.clock == "called" else "in Paris"),
        ("basis", row.basis),
        ("why", row.why),
        ("confidence", row.confidence),
        ("compared with the text on", iso_day(row.checked_on)),
        ("stands in", f"{row.file}:{row.line}"),
    ]


def end_of(row: RuleRow) -> str:
    """The last day of a version."""
    return OPEN_END if row.until == FOREVER else iso_day(row.until)


def answer_of(row: RuleRow) -> str:
    """What a refusal by it says; empty for a rule that refuses nothing."""
    return f"{row.status} {row.phrase}" if row.status else ""


def worded(value: object) -> str:
    """A field of a row as a text; an empty list of calls means all of them."""
    if isinstance(value, tuple):
        return ", ".join(value) or ALL
    return str(value)
