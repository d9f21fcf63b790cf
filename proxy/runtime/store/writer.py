"""The one thread that writes a SQLite file: jobs that wait together are committed together.

A job is a function of the connection. What it returns, or the error that broke its transaction, is handed to the loop
that asked only after the commit: what is confirmed is written. A job whose asker has given up is not begun.

A second thread carries the log (WAL) over into the file, so that no decision waits for a disk to be flushed. A log starts
anew only when all of it has been carried over and nobody writes meanwhile; once it is `LONG` the second thread therefore
stops the writer, when little is left to carry over, for the moment that takes. It also looks for what may be forgotten.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar, final

from proxy.runtime.store.embedded_schema import BUSY, SMALL_CACHE, connected
from proxy.runtime.store.interface import LedgerSilent

T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Connection], Any]
Told: TypeAlias = Callable[[Exception | None], object]  # what went wrong, if anything
TOGETHER: Final = 256
AGAIN: Final = 0.0005  # s between two tries to write while another process does
CARRY_OVER: Final = 1.0  # s between two looks at the log: a page that was written twice meanwhile is carried once
LONG: Final = 4096  # pages; a longer log is made to start anew
PASSES: Final = 5  # to carry over what was written meanwhile
LITTLE: Final = 64  # pages written meanwhile that the writer may be stopped for


@final
class Job:
    """One piece of work, who waits for its result, who is told of its end (perhaps nobody), and what became of it."""

    __slots__ = ("error", "future", "result", "told", "work")

    def __init__(self, work: Work, future: asyncio.Future[Any] | None, told: Told | None = None) -> None:
        self.work: Final = work
        self.future: Final = future
        self.told: Final = told
        self.result: Any = None
        self.error: Exception | None = None

    @property
    def wanted(self) -> bool:
        """Whether somebody waits, or nobody ever did."""
        return self.future is None or not self.future.done()


@final
class Writer:
    """Owns the connection between `start` and `stop`.

    `seek` is called on the second thread again and again with a connection to read by; what it returns is done as a job.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        wait: float,
        seek: Callable[[sqlite3.Connection], Work | None] = lambda _: None,
    ) -> None:
        self.path: Final = path
        self.wait: Final = wait
        self._connection: Final = connection
        self._seek: Final = seek
        self._jobs: Final[SimpleQueue[Job | None]] = SimpleQueue()
        self._over: Final = threading.Event()
        self._pen: Final = threading.Lock()  # who has it may write
        self._threads: Final = (
            threading.Thread(target=self._write, name="ledger writer", daemon=True),
            threading.Thread(target=self._keep_log, name="ledger log", daemon=True),
        )

    def start(self) -> None:
        """Begin."""
        self._connection.execute("PRAGMA busy_timeout = 0")  # `begin` waits, and in smaller steps
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do it in a transaction and wait for the commit, at most `wait`. Raises LedgerSilent."""
        if self._over.is_set():
            raise LedgerSilent("closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        late = loop.call_later(self.wait, give_up, future)
        self._jobs.put(Job(work, future))
        try:
            return await future
        except sqlite3.Error as error:
            raise LedgerSilent("disk") from error
        finally:
            late.cancel()

    def post(self, work: Work, told: Told) -> None:
        """Do it in a transaction; after the commit, or what broke it, `told` is called on the writing thread."""
        self._jobs.put(Job(work, None, told))

    def stop(self) -> None:
        """Finish what was asked for, then end both threads and close the file."""
        self._over.set()
        self._jobs.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._connection.close()

    def _write(self) -> None:
        ended = False
        while not ended:
            taken = [self._jobs.get()]
            try:
                while len(taken) < TOGETHER:
                    taken.append(self._jobs.get_nowait())
            except Empty:
                pass
            ended = None in taken
            jobs = [job for job in taken if job is not None and job.wanted]
            if jobs:
                with self._pen:
                    self._commit(jobs)
                deliver(jobs)

    def _commit(self, jobs: list[Job]) -> None:
        try:
            begin(self._connection)
            for job in jobs:
                job.result = job.work(self._connection)
            self._connection.execute("COMMIT")
        except Exception as error:  # whatever broke the transaction is the answer to all of its jobs
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for job in jobs:
                job.error = error

    def _keep_log(self) -> None:
        connection = connected(self.path, SMALL_CACHE)
        file = descriptor(self.path)
        while not self._over.wait(CARRY_OVER):
            try:
                work = self._seek(connection)
                if work is not None:
                    self._jobs.put(Job(work, None))
                self._carry_over(connection, file)
            except sqlite3.Error:  # another process has the lock, or the disk is full: the writer tells whoever asks
                continue
        connection.close()

    def _carry_over(self, connection: sqlite3.Connection, file: int) -> None:
        before, pages = 0, carried_over(connection)
        if pages < LONG:
            return
        for _ in range(PASSES):
            os.fsync(file)  # else all of it is flushed by the last pass
            if pages - before < LITTLE:
                break
            before, pages = pages, carried_over(connection)
        with self._pen:
            carried_over(connection)


def begin(connection: sqlite3.Connection) -> None:
    """Begin to write. Raises sqlite3.Error, after `BUSY` if another process writes all the while."""
    end = time.monotonic() + BUSY
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(AGAIN)
        else:
            return


def carried_over(connection: sqlite3.Connection) -> int:
    """Carry the log over as far as it was written when this began, without stopping anybody: its length in pages."""
    _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(pages)


def descriptor(path: Path) -> int:
    """Under which SQLite has the file open. One of our own would cost its locks: closing it frees them (fcntl(2))."""
    sought = path.stat()
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):
            if os.path.samestat(os.fstat(int(name)), sought):
                return int(name)
    raise FileNotFoundError(path)


def give_up(future: asyncio.Future[Any]) -> None:
    """The asker waits no longer."""
    if not future.done():
        future.set_exception(LedgerSilent("late"))


def deliver(jobs: list[Job]) -> None:
    """Hand the outcomes to the loops that asked; a loop that is closed asks no more."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Job, asyncio.Future[Any]]]] = {}
    for job in jobs:
        if job.future is not None:
            loops.setdefault(job.future.get_loop(), []).append((job, job.future))
        if job.told is not None:
            with suppress(RuntimeError):  # a loop that is closed asks no more
                job.told(job.error)
    for loop, mine in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, mine)


def settle(jobs: list[tuple[Job, asyncio.Future[Any]]]) -> None:
    """On the loop: answer those who still wait."""
    for job, future in jobs:
        if not future.done():
            if job.error is not None:
                future.set_exception(job.error)
            else:
                future.set_result(job.result)
