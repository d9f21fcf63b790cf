"""How the file is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from proxy.runtime.store.embedded_schema import PAGE, SLICE, Sweep, opened
from proxy.runtime.store.person_keys import KeysDiffer


def test_the_file_is_made_for_its_owner_only_and_in_wal(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.db"
    connection = opened(path, "ab")
    assert path.stat().st_mode & 0o077 == 0
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    assert connection.execute("PRAGMA page_size").fetchone() == (PAGE,)
    connection.close()


def test_a_file_that_is_there_keeps_its_pages(tmp_path: Path) -> None:
    made = sqlite3.connect(tmp_path / "ledger.db")
    made.execute("PRAGMA page_size = 4096")
    made.execute("CREATE TABLE other(a)")
    made.close()
    connection = opened(tmp_path / "ledger.db", "ab")
    assert connection.execute("PRAGMA page_size").fetchone() == (4096,)
    connection.close()


def test_a_file_of_other_keys_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "ledger.db", "ab").close()
    opened(tmp_path / "ledger.db", "ab").close()
    with pytest.raises(KeysDiffer, match=r"other keys \(ab\) than the key file holds \(cd\)"):
        opened(tmp_path / "ledger.db", "cd")


def filled(path: Path, persons: int) -> sqlite3.Connection:
    """A file with so many persons, whose attempts end at 0, 1, 2 …"""
    connection = opened(path, "ab")
    rows = [(number.to_bytes(2, "big"), number) for number in range(persons)]
    connection.executemany("INSERT INTO ledger_attempts VALUES (?, x'00', ?)", rows)
    return connection


def test_a_sweep_goes_through_all_slice_by_slice_and_begins_again(tmp_path: Path) -> None:
    connection = filled(tmp_path / "ledger.db", 2 * SLICE + 10)
    sweep = Sweep(lambda: SLICE + 20.0)
    gone = []
    for _ in range(4):
        work = sweep.seek(connection)
        before = connection.total_changes
        if work is not None:
            work(connection)
        gone.append(connection.total_changes - before)
    assert gone == [SLICE, 21, 0, 0]
    left = connection.execute("SELECT count(*), min(until) FROM ledger_attempts").fetchone()
    assert left == (SLICE - 11, SLICE + 21.0)
    connection.close()


def test_an_attempt_that_came_between_looking_and_deleting_stays(tmp_path: Path) -> None:
    connection = filled(tmp_path / "ledger.db", 2)
    work = Sweep(lambda: 9.0).seek(connection)
    connection.execute("UPDATE ledger_attempts SET until = 99 WHERE person = x'0001'")
    assert work is not None
    work(connection)
    assert connection.execute("SELECT hex(person) FROM ledger_attempts").fetchall() == [("0001",)]
    connection.close()


def test_an_index_of_earlier_files_goes(tmp_path: Path) -> None:
    connection = filled(tmp_path / "ledger.db", 2)
    connection.execute("CREATE INDEX ledger_attempts_until ON ledger_attempts(until)")
    connection.close()
    connection = opened(tmp_path / "ledger.db", "ab")
    assert connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE '%until'").fetchall() == []
    assert connection.execute("SELECT count(*) FROM ledger_attempts").fetchone() == (2,)
    connection.close()
