"""The tables of the embedded ledger, how its file is opened, and what is deleted when its time is over.

WAL: readers and the one writer do not wait for each other; who carries the log over is told in `writer`. synchronous=NORMAL: a confirmed write is with the operating
system, so it survives the end of this process at any point; only a failing machine can lose the last moments.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, final

from proxy.runtime.store.interface import PROOF_KEPT
from proxy.runtime.store.person_keys import KeysDiffer

BUSY: Final = 5.0  # s; another process writes
LOG_KEPT: Final = 64 * 1024 * 1024  # bytes; a log that had to grow longer is cut to this when it starts anew
CACHE: Final = 16 * 1024  # KiB of the file that who writes it keeps in memory; the system has all of it
SMALL_CACHE: Final = 2 * 1024  # KiB, for who goes through all of it again and again
PAGE: Final = 2048  # bytes of a page in a file that is made: new persons come in no order, each of them a page to write
SLICE: Final = 2500  # rows looked at, and at most deleted, at once, so that nobody waits long for the cleaning
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS ledger_meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_attempts(person BLOB PRIMARY KEY, row BLOB NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
DROP INDEX IF EXISTS ledger_attempts_until;
CREATE TABLE IF NOT EXISTS ledger_refusals(
    person BLOB PRIMARY KEY, customer TEXT NOT NULL, at REAL NOT NULL, source TEXT NOT NULL, reference TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ledger_refusals_customer ON ledger_refusals(customer, at);
CREATE TABLE IF NOT EXISTS ledger_consents(
    person BLOB NOT NULL, reference TEXT NOT NULL, customer TEXT NOT NULL, at REAL NOT NULL, until REAL NOT NULL,
    campaign TEXT NOT NULL, basis TEXT NOT NULL, proof TEXT NOT NULL, slot_from REAL NOT NULL, slot_until REAL NOT NULL,
    withdrawn_at REAL NOT NULL, PRIMARY KEY (person, reference)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ledger_consents_customer ON ledger_consents(customer, at);
CREATE INDEX IF NOT EXISTS ledger_consents_at ON ledger_consents(at);
CREATE TABLE IF NOT EXISTS ledger_changes(number INTEGER PRIMARY KEY AUTOINCREMENT, person BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS ledger_changes_kept AFTER INSERT ON ledger_changes WHEN NEW.number % 100 = 0 BEGIN DELETE FROM ledger_changes WHERE number <= NEW.number - 100000; END;
CREATE TABLE IF NOT EXISTS ledger_names(number INTEGER PRIMARY KEY, name BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS ledger_names_kept AFTER INSERT ON ledger_names WHEN NEW.number % 100 = 0 BEGIN DELETE FROM ledger_names WHERE number <= NEW.number - 100000; END;
"""
REFUSED: Final = "EXISTS (SELECT 1 FROM ledger_refusals WHERE person = {row}.person)"
TRIGGER: Final = (
    "CREATE TRIGGER IF NOT EXISTS {table}_{event} AFTER {event} ON {table} WHEN {condition} "
    "BEGIN INSERT INTO ledger_changes(person) VALUES ({row}.person); END"
)
# whatever concerns a refusal is noted in the transaction that changes it
TRIGGERS: Final = [
    TRIGGER.format(table=table, event=event, row=row, condition=condition.format(row=row))
    for table, condition in (("ledger_refusals", "1"), ("ledger_consents", REFUSED))
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
]
NOTED: Final = (
    "CREATE TRIGGER IF NOT EXISTS {table}_names AFTER INSERT ON {table} "
    "BEGIN INSERT INTO ledger_names(name) VALUES (NEW.person); END"
)
# each key that comes into the file is noted with it, for those who know all of them (`absence`)
NAMES: Final = [NOTED.format(table=table) for table in ("ledger_attempts", "ledger_refusals", "ledger_consents")]
FIRST_NAME: Final = "INSERT INTO ledger_names(name) SELECT x'' WHERE NOT EXISTS (SELECT 1 FROM ledger_names)"
SLICE_OF: Final = (
    "SELECT max(person), count(*) FROM (SELECT person FROM ledger_attempts WHERE person > ? ORDER BY person LIMIT ?)"
)
ENDED: Final = "SELECT person FROM ledger_attempts WHERE person > ? AND person <= ? AND until <= ?"


def opened(path: Path, fingerprint: str) -> sqlite3.Connection:
    """A connection to the file, which is made readable by its owner only. Raises sqlite3.Error, OSError, KeysDiffer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)
    connection = connected(path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        for statement in (*SCHEMA.split(";\n"), *TRIGGERS, *NAMES):
            connection.execute(statement)
        connection.execute(FIRST_NAME)
        connection.execute("INSERT OR IGNORE INTO ledger_meta VALUES ('keys', ?)", (fingerprint,))
        found = connection.execute("SELECT value FROM ledger_meta WHERE name = 'keys'").fetchone()[0]
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    if found != fingerprint:
        connection.close()
        raise KeysDiffer(f"{path} was filled with other keys ({found}) than the key file holds ({fingerprint})")
    return connection


def connected(path: Path, cache: int = CACHE) -> sqlite3.Connection:
    """A connection with the settings of this store, that keeps `cache` KiB. Transactions are begun by hand."""
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE}")  # a file that is there keeps its own
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{cache}")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_KEPT}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


@final
class Sweep:
    """Goes through all persons again and again, a slice at a time, and finds what has ended.

    The slices are read beside the writer, which is given only what there is to delete: an index by time would cost every
    attempt a second page to write.
    """

    __slots__ = ("_epoch", "_last")

    def __init__(self, epoch: Callable[[], float]) -> None:
        self._epoch: Final = epoch
        self._last = b""

    def seek(self, connection: sqlite3.Connection) -> Callable[[sqlite3.Connection], object] | None:
        """The next slice: what deletes attempts that ended there, and consents whose proof need not be kept any more."""
        now = self._epoch()
        first = self._last
        last, count = connection.execute(SLICE_OF, (first, SLICE)).fetchone()
        ended = connection.execute(ENDED, (first, last or b"", now)).fetchall()
        self._last = last if count == SLICE else b""
        attempts = [(person, now) for (person,) in ended]
        consents = connection.execute(
            "SELECT person, reference FROM ledger_consents WHERE at <= ? LIMIT ?", (now - PROOF_KEPT, SLICE)
        ).fetchall()
        return partial(forget, attempts, consents) if attempts or consents else None


def forget(
    attempts: list[tuple[bytes, float]], consents: list[tuple[bytes, str]], connection: sqlite3.Connection
) -> None:
    """Delete these consents, and the attempts of these persons unless one was added meanwhile."""
    connection.executemany("DELETE FROM ledger_attempts WHERE person = ? AND until <= ?", attempts)
    connection.executemany("DELETE FROM ledger_consents WHERE person = ? AND reference = ?", consents)
