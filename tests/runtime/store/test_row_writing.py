"""Many rows in few statements, and no change of another process is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from proxy.runtime.store.attempts import packed
from proxy.runtime.store.embedded_schema import opened
from proxy.runtime.store.overlay import Rows
from proxy.runtime.store.row_writing import WIDTHS, portions, write

ONE, TWO = packed([(1, b"aaaa", b"ccc")]), packed([(2, b"bbbb", b"ccc")])


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    return opened(tmp_path / "ledger.db", "0")


def rows_in(connection: sqlite3.Connection) -> dict[bytes, tuple[bytes, float]]:
    return {
        name: (row, until) for name, row, until in connection.execute("SELECT person, row, until FROM ledger_attempts")
    }


@pytest.mark.parametrize("count", [0, 1, 3, 17, 64, 85, 200])
def test_every_row_is_in_one_portion_of_a_known_width(count: int) -> None:
    names = list(range(count))
    cut = [list(portion) for portion in portions(names)]
    assert [name for portion in cut for name in portion] == names
    assert {len(portion) for portion in cut} <= set(WIDTHS)


@pytest.mark.parametrize("count", [1, 5, 150])
def test_rows_are_made_changed_and_deleted(connection: sqlite3.Connection, count: int) -> None:
    names = [b"%016d" % number for number in range(count)]
    write(dict.fromkeys(names, (b"", ONE, 7.0)), {}, connection)
    assert rows_in(connection) == dict.fromkeys(names, (ONE, 7.0))
    write(dict.fromkeys(names, (ONE, ONE + TWO, 8.0)), {}, connection)
    assert rows_in(connection) == dict.fromkeys(names, (ONE + TWO, 8.0))
    write(dict.fromkeys(names, (ONE + TWO, b"", 8.0)), {}, connection)
    assert rows_in(connection) == {}


def test_what_another_process_did_to_a_row_stays(connection: sqlite3.Connection) -> None:
    rows: Rows = {b"%016d" % number: (b"", ONE, 7.0) for number in range(20)}
    connection.execute("INSERT INTO ledger_attempts VALUES (?, ?, 6.0)", (b"%016d" % 3, TWO))
    write(rows, {}, connection)
    found = rows_in(connection)
    assert found.pop(b"%016d" % 3) == (TWO + ONE, 7.0)
    assert set(found.values()) == {(ONE, 7.0)}
    connection.execute("DELETE FROM ledger_attempts")
    write({b"%016d" % 3: (TWO + ONE, TWO, 9.0)}, {}, connection)
    assert rows_in(connection) == {}


def test_who_was_counted_and_taken_back_meanwhile_leaves_no_row_and_takes_none(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO ledger_attempts VALUES (?, ?, 6.0)", (b"%016d" % 3, TWO))
    write({b"%016d" % number: (b"", b"", 7.0) for number in range(5)}, {}, connection)
    assert rows_in(connection) == {b"%016d" % 3: (TWO, 6.0)}


def test_the_newest_refusal_stays(connection: sqlite3.Connection) -> None:
    write({}, {b"p" * 16: ("acme", 5.0, "607", "call-1")}, connection)
    write({}, {b"p" * 16: ("acme", 4.0, "607", "call-0")}, connection)
    assert connection.execute("SELECT * FROM ledger_refusals").fetchall() == [(b"p" * 16, "acme", 5.0, "607", "call-1")]
