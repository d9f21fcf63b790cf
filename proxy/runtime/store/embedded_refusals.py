"""The refusals in the SQLite file, read on a connection of its own that never writes, on a thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar, final

from proxy.runtime.store.embedded import CONSENTS
from proxy.runtime.store.interface import Consent, LedgerSilent
from proxy.runtime.store.notices import PERSON
from proxy.runtime.store.person_keys import Person
from proxy.runtime.store.refusals_source import Changed, Said

T = TypeVar("T")
PAGE: Final = 500
LAST: Final = "SELECT coalesce(max(number), 0) FROM ledger_changes"


@final
class EmbeddedRefusals:
    """A `RefusalsSource`. A name is the lasting key of the person; the file must hold a ledger."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._one: Final = Lock()  # what was begun on a thread ends before the file is closed
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def name(self, person: Person) -> bytes:
        """The key."""
        return person.lasting

    def noticed(self, notice: bytes) -> bytes:
        """What follows the kind."""
        return notice[len(PERSON) :]

    async def position(self) -> bytes:
        """The number of the last change."""
        return await self._run(lambda connection: b"%d" % connection.execute(LAST).fetchone())

    async def changed(self, after: bytes) -> Changed | None:
        """Numbers have no gaps, so what was seen must end where these begin."""

        def read(connection: sqlite3.Connection) -> Changed | None:
            seen = int(after)
            rows = connection.execute(
                "SELECT number, person FROM ledger_changes WHERE number > ? ORDER BY number", (seen,)
            ).fetchall()
            last = connection.execute(LAST).fetchone()[0]
            if last < seen or (rows and rows[0][0] != seen + 1):
                return None
            return Changed(b"%d" % (rows[-1][0] if rows else seen), [row[1] for row in rows])

        return await self._run(read)

    async def pages(self) -> AsyncIterator[list[tuple[bytes, float]]]:
        """In the order of the keys, each page behind the one before."""
        last, query = b"", "SELECT person, at FROM ledger_refusals WHERE person > ? ORDER BY person LIMIT ?"
        while True:
            after = last

            def read(connection: sqlite3.Connection, after: bytes = after) -> list[tuple[bytes, float]]:
                return connection.execute(query, (after, PAGE)).fetchall()

            page = await self._run(read)
            if not page:
                return
            yield page
            last = page[-1][0]

    async def read(self, names: Sequence[bytes]) -> list[Said]:
        """The rows of each."""
        return await self._run(lambda connection: [said(connection, name) for name in names])

    async def close(self) -> None:
        """Close the file."""

        def end() -> None:
            with self._one:
                self._closed = True
                if self._connection is not None:
                    self._connection.close()

        await asyncio.to_thread(end)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def alone() -> T:
            with self._one:
                if self._closed:
                    raise LedgerSilent("closed")
                if self._connection is None:
                    self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                return work(self._connection)

        try:
            return await asyncio.to_thread(alone)
        except sqlite3.Error as error:
            raise LedgerSilent("disk") from error


def said(connection: sqlite3.Connection, name: bytes) -> Said:
    """What one person said; consents are looked for only where there is a refusal."""
    found = connection.execute("SELECT at FROM ledger_refusals WHERE person = ?", (name,)).fetchone()
    if found is None:
        return Said(name, 0.0, ())
    rows = connection.execute(CONSENTS + "WHERE person = ?", (name,))
    return Said(name, found[0], tuple(Consent(*row) for row in rows))
