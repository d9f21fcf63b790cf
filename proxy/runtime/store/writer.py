"""The one thread that writes a SQLite file: jobs that wait together are committed together.

A job is a function of the connection. What it returns, or the error that broke its transaction, is handed to the loop
that asked only after the commit: what is confirmed is written. A job whose asker has given up is not begun. A second
thread carries the log (WAL) over into the file, so that no decision waits for a disk to be flushed.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar, final

from proxy.runtime.store.embedded_schema import connected
from proxy.runtime.store.interface import LedgerSilent

T = TypeVar("T")
TOGETHER: Final = 256
CARRY_OVER: Final = 1.0  # s between two looks at the log
LOOKS: Final = 256  # transactions between two looks at the size of the log
LOG_MOST: Final = 64 * 1024 * 1024  # bytes; a longer log is carried over by the writer itself, which lets it start anew


@final
class Job:
    """One piece of work, who asked for it, and what became of it."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], Any], future: asyncio.Future[Any]) -> None:
        self.work: Final = work
        self.future: Final = future
        self.loop: Final = future.get_loop()
        self.result: Any = None
        self.error: Exception | None = None


@final
class Writer:
    """Owns the connection between `start` and `stop`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, wait: float) -> None:
        self.path: Final = path
        self.wait: Final = wait
        self._connection: Final = connection
        self._jobs: Final[SimpleQueue[Job | None]] = SimpleQueue()
        self._over: Final = threading.Event()
        self._threads: Final = (
            threading.Thread(target=self._write, name="ledger writer", daemon=True),
            threading.Thread(target=self._carry_over, name="ledger log", daemon=True),
        )

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do it in a transaction and wait for the commit, at most `wait`. Raises LedgerSilent."""
        if self._over.is_set():
            raise LedgerSilent("closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(Job(work, future))
        try:
            async with asyncio.timeout(self.wait):
                return await future
        except TimeoutError:
            raise LedgerSilent("late") from None
        except sqlite3.Error as error:
            raise LedgerSilent("disk") from error

    def stop(self) -> None:
        """Finish what was asked for, then end both threads and close the file."""
        self._over.set()
        self._jobs.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._connection.close()

    def _write(self) -> None:
        ended, batches = False, 0
        while not ended:
            taken = [self._jobs.get()]
            try:
                while len(taken) < TOGETHER:
                    taken.append(self._jobs.get_nowait())
            except Empty:
                pass
            ended = None in taken
            jobs = [job for job in taken if job is not None and not job.future.cancelled()]
            if jobs:
                self._commit(jobs)
                deliver(jobs)
            batches += 1
            if batches % LOOKS == 0:
                self._shorten()

    def _commit(self, jobs: list[Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in jobs:
                job.result = job.work(self._connection)
            self._connection.execute("COMMIT")
        except Exception as error:  # whatever broke the transaction is the answer to all of its jobs
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for job in jobs:
                job.error = error

    def _shorten(self) -> None:
        log = self.path.with_name(self.path.name + "-wal")
        if log.exists() and log.stat().st_size > LOG_MOST:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _carry_over(self) -> None:
        connection = connected(self.path)
        while not self._over.wait(CARRY_OVER):
            try:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            except sqlite3.Error:  # another process has the lock, or the disk is full: the writer tells whoever asks
                continue
        connection.close()


def deliver(jobs: list[Job]) -> None:
    """Hand the outcomes to the loops that asked; a loop that is closed asks no more."""
    loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        loops.setdefault(job.loop, []).append(job)
    for loop, mine in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, mine)


def settle(jobs: list[Job]) -> None:
    """On the loop: answer those who still wait."""
    for job in jobs:
        if not job.future.done():
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.result)
