"""Of whom the file says nothing: told as of the moment of the question, whoever writes."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.runtime.store import absence
from proxy.runtime.store.absence import Absence
from proxy.runtime.store.embedded_schema import opened
from tests.runtime.sockets import until

TABLES = ("attempts", "refusals", "consents")


def name(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()[:16]


STRANGER = name(-1)


class Beside:
    """Another writer on the same file."""

    def __init__(self, path: Path) -> None:
        self.connection = opened(path, "ab")

    def add(self, *numbers: int, table: str = "attempts") -> None:
        values = {
            "attempts": "?, x'00', 9",
            "refusals": "?, 'acme', 1, 'test', 'r'",
            "consents": "?, 'r', 'acme', 1, 2, '', '', '', 0, 0, 0",
        }[table]
        self.connection.execute("BEGIN")
        self.connection.executemany(
            f"INSERT INTO ledger_{table} VALUES ({values})",  # noqa: S608 - of this test
            [(name(one),) for one in numbers],
        )
        self.connection.execute("COMMIT")

    def run(self, statement: str) -> None:
        self.connection.execute(statement)


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside]:
    made = Beside(tmp_path / "l.db")
    yield made
    made.connection.close()


@pytest.fixture
def connection(tmp_path: Path, beside: Beside) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(tmp_path / "l.db", isolation_level=None)
    yield made
    made.close()


async def began(tmp_path: Path, connection: sqlite3.Connection) -> Absence:
    made = Absence(tmp_path / "l.db", connection)
    await until(lambda: made.ready)
    return made


@pytest.mark.parametrize("table", TABLES)
async def test_what_was_there_and_what_any_other_adds_is_known_at_once(
    tmp_path: Path, beside: Beside, connection: sqlite3.Connection, table: str
) -> None:
    beside.add(*range(2500), table=table)
    told = await began(tmp_path, connection)
    assert not any(told.of(name(one), STRANGER) or told.of(STRANGER, name(one)) for one in range(2500))
    assert told.of(STRANGER, name(9000))
    for one in range(3000, 3020):
        assert told.of(name(one), STRANGER)
        beside.add(one, table=table)
        assert not told.of(name(one), STRANGER)
        assert not told.of(STRANGER, name(one))
    assert told.of(STRANGER, name(9000))
    told.close()


async def test_while_more_is_new_than_can_be_read_at_once_the_file_is_asked(
    tmp_path: Path, beside: Beside, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await began(tmp_path, connection)
    assert told.of(STRANGER, STRANGER)
    monkeypatch.setattr(absence, "AT_ONCE", 10)
    beside.add(*range(35))
    assert [told.of(STRANGER, STRANGER) for _ in range(5)] == [False, False, False, True, True]
    assert not any(told.of(name(one), STRANGER) for one in range(35))
    told.close()


@pytest.mark.parametrize("at_the_start", [0, 5])
async def test_notes_that_were_forgotten_before_they_were_read_have_all_read_anew(
    tmp_path: Path, beside: Beside, connection: sqlite3.Connection, at_the_start: int
) -> None:
    beside.add(*range(at_the_start))
    told = await began(tmp_path, connection)
    assert told.of(STRANGER, STRANGER)
    beside.add(*range(10, 20))
    beside.run("DELETE FROM ledger_names WHERE number < 8")
    assert not told.of(STRANGER, STRANGER)
    assert not told.ready
    assert not told.of(STRANGER, STRANGER)
    await until(lambda: told.ready)
    assert told.of(STRANGER, STRANGER)
    assert not any(told.of(name(one), STRANGER) for one in [*range(at_the_start), *range(10, 20)])
    told.close()


async def test_a_file_whose_content_is_another_one_is_read_anew(
    tmp_path: Path, beside: Beside, connection: sqlite3.Connection
) -> None:
    beside.add(1, 2, 3)
    told = await began(tmp_path, connection)
    assert told.of(STRANGER, STRANGER)
    beside.run("DELETE FROM ledger_names")
    beside.add(11, 12, 13)
    assert not told.of(name(4), STRANGER)
    await until(lambda: told.ready)
    assert not any(told.of(name(one), STRANGER) for one in (1, 2, 3, 11, 12, 13))
    told.close()


async def test_a_filter_that_is_full_gives_way_to_a_larger_one(
    tmp_path: Path, beside: Beside, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absence, "SPARE", 0)
    told = await began(tmp_path, connection)
    first = told._filter
    assert first is not None
    monkeypatch.setattr(absence, "AT_ONCE", 100_000)
    beside.add(*range(first.room + 1))
    assert told.of(STRANGER, STRANGER)
    assert not told.of(name(7), STRANGER)
    await until(lambda: told._filter is not first)
    assert told.of(STRANGER, STRANGER)
    assert told._filter is not None
    assert told._filter.room > first.room
    assert not any(told.of(name(one), STRANGER) for one in range(first.room + 1))
    told.close()


async def test_what_is_written_while_all_is_read_is_known(
    tmp_path: Path, beside: Beside, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absence, "SLICE", 10)
    beside.add(*range(1000))
    told = Absence(tmp_path / "l.db", connection)
    number = 1000
    while not told.ready:
        beside.add(number, table=TABLES[number % 3])
        number += 1
        await asyncio.sleep(0.001)
    await until(lambda: told.of(STRANGER, STRANGER))
    assert not any(told.of(name(one), STRANGER) for one in range(number))
    told.close()


async def test_a_key_that_is_none_of_a_person_is_passed_over(
    tmp_path: Path, beside: Beside, connection: sqlite3.Connection
) -> None:
    told = await began(tmp_path, connection)
    beside.run("INSERT INTO ledger_attempts VALUES (x'0102', x'00', 9)")
    beside.add(1)
    assert told.of(STRANGER, STRANGER)
    assert not told.of(name(1), STRANGER)
    told.close()


async def test_without_shared_memory_and_once_closed_nothing_is_told(tmp_path: Path) -> None:
    plain = sqlite3.connect(tmp_path / "plain.db")
    told = Absence(tmp_path / "plain.db", plain)
    assert not told.of(STRANGER, STRANGER)
    assert not told.ready
    told.close()
    plain.close()


async def test_a_file_that_cannot_be_read_is_tried_again(
    tmp_path: Path, beside: Beside, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absence, "AGAIN", 0.01)
    monkeypatch.setattr(absence, "LAST", "SELECT number, name FROM nothing_there")
    told = Absence(tmp_path / "l.db", connection)
    await asyncio.sleep(0.05)
    assert not told.of(STRANGER, STRANGER)
    monkeypatch.setattr(absence, "LAST", "SELECT number, name FROM ledger_names ORDER BY number DESC LIMIT 1")
    await until(lambda: told.ready)
    assert told.of(STRANGER, STRANGER)
    told.close()
    await asyncio.sleep(0.02)
