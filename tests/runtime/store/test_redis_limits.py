"""Nodes count together over Redis, in each of its three forms; alone while it is silent, and together again after."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from proxy.b2bua.capacity import Capacity
from proxy.runtime import node_limits
from proxy.runtime.app import App
from proxy.runtime.clock import FixedClock, SystemClock
from proxy.runtime.configuration import load_configuration
from proxy.runtime.node_limits import NodeLimits
from proxy.runtime.shared_meters import SharedMeters, made
from proxy.runtime.store import redis_limits
from proxy.runtime.store.redis_limits import CHANNEL, RedisLimits
from proxy.runtime.store.redis_place import Place
from tests.ladder import EPOCH
from tests.runtime.ends import Ends, site_in, until
from tests.runtime.store.conftest import SERVICE
from tests.runtime.store.redis_servers import RedisServer

pytestmark = pytest.mark.tool
FEW = (0.0, 1)
NONE = (0.0, 0)


class Node:
    """One that counts."""

    def __init__(self, place: Place, name: str) -> None:
        self.meters = SharedMeters(made(1), 1, 0)
        self.capacity = Capacity()
        self.capacity.share(self.meters)
        self.said: list[str] = []
        self.clock = SystemClock()
        self.link = RedisLimits(place, NodeLimits(self.meters, name), self.clock.monotonic, self.said.append)

    def over(self) -> str:
        return self.capacity.look("acme", FEW, "vms", NONE, self.clock.monotonic()).over

    def take(self) -> None:
        assert self.over() == ""
        self.capacity.begin("acme", "vms", self.clock.monotonic())


@asynccontextmanager
async def nodes(place: Place, *names: str) -> AsyncIterator[list[Node]]:
    """All of them, until each has heard of the others."""
    async with AsyncExitStack() as stack:
        found = [Node(place, name) for name in names]
        for one in found:
            stack.callback(one.meters.close)
            await one.link.start()
            stack.push_async_callback(one.link.stop)
        await until(lambda: all(one.link.limits.nodes == len(names) - 1 for one in found))
        yield found
    assert [one.said for one in found] == [[] for _ in found]


@pytest.fixture(params=["redis", "cluster", "sentinel"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each form in turn."""
    if request.param == "cluster":
        servers: list[RedisServer] = request.getfixturevalue("redis_nodes")
        return Place(tuple(server.url for server in servers), cluster=True)
    server: RedisServer = request.getfixturevalue("redis_server")
    if request.param == "sentinel":
        return Place((request.getfixturevalue("sentinel").url,), sentinel=SERVICE)
    return Place((server.url,))


async def test_nodes_count_together(place: Place) -> None:
    async with nodes(place, "edge-1", "edge-2", "edge-3") as (one, two, three):
        one.take()
        await until(lambda: two.over() == three.over() == "customer")
        one.capacity.end("acme", "vms")
        await until(lambda: two.over() == three.over() == "")


async def test_a_node_that_stops_counts_no_more_at_once(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_limits, "GONE", 1e9)
    place = Place((redis_server.url,))
    async with nodes(place, "edge-1", "edge-2") as (one, two):
        one.take()
        await until(lambda: two.over() == "customer")
        one.capacity.end("acme", "vms")
        monkeypatch.setattr(redis_limits, "EVERY", 1e9)  # the last word alone says it
        await one.link.stop()
        await until(lambda: two.over() == "")


async def test_while_redis_is_silent_each_counts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = RedisServer(tmp_path, "--save", "").start()
    try:
        async with nodes(Place((server.url,)), "edge-1", "edge-2") as (one, two):
            one.take()
            await until(lambda: two.over() == "customer")
            server.send(signal.SIGSTOP)
            await until(lambda: two.over() == "")
            assert two.link.limits.nodes == 0
            await until(lambda: one.link.messages["silent"] > 0)
            server.send(signal.SIGCONT)
            await until(lambda: two.over() == "customer")
            assert one.over() == "customer"
    finally:
        server.kill()


async def test_what_is_not_understood_is_counted(redis_server: RedisServer) -> None:
    async with nodes(Place((redis_server.url,)), "edge-1", "edge-2") as (one, two):
        with redis_server.client() as client:
            client.publish(CHANNEL, b"hello")
        await until(lambda: one.link.messages["unreadable"] == two.link.messages["unreadable"] == 1)
        assert one.link.messages["heard"] > 0


async def test_a_call_through_one_node_takes_the_last_place_of_all(redis_server: RedisServer, tmp_path: Path) -> None:
    with redis_server.client() as client:
        client.flushall()
    async with AsyncExitStack() as stack:
        running: list[tuple[App, Ends]] = []
        for number in (1, 2):
            folder = tmp_path / f"{number}"
            folder.mkdir()
            site = site_in(folder)
            keys = tmp_path / "store.keys"
            site.change("proxy.toml", f'"{folder / "store.keys"}"', f'"{keys}"')
            site.change("proxy.toml", 'kind = "embedded"', f'kind = "redis"\nurls = ["{redis_server.url}"]')
            site.change("proxy.toml", 'name = "edge-1"', f'name = "edge-{number}"')
            site.change("customers.toml", 'id = "acme"', 'id = "acme"\nmost_calls = 1')
            app = App(load_configuration(site.config), FixedClock(EPOCH, running=True))
            stack.push_async_callback(app.stop)
            await app.start()
            ends = Ends(site)
            stack.callback(ends.close)
            running.append((app, ends))
        (_, first), (second, ends) = running
        meters = second.engine.fabric.capacity.others
        assert isinstance(meters, SharedMeters)
        place = meters.place("customer acme")
        call = await first.talk()
        await until(lambda: meters.live(place) == 1)
        answer = await ends.refused(ends.caller(called="+33140000017"), 503)
        assert "capacity.customer" in answer.header("warning")
        await first.hang_up(*call)
        await until(lambda: meters.live(place) == 0)
        ends.a.send(ends.caller(called="+33140000018").invite(account="acme"))
        await ends.a.take("100 INVITE")
        await first.b.take("INVITE")  # the trunks are those of the first, which filled the store
