"""The head of the WAL: the same while nobody writes, another one after each commit of any connection."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.runtime.store import wal_head
from proxy.runtime.store.embedded_schema import connected
from proxy.runtime.store.wal_head import WalHead

BESIDE = "import sqlite3, sys; made = sqlite3.connect(sys.argv[1], timeout=0.05); made.execute(sys.argv[2]); made.commit(); made.close()"


def beside(path: Path, statement: str) -> None:
    """Another process does it."""
    subprocess.run([sys.executable, "-c", BESIDE, str(path), statement], check=True)


def test_each_commit_of_any_process_changes_it_and_nothing_else_does(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    connection = connected(path)
    connection.execute("CREATE TABLE t(a)")
    head = WalHead(path)
    seen = [head.read()]
    connection.execute("INSERT INTO t VALUES (1)")
    seen.append(head.read())
    beside(path, "INSERT INTO t VALUES (2)")
    seen.append(head.read())
    assert len(set(seen)) == 3
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO t VALUES (3)")
    assert head.read() == seen[-1]
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    beside(path, "SELECT * FROM t")
    assert head.read() == seen[-1]
    connection.execute("INSERT INTO t VALUES (4)")  # into a log that starts anew
    assert head.read() not in seen
    head.close()
    head.close()
    connection.close()


def test_locks_of_the_file_stand_after_it_was_closed(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    connection = connected(path)
    connection.execute("CREATE TABLE t(a)")
    connection.execute("BEGIN IMMEDIATE")
    WalHead(path).close()
    with pytest.raises(subprocess.CalledProcessError):
        beside(path, "BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")
    beside(path, "BEGIN IMMEDIATE")
    connection.close()


def test_a_file_without_an_index_or_with_one_of_another_kind_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l.db"
    plain = sqlite3.connect(path)
    plain.execute("CREATE TABLE t(a)")
    with pytest.raises(FileNotFoundError):
        WalHead(path)
    plain.close()
    connection = connected(path)
    connection.execute("INSERT INTO t VALUES (1)")
    monkeypatch.setattr(wal_head, "VERSION", (b"none", b"none"))
    with pytest.raises(OSError, match="unknown version"):
        WalHead(path)
    connection.close()
