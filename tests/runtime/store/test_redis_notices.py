"""A node is told by Redis, in each of its three forms, and again after the way was lost."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from proxy.runtime.store import redis_notices
from proxy.runtime.store.directory_changes import change, seed
from proxy.runtime.store.directory_redis import RedisDirectory
from proxy.runtime.store.notices import ANYTHING, DIRECTORY
from proxy.runtime.store.redis_notices import CHANNEL, RedisNotices
from proxy.runtime.store.redis_place import Place
from tests.runtime.store.conftest import SERVICE
from tests.runtime.store.directory_shelf import CUSTOMER, ME, SMALL, drafts, edit, numbering
from tests.runtime.store.redis_servers import RedisServer, cluster

pytestmark = pytest.mark.tool
PATIENCE = 30.0


class Ear:
    """What one node was told."""

    def __init__(self, place: Place) -> None:
        self.heard: list[bytes] = []
        self.said: list[str] = []
        self.notices = RedisNotices(place, self.heard.append, self.said.append)

    async def until(self, holds: Callable[[list[bytes]], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds(self.heard):  # noqa: ASYNC110 - what is waited for happens in another process, unannounced
                await asyncio.sleep(0.01)


@pytest.fixture(params=["redis", "cluster", "sentinel"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each form in turn, empty."""
    if request.param == "cluster":
        servers: list[RedisServer] = request.getfixturevalue("redis_nodes")
        found = Place(tuple(server.url for server in servers), cluster=True)
    else:
        servers = [request.getfixturevalue("redis_server")]
        found = Place((servers[0].url,))
        if request.param == "sentinel":
            found = Place((request.getfixturevalue("sentinel").url,), sentinel=SERVICE)
    for server in servers:
        with server.client() as client:
            client.flushall()
    return found


@pytest.fixture
async def author(place: Place) -> AsyncIterator[RedisDirectory]:
    store = RedisDirectory(place)
    await seed(store, numbering(), drafts(SMALL), ME)
    yield store
    await store.close()


async def test_each_version_is_told_to_every_node(place: Place, author: RedisDirectory) -> None:
    ears = [Ear(place), Ear(place)]
    for ear in ears:
        await ear.notices.start()
        await ear.until(lambda heard: heard == [ANYTHING])
    await change(author, numbering(), edit(CUSTOMER.format("c")), ME)
    for ear in ears:
        await ear.until(lambda heard: heard == [ANYTHING, DIRECTORY])
        assert (ear.notices.received, ear.notices.reconnects, ear.said) == (1, 0, [])
        await ear.notices.stop()


async def test_after_a_restart_of_the_server_a_node_is_told_again(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis", "--save", "").start()
    ear = Ear(Place((server.url,)))
    await ear.notices.start()
    await ear.until(lambda heard: heard == [ANYTHING])
    server.kill()
    await asyncio.to_thread(server.start)
    await ear.until(lambda heard: heard == [ANYTHING, ANYTHING])
    with server.client() as client:
        client.publish(CHANNEL, b"d")
    await ear.until(lambda heard: heard[2:] == [DIRECTORY])
    assert ear.notices.reconnects > 0
    await ear.notices.stop()
    server.kill()
    assert ear.said == []


async def test_a_server_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis", "--save", "")
    ear = Ear(Place((server.url,)))
    await ear.notices.start()
    async with asyncio.timeout(PATIENCE):
        while ear.notices.reconnects < 3:  # noqa: ASYNC110 - nothing announces a failed try
            await asyncio.sleep(0.01)
    await asyncio.to_thread(server.start)
    await ear.until(lambda heard: heard == [ANYTHING])
    await ear.notices.stop()
    server.kill()


def pings(server: RedisServer) -> int:
    """How often it was asked whether it is there."""
    with server.client() as client:
        return int(client.info("commandstats").get("cmdstat_ping", {}).get("calls", 0))


async def test_a_way_on_which_nothing_answers_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_notices, "PATIENCE", 1.0)
    server = RedisServer(tmp_path / "redis", "--save", "").start()
    ear = Ear(Place((server.url,)))
    await ear.notices.start()
    await ear.until(lambda heard: heard == [ANYTHING])
    asked, lost = pings(server), 0
    async with asyncio.timeout(PATIENCE):
        while pings(server) < asked + 2:  # quiet, but there: its answers to PING keep the way
            await asyncio.sleep(0.05)
            if ear.notices.reconnects > lost:  # the machine stood still for longer than that
                asked, lost = pings(server), ear.notices.reconnects
    server.send(signal.SIGSTOP)
    async with asyncio.timeout(PATIENCE):
        while ear.notices.reconnects == lost:  # noqa: ASYNC110 - nothing announces that a way was given up
            await asyncio.sleep(0.01)
    told = len(ear.heard)
    server.send(signal.SIGCONT)
    await ear.until(lambda heard: len(heard) > told)
    assert set(ear.heard) == {ANYTHING}
    await ear.notices.stop()
    server.kill()


async def test_when_its_node_of_a_cluster_dies_another_one_tells(tmp_path: Path) -> None:
    nodes = await asyncio.to_thread(cluster, tmp_path / "cluster")
    ear = Ear(Place(tuple(node.url for node in nodes), cluster=True))
    await ear.notices.start()
    await ear.until(lambda heard: heard == [ANYTHING])
    nodes[0].kill()
    await ear.until(lambda heard: heard == [ANYTHING, ANYTHING])
    with nodes[2].client() as client:
        client.publish(CHANNEL, b"d")
    await ear.until(lambda heard: heard[2:] == [DIRECTORY])
    await ear.notices.stop()
    for node in nodes[1:]:
        node.kill()
