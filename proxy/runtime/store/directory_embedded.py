"""The directory of one node: tables of its own in the SQLite file of the ledger.

A commit returns when the file system has it (`synchronous = FULL` on this connection: changes are few, and a confirmed
one must survive a power cut). A bulk import is one row, so the ledger waits milliseconds for its turn to write. Reading
takes no lock, and the last number is found in microseconds.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar, final

from proxy.runtime.store.directory_interface import DirectoryUnreachable, Overtaken, Use
from proxy.runtime.store.directory_records import (
    Snapshot,
    Version,
    decoded_records,
    decoded_version,
    encoded_records,
    encoded_version,
)

T = TypeVar("T")

PATIENCE: Final = 10.0  # s, for another writer
NOTED_AT_ONCE: Final = 200
REST: Final = 0.005  # s between two such notes
TABLES: Final = """
CREATE TABLE IF NOT EXISTS directory_version (number INTEGER PRIMARY KEY, said BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS directory_snapshot (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, said BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS directory_use (number TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
"""
LAST: Final = "SELECT coalesce(max(number), 0) FROM directory_version"
USED: Final = """
INSERT INTO directory_use VALUES (?1, ?2, ?2)
ON CONFLICT (number) DO UPDATE SET first = min(first, ?2), last = max(last, ?2)
"""
KEPT: Final = """
INSERT INTO directory_snapshot VALUES (1, ?, ?)
ON CONFLICT (one) DO UPDATE SET number = excluded.number, said = excluded.said WHERE excluded.number > number
"""


@final
class EmbeddedDirectory:
    """One connection, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Opens the file; it, its folder and its tables are made if there are none. Raises DirectoryUnreachable."""
        self._path: Final = path
        self._one: Final = Lock()
        with told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection: Final = sqlite3.connect(
                path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA wal_autocheckpoint = 0")  # the ledger's second thread does that
                self._connection.executescript(TABLES)
            except sqlite3.Error:
                self._connection.close()
                raise

    async def version(self) -> int:
        """The number of the last version; 0 when there is none."""
        return await self._run(self._last)

    async def append(self, version: Version) -> None:
        """Add the version. Raises Overtaken unless its number is the next one."""
        text = await asyncio.to_thread(encoded_version, version)

        def insert() -> None:
            with self._writing():
                if self._last() != version.number - 1:
                    raise Overtaken
                self._connection.execute("INSERT INTO directory_version VALUES (?, ?)", (version.number, text))

        await self._run(insert)

    async def versions(self, after: int, most: int = 0) -> list[Version]:
        """The versions with a higher number than `after`, oldest first; at most `most` if it is not 0."""
        query = "SELECT said FROM directory_version WHERE number > ? ORDER BY number LIMIT ?"

        def read() -> list[Version]:
            return [decoded_version(row[0]) for row in self._connection.execute(query, (after, most or -1))]

        return await self._run(read)

    async def snapshot(self) -> Snapshot | None:
        """The last snapshot kept."""

        def read() -> Snapshot | None:
            row = self._connection.execute("SELECT number, said FROM directory_snapshot").fetchone()
            return None if row is None else Snapshot(row[0], decoded_records(row[1]))

        return await self._run(read)

    async def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot instead of an older one."""

        def write() -> None:
            text = encoded_records(snapshot.records)
            self._connection.execute(KEPT, (snapshot.number, text))

        await self._run(write)

    async def note_uses(self, uses: Mapping[str, int]) -> None:
        """The canonical numbers that were shown, each with the day; a few at a time, since calls wait for their turn to write."""
        rows = list(uses.items())

        def write(first: int) -> None:
            with self._writing():
                self._connection.executemany(USED, rows[first : first + NOTED_AT_ONCE])

        for first in range(0, len(rows), NOTED_AT_ONCE):
            await self._run(partial(write, first))
            await asyncio.sleep(REST)

    async def uses(self) -> dict[str, Use]:
        """Every number that was ever shown."""

        def read() -> dict[str, Use]:
            rows = self._connection.execute("SELECT number, first, last FROM directory_use")
            return {number: Use(first, last) for number, first, last in rows}

        return await self._run(read)

    async def close(self) -> None:
        """Give everything back."""
        await self._run(self._connection.close)

    def _last(self) -> int:
        return int(self._connection.execute(LAST).fetchone()[0])

    async def _run(self, work: Callable[[], T]) -> T:
        def alone() -> T:
            with self._one, told(self._path):
                return work()

        return await asyncio.to_thread(alone)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Within: what SQLite or the disk refuses becomes DirectoryUnreachable."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise DirectoryUnreachable(f"{path}: {error}") from error
