"""A node's directory, never older than two seconds: the store is asked whether anything is new when it says so, and each second.

`start` reads what is there, then a task asks for the number of the last version; a new one is read and handed over as a
new `Directory`. While the store does not answer, the last directory stays in force and its age grows:
that is what the metric shows. The same task tells the store which numbers were shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from contextlib import suppress
from datetime import date
from typing import Final, final

from proxy.policy.directory import Directory
from proxy.runtime.clock import Clock
from proxy.runtime.numbering_file import Numbering
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_changes import caught_up, load
from proxy.runtime.store.directory_interface import DirectoryStore, DirectoryUnreachable
from proxy.runtime.store.directory_steps import directory_after
from proxy.runtime.tasks import Tasks
from proxy.runtime.toml_source import ConfigError
from proxy.runtime.trunk_settings import Trunks

LOOK: Final = 1.0  # s between two looks without a notice
AGAIN: Final = 0.25  # s after a look that failed
PATIENCE: Final = 1.5  # s for one answer
READING: Final = 60.0  # s for everything that is new
USES_EVERY: Final = 30.0  # s between two notes of the numbers shown
DAY: Final = 86_400
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()

Arrived = Callable[[Directory, int, Trunks], None]


@final
class DirectoryWatch:
    """`arrived` is called on the loop with each new directory, its version and its trunks; `say` with a text when something is wrong."""

    def __init__(
        self, store: DirectoryStore, numbering: Numbering, clock: Clock, arrived: Arrived, say: Callable[[str], None]
    ) -> None:
        self._store: Final = store
        self._clock: Final = clock
        self._arrived: Final = arrived
        self._say: Final = say
        self._tasks: Final = Tasks(say)
        self._numbering = numbering
        self._reading: Final = asyncio.Lock()
        self._book = Book(numbering)
        self._noted_at = clock.monotonic()
        self._seen_at = clock.monotonic()
        self._trouble = ""
        self._told: Final = asyncio.Event()
        self.directory = self._book.directory()
        self.failures = 0

    @property
    def version(self) -> int:
        """The version in force here."""
        return self._book.version

    @property
    def customers(self) -> Container[str]:
        """The ids of the customers in force here."""
        return self._book.customers

    @property
    def numbering(self) -> Numbering:
        """The plan under which the records are read."""
        return self._numbering

    @property
    def reachable(self) -> bool:
        """Whether the store answered the last look."""
        return not self._trouble

    def told(self) -> None:
        """The store says that there may be something new: look at once."""
        self._told.set()

    def age(self) -> float:
        """Seconds since the store last said that nothing newer is there."""
        return self._clock.monotonic() - self._seen_at

    async def start(self, book: Book | None = None) -> None:
        """Hand the directory over, reading it unless it is `book`, and watch. Raises DirectoryUnreachable or ConfigError."""
        await self._take(book or await load(self._store, self._numbering))
        self._tasks.spawn(self._watch(), "directory")

    async def stop(self) -> None:
        """Note the last uses and end; the store stays open."""
        await self._tasks.cancel()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._note()
        except (DirectoryUnreachable, TimeoutError) as failure:
            self._say(f"the last uses of numbers were not noted: {failure}")

    async def use_plan(self, numbering: Numbering) -> None:
        """Read every record anew under another plan and hand the directory over. Raises ConfigError; all stays then."""
        async with self._reading:
            records = tuple(self._book.records.values())
            book = await asyncio.to_thread(Book(numbering).filled, self._book.version, records)
            self._numbering = numbering
            await self._take(book)

    async def look(self) -> None:
        """Take over what is new. Raises DirectoryUnreachable, TimeoutError or ConfigError; the old directory stays then."""
        asked_at = self._clock.monotonic()
        async with self._reading:
            async with asyncio.timeout(PATIENCE):
                last = await self._store.version()
            if last < self._book.version:
                raise DirectoryUnreachable(f"the store has lost versions: {last} instead of {self._book.version}")
            if last > self._book.version:
                async with asyncio.timeout(READING):
                    await self._take(await caught_up(self._store, self._book))
        self._seen_at = asked_at

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN if self._trouble else LOOK):
                    await self._told.wait()
            self._told.clear()
            try:
                await self.look()
                if self._clock.monotonic() - self._noted_at >= USES_EVERY:
                    await self._note()
            except (DirectoryUnreachable, TimeoutError, ConfigError) as failure:
                self._failed(str(failure) or "the store did not answer in time")
            else:
                self._trouble = ""

    def _failed(self, trouble: str) -> None:
        self.failures += 1
        if trouble != self._trouble:
            self._say(f"the directory stays at version {self.version}: {trouble}")
        self._trouble = trouble

    async def _take(self, book: Book) -> None:
        directory = await asyncio.to_thread(directory_after, book, self._book, self.directory)
        self._book, self.directory = book, directory
        self._arrived(directory, book.version, book.peers())

    async def _note(self) -> None:
        self._noted_at = self._clock.monotonic()
        day = int(self._clock.epoch() // DAY) + EPOCH_DAY
        fresh = dict.fromkeys(self.directory.shown, day)
        self.directory.shown.clear()
        if fresh:
            try:
                await self._store.note_uses(fresh)
            except BaseException:
                self.directory.shown.update(fresh)
                raise
