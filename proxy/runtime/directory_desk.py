"""Where a command stands before the directory: the files, the store they name, the day in Paris and who is asking.

A store that holds nothing yet is filled from the files of customers and trunks first, as a starting proxy does, so both
see the same; one that was filled before trunks were records gets them as its next version.
"""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import typer

from proxy.runtime.clock import Clock, SystemClock
from proxy.runtime.numbering_file import Numbering, load_numbering
from proxy.runtime.settings import Files, Settings, load_settings
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_bulk import toml_drafts
from proxy.runtime.store.directory_changes import Edit, Signature, change, load, propose, seed
from proxy.runtime.store.directory_interface import DirectoryStore, DirectoryUnreachable
from proxy.runtime.store.directory_open import directory_store
from proxy.runtime.store.directory_records import Change, Version
from proxy.runtime.store.redis_version import check_servers
from proxy.runtime.toml_source import read_toml

T = TypeVar("T")
PARIS: Final = ZoneInfo("Europe/Paris")
SEEDED: Final = "seed"


@dataclass(frozen=True)
class Desk:
    """One open directory, for one command."""

    settings: Settings
    numbering: Numbering
    store: DirectoryStore
    clock: Clock
    who: str

    @property
    def today(self) -> int:
        """The day in Paris."""
        return datetime.fromtimestamp(self.clock.epoch(), PARIS).toordinal()

    def signature(self, what: str) -> Signature:
        """Who changes it now, and what for."""
        return Signature(self.who or login(), self.clock.epoch(), what)

    async def book(self) -> Book:
        """The last version."""
        return await book_of(self.store, self.numbering, self.settings.files, self.clock.epoch())

    async def change(self, edit: Edit, what: str) -> Version | None:
        """Make the edit. Raises ConfigError with all that is wrong; nothing has changed then."""
        _, version = await change(self.store, self.numbering, edit, self.signature(what), await self.book())
        return version

    async def propose(self, edit: Edit) -> tuple[Change, ...]:
        """What the edit would change. Raises ConfigError with all that is wrong."""
        _, changes = await propose(await self.book(), edit)
        return changes


async def seed_from(store: DirectoryStore, numbering: Numbering, files: Files, at: float) -> bool:
    """Fill a store that holds nothing from the files of customers and trunks; whether it was so. Raises ConfigError."""
    if await store.version():
        return False
    drafts = [*toml_drafts(read_toml(files.customers)), *toml_drafts(read_toml(files.trunks))]
    what = f"first filled from {files.customers.name} and {files.trunks.name}"
    return await seed(store, numbering, drafts, Signature(SEEDED, at, what))


async def book_of(store: DirectoryStore, numbering: Numbering, files: Files, at: float) -> Book:
    """The last version of a store that `seed_from` has seen; one without trunks gets those of the file. Raises ConfigError."""
    book = await load(store, numbering)
    if book.trunks:
        return book
    drafts = toml_drafts(read_toml(files.trunks))
    edit: Edit = lambda found: () if found.trunks else drafts  # noqa: E731 - one line, named for its type
    what = f"trunks first filled from {files.trunks.name}"
    return (await change(store, numbering, edit, Signature(SEEDED, at, what), book))[0]


@asynccontextmanager
async def opened(config: Path, who: str = "") -> AsyncIterator[Desk]:
    """The directory that the proxy of this file uses. Raises ConfigError and DirectoryUnreachable."""
    settings = load_settings(config)
    numbering = load_numbering(read_toml(settings.files.numbering))
    clock = SystemClock()
    await check_servers(settings.store.place, config)
    store = directory_store(settings.store.path, settings.store.place)
    try:
        await seed_from(store, numbering, settings.files, clock.epoch())
        yield Desk(settings, numbering, store, clock, who)
    finally:
        await store.close()


def at_desk(config: Path, who: str, work: Callable[[Desk], Awaitable[T]]) -> T:
    """Do the work; a store that does not answer ends the command with 1."""

    async def run() -> T:
        async with opened(config, who) as desk:
            return await work(desk)

    try:
        return asyncio.run(run())
    except DirectoryUnreachable as failure:
        typer.echo(f"the directory cannot be reached: {failure}", err=True)
        raise typer.Exit(1) from None


def login() -> str:
    """The login name; `unknown` where there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
