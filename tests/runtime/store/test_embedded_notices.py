"""Changes of another connection to the file are noticed, and nothing is noticed when nothing has changed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from proxy.runtime.store.directory_changes import change, seed
from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.store.embedded_notices import EmbeddedNotices
from proxy.runtime.store.embedded_schema import opened
from proxy.runtime.store.notices import ANYTHING, DIRECTORY, PERSONS
from tests.runtime.store.directory_shelf import CUSTOMER, ME, SMALL, drafts, edit, numbering

PATIENCE = 30.0


@pytest.fixture
async def author(tmp_path: Path) -> AsyncIterator[EmbeddedDirectory]:
    store = EmbeddedDirectory(tmp_path / "store.db")
    await seed(store, numbering(), drafts(SMALL), ME)
    opened(tmp_path / "store.db", "any").close()
    yield store
    await store.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in a thread, unannounced
            await asyncio.sleep(0.01)


async def test_a_version_of_another_process_is_told(author: EmbeddedDirectory, tmp_path: Path) -> None:
    heard: list[bytes] = []
    said: list[str] = []
    notices = EmbeddedNotices(tmp_path / "store.db", heard.append, said.append)
    await notices.start()
    await until(lambda: heard == [ANYTHING])
    await change(author, numbering(), edit(CUSTOMER.format("c")), ME)
    await until(lambda: heard == [ANYTHING, DIRECTORY])
    await author.note_uses({"+33162000001": 739_943})
    await change(author, numbering(), edit(CUSTOMER.format("d")), ME)
    await until(lambda: heard == [ANYTHING, DIRECTORY, DIRECTORY])
    assert (notices.received, notices.reconnects, said) == (2, 0, [])
    await notices.stop()


@pytest.mark.usefixtures("author")
async def test_a_refusal_of_another_process_is_told(tmp_path: Path) -> None:
    heard: list[bytes] = []
    notices = EmbeddedNotices(tmp_path / "store.db", heard.append, lambda _: None)
    await notices.start()
    await until(lambda: heard == [ANYTHING])
    with sqlite3.connect(tmp_path / "store.db") as other:
        other.execute("INSERT INTO ledger_refusals VALUES (x'01', 'acme', 1.0, 'api', 'r')")
    other.close()
    await until(lambda: heard == [ANYTHING, PERSONS])
    await notices.stop()


def test_a_look_after_the_stop_opens_nothing(tmp_path: Path) -> None:
    notices = EmbeddedNotices(tmp_path / "none.db", lambda _: None, lambda _: None)
    asyncio.run(notices.stop())
    assert notices._look() == []
    assert not (tmp_path / "none.db").exists()


async def test_a_file_that_cannot_be_read_is_tried_again(tmp_path: Path) -> None:
    heard: list[bytes] = []
    path = tmp_path / "store.db"
    path.write_bytes(b"no database at all, but long enough to be looked at " * 100)
    notices = EmbeddedNotices(path, heard.append, lambda _: None)
    await notices.start()
    await until(lambda: notices.reconnects > 0)
    fresh = tmp_path / "fresh.db"
    with sqlite3.connect(fresh) as made:
        made.execute("CREATE TABLE directory_version (number INTEGER PRIMARY KEY, said BLOB NOT NULL)")
        made.execute("CREATE TABLE ledger_changes (number INTEGER PRIMARY KEY, person BLOB NOT NULL)")
    made.close()
    fresh.replace(path)
    await until(lambda: heard == [ANYTHING])
    await notices.stop()
