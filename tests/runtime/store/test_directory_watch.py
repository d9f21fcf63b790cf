"""A node follows the store: within two seconds, without a restart, and through a silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.policy.directory import Directory
from proxy.runtime.clock import FixedClock
from proxy.runtime.numbering_file import load_numbering
from proxy.runtime.store.directory_changes import change, seed
from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.store.directory_interface import DirectoryStore, DirectoryUnreachable, Use
from proxy.runtime.store.directory_redis import RedisDirectory
from proxy.runtime.store.directory_watch import LOOK, DirectoryWatch
from proxy.runtime.store.redis_place import Place
from proxy.runtime.toml_source import read_toml
from proxy.runtime.trunk_settings import Trunks
from tests.runtime.store.directory_shelf import CONFIG, CUSTOMER, ME, NOON, PEERS, SMALL, drafts, edit, numbering
from tests.runtime.store.redis_servers import RedisServer

PATIENCE = 30.0
TODAY = 739_943  # the ordinal of the day of NOON


class Node:
    """One node: a client of its own and what it was handed."""

    def __init__(self, store: DirectoryStore) -> None:
        self.store = store
        self.clock = FixedClock(NOON)
        self.arrived: list[tuple[int, Directory]] = []
        self.said: list[str] = []
        self.trunks: list[Trunks] = []
        self.watch = DirectoryWatch(
            store,
            numbering(),
            self.clock,
            lambda found, version, trunks: self.took(version, found, trunks),
            self.said.append,
        )

    def took(self, version: int, found: Directory, trunks: Trunks) -> None:
        self.arrived.append((version, found))
        self.trunks.append(trunks)

    async def end(self) -> None:
        await self.watch.stop()
        await self.store.close()


@pytest.fixture(params=["file", "redis"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], DirectoryStore]:
    if request.param == "file":
        return lambda: EmbeddedDirectory(tmp_path / "store.db")
    server: RedisServer = request.getfixturevalue("redis_server")
    with server.client() as client:
        client.flushall()
    return lambda: RedisDirectory(Place((server.url,)))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in another process or task, unannounced
            await asyncio.sleep(0.02)


async def test_a_change_is_live_on_every_node(opener: Callable[[], DirectoryStore]) -> None:
    assert LOOK <= 1.0  # the README promises two seconds
    author = opener()
    await seed(author, numbering(), drafts(SMALL), ME)
    nodes = [Node(opener()) for _ in range(2)]
    for node in nodes:
        await node.watch.start()
        assert [version for version, _ in node.arrived] == [1]
    suspended = CUSTOMER.format("a").replace('"active"', '"suspended"')
    await change(author, numbering(), edit(suspended), ME)
    await until(lambda: all(node.watch.version == 2 for node in nodes))
    for node in nodes:
        customer = node.arrived[-1][1].customer("a")
        assert customer is not None
        assert customer.status == "suspended"
        assert node.watch.age() < PATIENCE
        assert node.said == []
        await node.end()
    await author.close()


async def test_the_uses_of_numbers_go_on_and_are_noted_once(opener: Callable[[], DirectoryStore]) -> None:
    author = opener()
    await seed(author, numbering(), drafts(SMALL), ME)
    node = Node(opener())
    await node.watch.start()
    node.watch.directory.used("+33162000001")
    await change(author, numbering(), edit(CUSTOMER.format("c")), ME)
    await node.watch.look()
    assert node.watch.directory.uses == {"+33162000001": 1}
    await node.watch._note()
    node.clock.at += 86_400
    await node.watch._note()
    assert await author.uses() == {"+33162000001": Use(TODAY, TODAY)}
    node.watch.directory.used("+33162000001")
    await node.end()
    assert await author.uses() == {"+33162000001": Use(TODAY, TODAY + 1)}
    await author.close()


async def test_what_is_told_is_looked_at_at_once(
    opener: Callable[[], DirectoryStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.runtime.store.directory_watch.LOOK", 3600.0)
    author = opener()
    await seed(author, numbering(), drafts(SMALL), ME)
    node = Node(opener())
    await node.watch.start()
    assert node.watch.reachable
    await change(author, numbering(), edit(CUSTOMER.format("c")), ME)
    node.watch.told()
    await until(lambda: node.watch.version == 2)
    await node.end()
    await author.close()


class Silent:
    """A store that fails when it is told to."""

    def __init__(self, store: DirectoryStore) -> None:
        self.store = store
        self.failing = False

    async def version(self) -> int:
        if self.failing:
            raise DirectoryUnreachable("gone")
        return await self.store.version()

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


async def test_trunks_arrive_with_the_directory_and_are_equal_until_one_changes(tmp_path: Path) -> None:
    store = EmbeddedDirectory(tmp_path / "store.db")
    await seed(store, numbering(), drafts(SMALL + PEERS), ME)
    node = Node(store)
    await node.watch.start()
    await change(store, numbering(), edit(CUSTOMER.format("a").replace("pending", "refused")), ME)
    await node.watch.look()
    await change(store, numbering(), edit(PEERS.replace("192.0.2.1", "192.0.2.7")), ME)
    await node.watch.look()
    first, second, third = node.trunks
    assert first == second != third
    assert third.platforms[0].sources == ("192.0.2.7",)
    await node.end()


async def test_in_a_silence_the_last_directory_stays_and_its_age_grows(tmp_path: Path) -> None:
    store = EmbeddedDirectory(tmp_path / "store.db")
    await seed(store, numbering(), drafts(SMALL), ME)
    silent = Silent(store)
    node = Node(silent)  # type: ignore[arg-type]  # all but one method is found by name
    await node.watch.start()
    silent.failing = True
    await until(lambda: node.watch.failures >= 2)
    age = node.watch.age()
    assert age > 0.25
    assert node.said == ["the directory stays at version 1: gone"]
    assert not node.watch.reachable
    assert [version for version, _ in node.arrived] == [1]
    silent.failing = False
    await until(lambda: node.watch.age() < age)
    await node.end()


async def test_a_store_that_lost_versions_is_not_followed(tmp_path: Path) -> None:
    store = EmbeddedDirectory(tmp_path / "store.db")
    await seed(store, numbering(), drafts(SMALL), ME)
    node = Node(store)
    await node.watch.start()
    store._connection.execute("DELETE FROM directory_version")
    with pytest.raises(DirectoryUnreachable, match="the store has lost versions: 0 instead of 1"):
        await node.watch.look()
    assert node.watch.directory.customer("a") is not None
    await node.end()


async def test_another_plan_reads_every_record_anew(tmp_path: Path) -> None:
    store = EmbeddedDirectory(tmp_path / "store.db")
    await seed(store, numbering(), drafts(SMALL), ME)
    node = Node(store)
    await node.watch.start()
    node.watch.directory.used("+33162000001")
    plan = load_numbering(read_toml(CONFIG / "numbering.toml"))
    await node.watch.use_plan(plan)
    assert [version for version, _ in node.arrived] == [1, 1]
    assert node.arrived[1][1] is node.watch.directory is not node.arrived[0][1]
    assert node.watch.directory.uses == {"+33162000001": 1}
    await change(store, plan, edit(CUSTOMER.format("c")), ME)
    await node.watch.look()
    assert node.watch.version == 2
    await node.end()
