"""Rows of persons into the SQLite file, many at once: a statement takes up to `WIDE` of them.

Each statement gives the interpreter away once, so a batch costs the thread of the calls little. Rows of new persons, most
of all, are simply added. A row that is not as it was when it was read was changed by another process; what it did stays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final, TypeVar

from proxy.runtime.store.overlay import Refusals, Rows, merged

T = TypeVar("T")
WIDE: Final = 64
WIDTHS: Final = (WIDE, 16, 4, 1)
REFUSE: Final = """
INSERT INTO ledger_refusals VALUES (?, ?, ?, ?, ?)
ON CONFLICT (person) DO UPDATE SET at = excluded.at, source = excluded.source, reference = excluded.reference
WHERE excluded.at >= at
"""


@lru_cache(maxsize=len(WIDTHS))
def changed_query(width: int) -> str:
    """Finds the persons whose row is not the one that is expected."""
    expected = ", ".join(["(?, ?)"] * width)
    return (
        f"WITH held(person, row) AS (VALUES {expected}) SELECT held.person, there.row "  # noqa: S608 - placeholders only
        "FROM held LEFT JOIN ledger_attempts AS there ON there.person = held.person "
        "WHERE there.row IS NOT nullif(held.row, x'')"
    )


@lru_cache(maxsize=len(WIDTHS))
def add_statement(width: int) -> str:
    """Writes rows of persons who have none; counts those that it wrote."""
    return (
        f"INSERT INTO ledger_attempts VALUES {', '.join(['(?, ?, ?)'] * width)} "  # noqa: S608 - placeholders only
        "ON CONFLICT (person) DO NOTHING"
    )


@lru_cache(maxsize=len(WIDTHS))
def keep_statement(width: int) -> str:
    """Writes rows."""
    return (
        f"INSERT INTO ledger_attempts VALUES {', '.join(['(?, ?, ?)'] * width)} "  # noqa: S608 - placeholders only
        "ON CONFLICT (person) DO UPDATE SET row = excluded.row, until = excluded.until"
    )


@lru_cache(maxsize=len(WIDTHS))
def delete_statement(width: int) -> str:
    """Deletes rows."""
    return f"DELETE FROM ledger_attempts WHERE person IN ({', '.join('?' * width)})"  # noqa: S608 - placeholders only


def portions(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """All of them, in portions of few different widths, so that few statements are prepared."""
    start = 0
    for width in WIDTHS:
        while len(rows) - start >= width:
            yield rows[start : start + width]
            start += width


def write(rows: Rows, refusals: Refusals, connection: sqlite3.Connection) -> None:
    """Bring the file to what these say, within a transaction."""
    ordered = sorted(rows)
    held = [name for name in ordered if rows[name][0]]
    for portion in portions([name for name in ordered if rows[name][1] and not rows[name][0]]):
        values = list(chain.from_iterable((name, rows[name][1], rows[name][2]) for name in portion))
        if connection.execute(add_statement(len(portion)), values).rowcount != len(portion):
            held.extend(portion)  # somebody else was there; what was added is what is expected then, and stays
    change(held, rows, connection)
    if refusals:
        connection.executemany(REFUSE, [(lasting, *heard) for lasting, heard in refusals.items()])


def change(names: Sequence[bytes], rows: Rows, connection: sqlite3.Connection) -> None:
    """Write or delete rows that the file may hold already."""
    wanted = {name: (rows[name][1], rows[name][2]) for name in names}
    for portion in portions(names):
        expected = list(chain.from_iterable((name, rows[name][0]) for name in portion))
        for name, there in connection.execute(changed_query(len(portion)), expected).fetchall():
            before, row, until = rows[name]
            wanted[name] = (merged(there or b"", before, row), until)
    for portion in portions(sorted(name for name, (row, _) in wanted.items() if row)):
        values = list(chain.from_iterable((name, *wanted[name]) for name in portion))
        connection.execute(keep_statement(len(portion)), values)
    for portion in portions(sorted(name for name, (row, _) in wanted.items() if not row)):
        connection.execute(delete_statement(len(portion)), portion)
