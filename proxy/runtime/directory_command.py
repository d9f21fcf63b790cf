"""`npv-proxy customers`, `numbers`, `campaigns`, `trunks` and `directory`: what each changes, and files that come in and go out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import typer

from proxy.runtime import directory_edits as edits
from proxy.runtime.directory_desk import Desk, at_desk
from proxy.runtime.directory_view import TOLD, day_of, sentence
from proxy.runtime.store.directory_book import KEYS
from proxy.runtime.store.directory_bulk import CSV, FORMATS, TOML, read, written
from proxy.runtime.store.directory_changes import Edit, rolled_back
from proxy.runtime.store.directory_records import NUMBER, Change, Version
from proxy.runtime.toml_source import ConfigError, seen


def change(config: Path, who: str, what: str, edit_of: Callable[[Desk], Edit], dry_run: bool = False) -> None:
    """Make an edit and print what it changed, or with `dry_run` what it would. Raises ConfigError with all that is wrong."""

    async def work(desk: Desk) -> tuple[Version | None, tuple[Change, ...]]:
        edit = edit_of(desk)
        if dry_run:
            return None, await desk.propose(edit)
        version = await desk.change(edit, what)
        return version, () if version is None else version.changes

    tell(*at_desk(config, who, work), dry_run)


def tell(version: Version | None, changes: tuple[Change, ...], dry_run: bool) -> None:
    """What was changed, or would be."""
    for one in changes[:TOLD]:
        typer.echo(sentence(one))
    if len(changes) > TOLD:
        typer.echo(f"and {len(changes) - TOLD} more")
    count = f"{len(changes)} record{'' if len(changes) == 1 else 's'}"
    if dry_run:
        typer.echo(f"all valid: {count} would change; nothing was changed")
    else:
        typer.echo("nothing to change" if version is None else f"version {version.number}: {count} changed")


def add(config: Path, kind: str, pairs: list[str], who: str) -> None:
    """A record that was not there. Raises ConfigError."""
    stated = edits.fields(f"{edits.NAMED[kind]} add", kind, pairs)
    name = stated.get(KEYS[kind]) or ""
    change(config, who, f"{kind} {name} added", lambda desk: edits.added(desk.numbering, kind, stated))


def alter(config: Path, kind: str, name: str, pairs: list[str], customer: str, who: str) -> None:
    """Other values for some fields of a record. Raises ConfigError."""
    stated = edits.fields(f"{edits.NAMED[kind]} set {name}", kind, pairs)
    what = f"{kind} {name}: {', '.join(stated)}"
    change(config, who, what, lambda desk: edits.altered(desk.numbering, kind, name, stated, customer))


def remove(config: Path, kind: str, name: str, who: str) -> None:
    """A record goes; its history stays. Raises ConfigError."""
    change(config, who, f"{kind} {name} removed", lambda desk: edits.removed(desk.numbering, kind, name))


def assign(config: Path, number: str, customer: str, since: str, pairs: list[str], who: str) -> None:
    """A right to show a number. Raises ConfigError."""
    place = f"numbers assign {number}"
    stated = edits.fields(place, NUMBER, pairs)
    first = day_of(since, place, "since")

    def edit_of(desk: Desk) -> Edit:
        stated["since"] = date.fromordinal(first or desk.today)
        return edits.assigned(number, customer, dict(stated))

    change(config, who, f"number {number} to {customer}", edit_of)


def release(config: Path, number: str, customer: str, last: str, rest: int | None, ported: bool, who: str) -> None:
    """The end of a right. Raises ConfigError."""
    day = day_of(last, f"numbers release {number}", "on")
    change(
        config,
        who,
        f"number {number} {'ported out' if ported else 'released'}",
        lambda desk: edits.released(desk.numbering, number, customer, day or desk.today, rest, ported),
    )


def quarantine(config: Path, number: str, customer: str, days: int, who: str) -> None:
    """The rest of a released number. Raises ConfigError."""
    what = f"number {number} rests {days} days"
    change(config, who, what, lambda desk: edits.quarantined(desk.numbering, number, customer, days))


def import_file(config: Path, kind: str, path: Path, form: str, dry_run: bool, who: str) -> None:
    """All records of a file, or none. Raises ConfigError with every line that is wrong."""
    drafts = read(path, kind, format_of(path, form))
    change(config, who, f"{edits.NAMED[kind]} imported from {path.name}", lambda _: lambda _: drafts, dry_run)


def export(config: Path, kind: str, form: str, customer: str, path: Path | None) -> None:
    """Records as a file that `import_file` reads, or on standard output."""

    async def work(desk: Desk) -> str:
        book = await desk.book()
        records = [one for one in book.records.values() if one.concerns(customer)]
        return written(records, kind, TOML if path is None and not form else format_of(path or Path(), form))

    text = at_desk(config, "", work)
    if path is None:
        typer.echo(text, nl=False)
    else:
        path.write_text(text, encoding="utf-8")


def roll_back(config: Path, number: int, who: str) -> None:
    """What was after that version becomes a new version. Raises ConfigError."""

    async def work(desk: Desk) -> Version | None:
        last = await desk.store.version()
        if not 0 < number < last:
            expected = f"a version from 1 to {last - 1}" if last > 1 else "two versions at least"
            raise ConfigError("directory rollback", 0, "", expected, seen(number))
        what = f"rolled back to version {number}"
        _, version = await rolled_back(desk.store, desk.numbering, number, desk.signature(what))
        return version

    version = at_desk(config, who, work)
    tell(version, () if version is None else version.changes, dry_run=False)


def format_of(path: Path, form: str) -> str:
    """The format that is stated, else the one that the file's name ends with. Raises ConfigError."""
    found = form or path.suffix.removeprefix(".").lower()
    if found not in FORMATS:
        raise ConfigError(str(path), 0, "format", f"`--format {CSV}` or `--format {TOML}`", seen(found))
    return found
