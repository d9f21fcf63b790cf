"""Edits on a store: what somebody else did meanwhile stays, and a start does not read everything ever done."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

import pytest

from proxy.runtime.store import directory_changes
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_changes import Signature, change, load, noted, rolled_back, seed, uncollected
from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.store.directory_interface import DirectoryUnreachable
from proxy.runtime.store.directory_records import Draft, Version
from tests.runtime.store.directory_shelf import CUSTOMER, ME, RIGHT, SMALL, drafts, edit, numbering


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedDirectory:
    return EmbeddedDirectory(tmp_path / "store.db")


async def test_an_edit_is_made_again_on_what_came_between(store: EmbeddedDirectory) -> None:
    await seed(store, numbering(), drafts(SMALL), ME)
    seen: list[int] = []
    between = (await load(store, numbering())).edited(drafts(CUSTOMER.format("c")))[1]

    def slow(book: Book) -> Sequence[Draft]:
        seen.append(book.version)
        if len(seen) == 1:
            store._connection.execute(
                "INSERT INTO directory_version VALUES (2, ?)",
                (directory_changes_text(Version(2, 0.0, "you", "faster", between)),),
            )
        return drafts(RIGHT.format("a", "+33162000002", "2026-01-01"))

    book, version = await change(store, numbering(), slow, ME)
    assert seen == [1, 2]
    assert version is not None
    assert version.number == 3
    assert "c" in book.customers
    await store.close()


def directory_changes_text(version: Version) -> bytes:
    from proxy.runtime.store.directory_records import encoded_version

    return encoded_version(version)


async def test_who_is_always_too_late_is_told(store: EmbeddedDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    from proxy.runtime.store.directory_interface import Overtaken

    async def overtaken(_: object, __: Version) -> None:
        raise Overtaken

    monkeypatch.setattr(EmbeddedDirectory, "append", overtaken)
    with pytest.raises(DirectoryUnreachable, match="others changed the directory 20 times meanwhile"):
        await change(store, numbering(), edit(SMALL), ME)
    await store.close()


async def test_an_edit_that_changes_nothing_is_no_version(store: EmbeddedDirectory) -> None:
    await change(store, numbering(), edit(SMALL), ME)
    assert (await change(store, numbering(), edit(SMALL), ME))[1] is None
    assert await store.version() == 1
    await store.close()


async def test_a_snapshot_is_kept_now_and_then(store: EmbeddedDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_changes, "SNAPSHOT_VERSIONS", 3)
    for name in "abcd":
        await change(store, numbering(), edit(CUSTOMER.format(name)), ME)
    snapshot = await store.snapshot()
    assert snapshot is not None
    assert (snapshot.number, len(snapshot.records)) == (3, 3)
    book = await load(store, numbering())
    assert (book.version, list(book.customers)) == (4, ["a", "b", "c", "d"])
    await store.close()


async def test_going_back_to_before_the_first_version_empties(store: EmbeddedDirectory) -> None:
    await change(store, numbering(), edit(SMALL), ME)
    book, version = await rolled_back(store, numbering(), 0, ME)
    assert version is not None
    assert book.records == {}
    await store.close()


async def test_an_empty_seed_is_none(store: EmbeddedDirectory) -> None:
    assert not await seed(store, numbering(), [], ME)
    assert await store.version() == 0
    await store.close()


async def test_a_note_is_a_version_that_changes_nothing(store: EmbeddedDirectory) -> None:
    await seed(store, numbering(), drafts(SMALL), ME)
    before = (await load(store, numbering())).records
    assert (await noted(store, Signature("zoe", 5.0, "keys: a fresh key"))).number == 2
    await change(store, numbering(), edit(CUSTOMER.format("c")), ME)
    found = await store.versions(0)
    assert [(one.number, one.who, len(one.changes)) for one in found] == [(1, "me", 3), (2, "zoe", 0), (3, "me", 1)]
    await rolled_back(store, numbering(), 1, ME)
    assert (await load(store, numbering())).records == before


def test_no_garbage_is_sought_while_much_is_read() -> None:
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
