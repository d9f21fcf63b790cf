"""What every store of the directory does: the same tests on a file, one Redis, a cluster and a Sentinel service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from proxy.runtime.store.directory_changes import Signature, change, load, rolled_back, seed
from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.store.directory_interface import DirectoryStore, Overtaken, Use
from proxy.runtime.store.directory_records import Change, Record, Snapshot, Version
from proxy.runtime.store.directory_redis import RedisDirectory
from proxy.runtime.store.redis_place import Place
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.directory_shelf import CUSTOMER, ME, NOON, RIGHT, SMALL, drafts, edit, numbering
from tests.runtime.store.redis_servers import RedisServer

Opener = Callable[[], DirectoryStore]
STORES = ("file", "redis", "cluster", "sentinel")


@pytest.fixture(params=STORES)
async def opener(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens another client of one empty store."""
    opened: list[DirectoryStore] = []
    make = maker(request, tmp_path)

    def open_one() -> DirectoryStore:
        opened.append(make())
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


def maker(request: pytest.FixtureRequest, folder: Path) -> Opener:
    if request.param == "file":
        return lambda: EmbeddedDirectory(folder / "deep" / "store.db")
    servers: list[RedisServer] = [request.getfixturevalue("redis_server")]
    place = Place((servers[0].url,))
    if request.param == "cluster":
        servers = request.getfixturevalue("redis_nodes")
        place = Place(tuple(server.url for server in servers[:2]), cluster=True)
    elif request.param == "sentinel":
        place = Place((request.getfixturevalue("sentinel").url,), sentinel="ledger")
    for server in servers:
        with server.client() as client:
            client.flushall()
    return lambda: RedisDirectory(place)


def version(number: int, name: str = "a") -> Version:
    record = Record("customer", name, {"id": name, "note": "é\n"})
    return Version(number, NOON + number, "me", "a test", (Change("customer", name, None, record),))


async def test_a_new_store_is_empty(opener: Opener) -> None:
    store = opener()
    assert await store.version() == 0
    assert await store.versions(0) == []
    assert await store.snapshot() is None
    assert await store.uses() == {}


async def test_versions_come_back_as_they_were_to_every_client(opener: Opener) -> None:
    one, other = opener(), opener()
    for number in (1, 2, 3):
        await one.append(version(number))
    assert await other.version() == 3
    assert await other.versions(0) == [version(1), version(2), version(3)]
    assert await other.versions(1, 1) == [version(2)]
    assert await other.versions(3) == []


async def test_only_the_next_number_is_taken(opener: Opener) -> None:
    one, other = opener(), opener()
    await one.append(version(1, "mine"))
    for number in (1, 3):
        with pytest.raises(Overtaken):
            await other.append(version(number, "yours"))
    assert await other.versions(0) == [version(1, "mine")]


async def test_an_older_snapshot_never_replaces_a_newer_one(opener: Opener) -> None:
    store = opener()
    records = (Record("customer", "a", {"id": "a"}),)
    await store.keep(Snapshot(2, records))
    await store.keep(Snapshot(1, ()))
    assert await store.snapshot() == Snapshot(2, records)
    await store.keep(Snapshot(3, ()))
    assert await store.snapshot() == Snapshot(3, ())


async def test_uses_keep_the_first_and_the_last_day(opener: Opener) -> None:
    one, other = opener(), opener()
    await one.note_uses({"+33162000001": 20, "+33162000002": 9})
    await other.note_uses({"+33162000001": 10})
    await one.note_uses({"+33162000001": 15})
    assert await other.uses() == {"+33162000001": Use(10, 20), "+33162000002": Use(9, 9)}


async def test_many_at_once_never_undo_each_other(opener: Opener) -> None:
    stores = [opener() for _ in range(3)]
    await seed(stores[0], numbering(), drafts(SMALL), ME)
    edits = [(stores[i % 3], RIGHT.format("a", f"+3316200001{i}", "2026-01-01")) for i in range(6)]
    await asyncio.gather(*(change(store, numbering(), edit(text), ME) for store, text in edits))
    book = await load(stores[1], numbering())
    assert book.version == 7
    assert len(book.numbers) == 7


async def test_one_number_cannot_be_given_to_two_at_once(opener: Opener) -> None:
    one, other = opener(), opener()
    await seed(one, numbering(), drafts(SMALL), ME)
    outcomes = await asyncio.gather(
        change(one, numbering(), edit(RIGHT.format("a", "+33162000009", "2026-01-01")), ME),
        change(other, numbering(), edit(RIGHT.format("b", "+33162000009", "2026-01-01")), ME),
        return_exceptions=True,
    )
    assert sorted(isinstance(outcome, ConfigError) for outcome in outcomes) == [False, True]
    assert len((await load(one, numbering())).rights("+33162000009")) == 1


async def test_nothing_is_changed_unless_all_is_valid(opener: Opener) -> None:
    store = opener()
    await seed(store, numbering(), drafts(SMALL), ME)
    good, bad = RIGHT.format("a", "+33162000002", "2026-01-01"), RIGHT.format("a", "0612345678", "2026-01-01")
    with pytest.raises(ConfigError, match=r"new\.toml:9: key `number`"):
        await change(store, numbering(), edit(good + bad), ME)
    assert await store.version() == 1


async def test_only_an_empty_store_is_seeded_and_by_one(opener: Opener) -> None:
    one, other = opener(), opener()
    mine, yours = Signature("me", NOON, "seed"), Signature("you", NOON, "seed")
    done = await asyncio.gather(
        seed(one, numbering(), drafts(SMALL), mine), seed(other, numbering(), drafts(SMALL), yours)
    )
    assert sorted(done) == [False, True]
    assert await one.version() == 1
    assert not await seed(other, numbering(), drafts(CUSTOMER.format("c")), ME)


async def test_a_roll_back_is_a_version_of_its_own(opener: Opener) -> None:
    store = opener()
    await seed(store, numbering(), drafts(SMALL), ME)
    before = await load(store, numbering())
    await change(store, numbering(), edit(CUSTOMER.format("a").replace('"active"', '"suspended"')), ME)
    await change(store, numbering(), edit(CUSTOMER.format("c")), ME)
    book, made = await rolled_back(store, numbering(), 1, ME)
    assert made is not None
    assert made.number == 4
    assert book.records == before.records
    assert book.customers["a"].status == "active"
    assert "c" not in (await load(store, numbering())).customers
    assert len(await store.versions(0)) == 4
