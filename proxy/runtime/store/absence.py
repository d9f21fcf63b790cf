"""Of whom the SQLite file says nothing, told without asking it: most calls go to persons who were never called before.

A filter in memory holds every key of the file (`name_filter`). A thread reads them once, at the start and when the filter
is full, in small slices beside everybody; until then the file is asked. Keys that any process adds are noted by the file
itself, in the same transaction (`ledger_names`), and the head of the WAL (`wal_head`) says at each question whether there
was one since the last: only then the new notes are read. So an answer is never older than the question. Keys that have
left stay in the filter, which costs a look in the file and no more.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from threading import Event
from typing import Final, TypeAlias, final

from proxy.runtime.store.name_filter import NameFilter
from proxy.runtime.store.wal_head import WalHead

AT_ONCE = 250  # notes read for one question; while there are more the file is asked
SLICE = 1000  # keys read at once by the thread
REST: Final = 0.001  # s between two slices
AGAIN = 5.0  # s after the file could not be read
SPARE = 100_000  # keys beside twice as many as there are
TABLES: Final = ("ledger_attempts", "ledger_refusals", "ledger_consents")
LAST = "SELECT number, name FROM ledger_names ORDER BY number DESC LIMIT 1"
NOTES: Final = """
SELECT (SELECT name FROM ledger_names WHERE number = ?1), count(*), max(number), name,
    group_concat(CASE WHEN length(name) = 16 THEN hex(name) ELSE '' END, '')
FROM (SELECT number, name FROM ledger_names WHERE number > ?1 ORDER BY number LIMIT ?2)
"""  # in one step: each gives the interpreter away; `name` is that of the greatest number
Note: TypeAlias = tuple[int, bytes]
NONE: Final[Note] = (0, b"")  # no file ever comes to this: it has one note from the beginning


@final
class Absence:
    """`connection` is the one of the asker's thread; `begin` once a loop runs, `close` before the file is closed."""

    __slots__ = ("_building", "_filter", "_head", "_last", "_loop", "_over", "_path", "_reading", "_seen")

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path: Final = path
        self._reading: Final = connection.cursor()
        self._loop: Final = asyncio.get_running_loop()
        self._over: Final = Event()
        self._building = False
        self._filter: NameFilter | None = None
        self._last = NONE  # the last note that the filter has
        self._seen = b""  # the head of the WAL from before that was read
        self._head: WalHead | None = None
        try:
            self._head = WalHead(path)
        except OSError:  # a file system without shared memory: the file is asked each time
            return
        self.begin()

    @property
    def ready(self) -> bool:
        """Whether there is a filter; until then the file is asked about everybody."""
        return self._filter is not None

    def of(self, name: bytes, lasting: bytes) -> bool:
        """Whether the file holds neither, as of this moment. Raises sqlite3.Error."""
        head = self._head
        if head is None:
            return False
        now = head.read()
        if now != self._seen and not self._caught_up(now):
            return False
        known = self._filter
        return known is not None and not known.may_hold(name) and not known.may_hold(lasting)

    def _caught_up(self, now: bytes) -> bool:
        """Read the notes since the last; whether these were all."""
        known = self._filter
        if known is None:
            return False
        number, name = self._last
        there, count, last, last_name, names = self._reading.execute(NOTES, (number, AT_ONCE)).fetchone()
        if there != name or (count and last != number + count):  # forgotten meanwhile, or it is another file
            self._filter = None
            self.begin()
            return False
        if count:
            known.add(bytes.fromhex(names))
            self._last = last, last_name
            if known.count > known.room:
                self.begin()
        if count == AT_ONCE:
            return False
        self._seen = now
        return True

    def begin(self) -> None:
        """Have the thread read all keys, unless it does."""
        if not self._building and not self._over.is_set():
            self._building = True
            self._loop.run_in_executor(None, self._build).add_done_callback(self._built)

    def _built(self, done: asyncio.Future[tuple[NameFilter, Note] | None]) -> None:
        self._building = False
        if self._over.is_set() or done.cancelled():
            return
        found = done.result()
        if found is None:
            self._loop.call_later(AGAIN, self.begin)
            return
        self._filter, self._last = found
        self._seen = b""

    def _build(self) -> tuple[NameFilter, Note] | None:
        """A filter with all keys, and the last note from before it was begun; None if that failed."""
        try:
            connection = sqlite3.connect(self._path, isolation_level=None)
            try:
                return self._read(connection)
            finally:
                connection.close()
        except sqlite3.Error:
            return None

    def _read(self, connection: sqlite3.Connection) -> tuple[NameFilter, Note] | None:
        last = connection.execute(LAST).fetchone()
        if last is None:
            return None
        count = sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES)  # noqa: S608 - of ours
        made = NameFilter(2 * count + SPARE)
        for table in TABLES:
            query = (
                "SELECT max(person), group_concat(hex(person), '') "  # noqa: S608 - of ours
                f"FROM (SELECT person FROM {table} WHERE person > ? ORDER BY person LIMIT {SLICE})"
            )
            after: bytes | None = b""
            while after is not None:
                if self._over.wait(REST):
                    return None
                after, names = connection.execute(query, (after,)).fetchone()
                made.add(bytes.fromhex(names or ""))
        return made, last

    def close(self) -> None:
        """Tell nothing any more, and end the thread's work."""
        self._over.set()
        if self._head is not None:
            self._head.close()
            self._head = None
