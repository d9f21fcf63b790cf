"""A replay for people, and the edition it goes by."""

from __future__ import annotations

from pathlib import Path

from proxy.policy.edition import Edition
from proxy.runtime.configuration import Configuration
from proxy.runtime.decide_text import aligned
from proxy.runtime.edition_as_of import as_of
from proxy.runtime.edition_file import load_edition
from proxy.runtime.numbering_file import load_numbering
from proxy.runtime.replay_command import THEN, Replayed
from proxy.runtime.toml_source import read_toml


def edition_for(found: Configuration, edition: Edition, rules: Path | None, day: int) -> Edition:
    """The edition in force, with other rules or with the law of one day. Raises ConfigError."""
    files = found.settings.files
    if rules is not None:
        other = load_edition(rules, files.numbering, files.customers)
        edition = Edition(edition.plan, edition.calendar, other.book, edition.directory, other.revision)
    if day:
        edition = as_of(edition, load_numbering(read_toml(files.numbering)).territories, day)
    return edition


def told(result: Replayed) -> str:
    """What would change, the largest first; one line when nothing would."""
    recorded = " ".join(result.revisions)
    by = "the directory each was decided with" if result.directory == THEN else "the directory of today"
    edition = f"{recorded or 'none'} -> {result.revision}, with {by}"
    lines = [f"{result.decisions} decisions, {result.changed} would change ({edition})"]
    if result.unreadable:
        lines.append(f"{result.unreadable} lines could not be read")
    if result.without_directory:
        lines.append(f"{result.without_directory} decided with today’s directory, since the store does not hold theirs")
    if result.changed:
        changes = [(str(one.calls), one.before, one.after, " ".join(one.examples)) for one in result.changes]
        lines += ["", *aligned([("calls", "before", "now", "for example"), *changes])]
        rules = [(one.rule, str(one.before), str(one.after)) for one in result.rules if one.before != one.after]
        if rules:
            lines += ["", *aligned([("rule", "decided", "would decide"), *rules])]
        customers = [(one.customer, str(one.calls), str(one.changed)) for one in result.customers if one.changed]
        lines += ["", *aligned([("customer", "calls", "changed"), *customers])]
    return "\n".join(lines) + "\n"
