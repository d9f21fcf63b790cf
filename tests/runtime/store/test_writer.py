"""Jobs that wait together share a transaction; a broken one tells all of its jobs; a log is carried over."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.runtime.store import writer as module
from proxy.runtime.store.embedded_schema import opened
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.writer import Writer, begin, descriptor
from tests.runtime.ends import PATIENCE, until


@pytest.fixture
async def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Writer]:
    monkeypatch.setattr(module, "CARRY_OVER", 0.05)
    found = Writer(tmp_path / "ledger.db", opened(tmp_path / "ledger.db", "ab"), PATIENCE)
    found.start()
    yield found
    await asyncio.to_thread(found.stop)


def note(connection: sqlite3.Connection) -> int:
    """Count the notes written in this file, this one included."""
    connection.execute("INSERT INTO ledger_meta VALUES ((SELECT count(*) FROM ledger_meta), '')")
    return int(connection.execute("SELECT count(*) FROM ledger_meta").fetchone()[0])


def notes_in(path: Path) -> int:
    """Those in the file alone, without its log; none while it is being written."""
    file = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    try:
        return int(file.execute("SELECT count(*) FROM ledger_meta").fetchone()[0])
    except sqlite3.DatabaseError:
        return 0
    finally:
        file.close()


async def test_each_job_gets_its_result(writer: Writer) -> None:
    assert await asyncio.gather(*[writer.run(note) for _ in range(5)]) == [2, 3, 4, 5, 6]


async def test_an_error_of_the_disk_is_a_silence_and_nothing_of_the_transaction_stays(writer: Writer) -> None:
    hold, held = threading.Event(), threading.Event()

    def wait(connection: sqlite3.Connection) -> None:
        held.set()
        hold.wait(60)

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT * FROM nowhere")

    first = asyncio.ensure_future(writer.run(wait))
    await asyncio.to_thread(held.wait, 60)
    together = [asyncio.ensure_future(writer.run(job)) for job in (note, broken)]
    await asyncio.sleep(0)
    hold.set()
    await first
    found = await asyncio.gather(*together, return_exceptions=True)
    assert [str(one) for one in found] == ["disk", "disk"]
    assert await writer.run(note) == 2


async def test_a_job_that_nobody_waits_for_is_not_begun(writer: Writer) -> None:
    hold, held = threading.Event(), threading.Event()

    def wait(connection: sqlite3.Connection) -> None:
        held.set()
        hold.wait(60)

    first = asyncio.ensure_future(writer.run(wait))
    await asyncio.to_thread(held.wait, 60)
    second = asyncio.ensure_future(writer.run(note))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    hold.set()
    await first
    assert await writer.run(note) == 2


async def test_the_log_is_carried_over_beside_the_work(writer: Writer) -> None:
    for _ in range(50):
        await writer.run(note)
    await until(lambda: notes_in(writer.path) > 1)


async def test_a_long_log_starts_anew_although_the_writing_never_ends(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONG", 50)
    log = writer.path.with_name("ledger.db-wal")
    end = time.monotonic() + 2 * PATIENCE
    while int.from_bytes(log.read_bytes()[12:16], "big") < 2:  # how often it began anew
        assert time.monotonic() < end
        await writer.run(
            lambda connection: connection.execute("REPLACE INTO ledger_meta VALUES ('at', ?)", (time.time(),))
        )


async def test_work_that_nobody_asked_for_is_done_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CARRY_OVER", 0.01)
    done = threading.Event()
    found = Writer(tmp_path / "l.db", opened(tmp_path / "l.db", "ab"), PATIENCE, lambda _: lambda _: done.set())
    found.start()
    assert await asyncio.to_thread(done.wait, 60)
    await asyncio.to_thread(found.stop)


def test_to_begin_is_tried_until_the_other_process_is_done_or_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = opened(tmp_path / "l.db", "ab"), opened(tmp_path / "l.db", "ab")
    mine.execute("PRAGMA busy_timeout = 0")
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(module, "BUSY", 0.02)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        begin(mine)
    monkeypatch.setattr(module, "BUSY", 5.0)
    monkeypatch.setattr(time, "sleep", lambda _: other.in_transaction and other.execute("COMMIT"))
    begin(mine)
    assert mine.in_transaction
    mine.close()
    other.close()


def test_the_connections_of_a_store_keep_little_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CARRY_OVER", 0.001)
    kept: list[int] = []
    seen = threading.Event()

    def seek(connection: sqlite3.Connection) -> None:
        kept.append(connection.execute("PRAGMA cache_size").fetchone()[0])
        seen.set()

    connection = opened(tmp_path / "ledger.db", "ab")
    kept.append(connection.execute("PRAGMA cache_size").fetchone()[0])
    found = Writer(tmp_path / "ledger.db", connection, 5.0, seek)
    found.start()
    assert seen.wait(60)
    found.stop()
    assert kept[:2] == [-16 * 1024, -2 * 1024]


def test_the_descriptor_is_that_of_the_file(tmp_path: Path) -> None:
    connection = opened(tmp_path / "l.db", "ab")
    assert os.path.samestat(os.fstat(descriptor(tmp_path / "l.db")), (tmp_path / "l.db").stat())
    connection.close()
    with pytest.raises(FileNotFoundError):
        descriptor(tmp_path / "l.db")


async def test_a_writer_that_has_stopped_is_silent(tmp_path: Path) -> None:
    found = Writer(tmp_path / "l.db", opened(tmp_path / "l.db", "ab"), PATIENCE)
    found.start()
    await asyncio.to_thread(found.stop)
    with pytest.raises(LedgerSilent, match="closed"):
        await found.run(note)
