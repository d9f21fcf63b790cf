"""Notices out of the embedded store, whose changes may be made by commands in other processes: a look, several times a second.

`PRAGMA data_version` says whether anybody else has committed since; only then the last numbers of the directory and of
the changes to persons are read. Both are microseconds, on a thread, and take no lock.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final, final

from proxy.runtime.store.notices import ANYTHING, DIRECTORY, PERSONS, Heard
from proxy.runtime.tasks import Tasks

LOOK: Final = 0.25  # s between two looks
VERSION: Final = "PRAGMA data_version"
LAST: Final = (
    (DIRECTORY, "SELECT coalesce(max(number), 0) FROM directory_version"),
    (PERSONS, "SELECT coalesce(max(number), 0) FROM ledger_changes"),
)


@final
class EmbeddedNotices:
    """`Notices` of one file, which must be there when it starts."""

    def __init__(self, path: Path, heard: Heard, say: Callable[[str], None]) -> None:
        self.received = 0
        self.reconnects = 0
        self._path: Final = path
        self._heard: Final = heard
        self._tasks: Final = Tasks(say)
        self._connection: sqlite3.Connection | None = None
        self._one: Final = Lock()  # a look that was begun ends before the file is closed
        self._over = False
        self._version = 0
        self._last: Final[dict[bytes, int]] = {}

    async def start(self) -> None:
        """Begin to look."""
        self._tasks.spawn(self._look_on(), "notices")

    async def stop(self) -> None:
        """Look no more."""
        self._over = True
        await self._tasks.cancel()
        await asyncio.to_thread(self._close)

    async def _look_on(self) -> None:
        while True:
            try:
                notices = await asyncio.to_thread(self._look)
            except sqlite3.Error:
                await asyncio.to_thread(self._close)
                self.reconnects += 1
                notices = []
            for notice in notices:
                self.received += notice != ANYTHING
                self._heard(notice)
            await asyncio.sleep(LOOK)

    def _look(self) -> list[bytes]:
        """What is new since the last look."""
        with self._one:
            if self._over:
                return []
            fresh = self._connection is None
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            version = self._connection.execute(VERSION).fetchone()[0]
            if version == self._version and not fresh:
                return []
            self._version = version
            found = {kind: self._connection.execute(query).fetchone()[0] for kind, query in LAST}
            changed = [kind for kind, last in found.items() if last != self._last.get(kind)]
            self._last.update(found)
        return [ANYTHING] if fresh else changed

    def _close(self) -> None:
        with self._one:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
