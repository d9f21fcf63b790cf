"""`npv-proxy refusals` and `consents`: what persons said, written to the ledger, where the next call finds it.

The ledger keeps no numbers: a list names persons by their keys, and to look for one person its number must be given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, TypeVar

import typer

from proxy.runtime.directory_desk import Desk, at_desk, login
from proxy.runtime.directory_view import instant as shown
from proxy.runtime.listing import Listing, show
from proxy.runtime.person_entries import REFUSAL, Context, Entry, entries, person
from proxy.runtime.person_entries import consents as consents_of
from proxy.runtime.person_entries import refusals as refusals_of
from proxy.runtime.store.interface import Consent, Ledger, LedgerSilent, Refusal
from proxy.runtime.store.ledger_choice import chosen_ledger
from proxy.runtime.store.person_keys import KeysDiffer

T = TypeVar("T")
E = TypeVar("E")
SLICE: Final = 250  # entries written at once
REST: Final = 0.002  # s after each slice: the writer of a running proxy looks every half millisecond
PATIENCE: Final = 5.0  # s for one answer: a command may wait longer than a call
REFUSAL_HEAD: Final = ("person", "at", "source", "reference")
CONSENT_HEAD: Final = ("person", "at", "until", "withdrawn", "reference", "campaign", "basis", "slot", "proof")


def add(config: Path, kind: str, said: dict[str, str], who: str) -> None:
    """One refusal or consent. Raises ConfigError."""
    place = f"{kind}s add"
    count = record(config, kind, lambda: [Entry(place, 0, said)], who, dry_run=False)
    typer.echo(f"{count} {kind} recorded")


def import_file(config: Path, kind: str, path: Path, dry_run: bool, who: str) -> None:
    """All lines of a file, or none. Raises ConfigError with every line that is wrong."""
    count = record(config, kind, lambda: entries(path, kind), who, dry_run)
    many = f"{count} {kind}{'' if count == 1 else 's'}"
    typer.echo(f"all valid: {many}; nothing was recorded" if dry_run else f"{many} recorded")


def record(config: Path, kind: str, read: Callable[[], list[Entry]], who: str, dry_run: bool) -> int:
    """Check all, then write all slice by slice; how many.

    What is written twice counts once, so an import that the store broke off is simply repeated.
    """

    async def work(desk: Desk, ledger: Ledger) -> int:
        found, context = read(), await context_of(desk, who)
        if kind == REFUSAL:
            return await written(refusals_of(found, context), ledger.refuse_all, dry_run)
        return await written(consents_of(found, context), ledger.consent_all, dry_run)

    return at_ledger(config, work)


async def written(found: Sequence[E], write: Callable[[Sequence[E]], Awaitable[None]], dry_run: bool) -> int:
    """Write them unless it is a dry run, and let the calls of a running proxy have their turn after each slice; how many."""
    for first in range(0, 0 if dry_run else len(found), SLICE):
        await write(found[first : first + SLICE])
        await asyncio.sleep(REST)
    return len(found)


def remove(config: Path, kind: str, said: dict[str, str]) -> None:
    """Take back a refusal that was recorded by mistake, or end consents that were withdrawn. Raises ConfigError."""

    async def work(desk: Desk, ledger: Ledger) -> int:
        entry = Entry(f"{kind}s remove", 0, said)
        number = person(entry, await context_of(desk, ""))
        if kind == REFUSAL:
            return int(await ledger.withdraw_refusal(said["customer"], number))
        return await ledger.withdraw_consent(
            said["customer"], number, desk.clock.epoch(), said.get("reference", "")
        )  # fmt: skip

    count = at_ledger(config, work)
    typer.echo(f"{count} {kind}{'' if count == 1 else 's'} {'removed' if kind == REFUSAL else 'withdrawn'}")
    if not count:
        raise typer.Exit(1)


def list_all(config: Path, kind: str, customer: str, number: str, as_json: bool) -> None:
    """Print what a customer was told, newest first; of one person if a number is given. Raises ConfigError."""

    async def work(desk: Desk, ledger: Ledger) -> Listing:
        one = ""
        if number:
            one = person(Entry(f"{kind}s list", 0, {"number": number}), await context_of(desk, ""))
        if kind == REFUSAL:
            return refusal_listing(await ledger.refusals(customer, one))
        return consent_listing(await ledger.consents(customer, one))

    show(at_ledger(config, work), as_json)


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


async def context_of(desk: Desk, who: str) -> Context:
    """What entries are checked against."""
    customers = frozenset((await desk.book()).customers)
    return Context(desk.numbering, customers, desk.clock.epoch(), f"command of {who or login()}")


def at_ledger(config: Path, work: Callable[[Desk, Ledger], Awaitable[T]]) -> T:
    """Do the work; a ledger that does not answer ends the command with 1. Raises ConfigError."""

    async def run(desk: Desk) -> T:
        store = desk.settings.store
        ledger = chosen_ledger(store.path, store.place, store.keys, PATIENCE, desk.clock.epoch)
        try:
            await ledger.open()
            return await work(desk, ledger)
        except (LedgerSilent, KeysDiffer) as failure:
            typer.echo(f"the ledger cannot be used: {failure}", err=True)
            raise typer.Exit(1) from None
        finally:
            await ledger.close()

    return at_desk(config, "", run)
