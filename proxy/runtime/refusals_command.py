"""`npv-proxy refusals` and `consents`: what persons said, by command and by file (`persons` does the work).

The ledger keeps no numbers: a list names persons by their keys, and to look for one person its number must be given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, TypeVar

import typer

from proxy.runtime.directory_desk import Desk, at_desk, login
from proxy.runtime.directory_view import instant as shown
from proxy.runtime.listing import Listing, show
from proxy.runtime.person_entries import REFUSAL, Context, Entry, entries
from proxy.runtime.persons import Persons
from proxy.runtime.store.directory_changes import Signature, noted
from proxy.runtime.store.interface import PAGE, Consent, LedgerSilent, Refusal
from proxy.runtime.store.ledger_choice import chosen_ledger
from proxy.runtime.store.person_keys import KeysDiffer

T = TypeVar("T")
PATIENCE: Final = 5.0  # s for one answer: a command may wait longer than a call
REFUSAL_HEAD: Final = ("person", "at", "source", "reference")
CONSENT_HEAD: Final = ("person", "at", "until", "withdrawn", "reference", "campaign", "basis", "slot", "proof")


def add(config: Path, kind: str, said: dict[str, str], who: str) -> None:
    """One refusal or consent. Raises ConfigError."""
    entry = Entry(f"{kind}s add", 0, said)
    count = with_persons(config, lambda persons: persons.record(kind, [entry], who))
    typer.echo(f"{count} {kind} recorded")


def import_file(config: Path, kind: str, path: Path, dry_run: bool, who: str) -> None:
    """All lines of a file, or none. Raises ConfigError with every line that is wrong."""
    count = with_persons(config, lambda persons: persons.record(kind, entries(path, kind), who, dry_run))
    many = f"{count} {kind}{'' if count == 1 else 's'}"
    typer.echo(f"all valid: {many}; nothing was recorded" if dry_run else f"{many} recorded")


def remove(config: Path, kind: str, said: dict[str, str], who: str = "") -> None:
    """Take back a refusal that was recorded by mistake, or end consents that were withdrawn. Raises ConfigError."""
    customer, number = said["customer"], said["number"]

    async def work(persons: Persons) -> int:
        if kind == REFUSAL:
            return int(await persons.withdraw_refusal(customer, number, who))
        return await persons.withdraw_consent(customer, number, said.get("reference", ""))

    count = with_persons(config, work)
    typer.echo(f"{count} {kind}{'' if count == 1 else 's'} {'removed' if kind == REFUSAL else 'withdrawn'}")
    if not count:
        raise typer.Exit(1)


def list_all(config: Path, kind: str, customer: str, number: str, as_json: bool) -> None:
    """Print what a customer was told, newest first; of one person if a number is given. Raises ConfigError."""

    async def work(persons: Persons) -> Listing:
        if kind == REFUSAL:
            return refusal_listing(await persons.refusals(customer, number))
        return consent_listing(await persons.consents(customer, number))

    found = with_persons(config, work)
    show(found, as_json)
    if len(found.rows) >= PAGE:
        typer.echo(f"there may be more: these are the newest {PAGE}; --number looks for one person", err=True)


def refusal_listing(found: Sequence[Refusal]) -> Listing:
    """Refusals as rows."""
    rows = [(one.person, shown(one.at), one.source, one.reference) for one in found]
    return Listing(REFUSAL_HEAD, rows, [{**asdict(one), "at": shown(one.at)} for one in found])


def consent_listing(found: Sequence[Consent]) -> Listing:
    """Consents as rows."""
    rows, objects = [], []
    for one in found:
        times = {
            name: shown(at) if (at := getattr(one, name)) else ""
            for name in ("at", "until", "withdrawn_at", "slot_from", "slot_until")
        }
        slot = f"{times['slot_from']}/{times['slot_until']}" if one.slot_from else ""
        rows.append(
            (one.person, times["at"], times["until"], times["withdrawn_at"], one.reference, one.campaign, one.basis, slot, one.proof)
        )  # fmt: skip
        objects.append({**asdict(one), **times})
    return Listing(CONSENT_HEAD, rows, objects)


def with_persons(config: Path, work: Callable[[Persons], Awaitable[T]]) -> T:
    """Do the work; a ledger that does not answer ends the command with 1. Raises ConfigError."""

    async def run(desk: Desk) -> T:
        store, now = desk.settings.store, desk.clock.epoch
        ledger = chosen_ledger(store.path, store.place, store.keys, PATIENCE, now)
        try:
            await ledger.open()
            customers = (await desk.book()).customers
            persons = Persons(
                ledger,
                lambda who: Context(desk.numbering, customers, now(), f"command of {who or login()}"),
                lambda who, what: noted(desk.store, Signature(who or login(), now(), what)),
            )
            return await work(persons)
        except (LedgerSilent, KeysDiffer) as failure:
            typer.echo(f"the ledger cannot be used: {failure}", err=True)
            raise typer.Exit(1) from None
        finally:
            await ledger.close()

    return at_desk(config, "", run)
