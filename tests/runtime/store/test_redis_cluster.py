"""Which master has a key, read from any node that answers."""

from __future__ import annotations

import asyncio

import pytest
from stage import free_port

from proxy.runtime.store import redis_cluster
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.redis_cluster import Cluster
from proxy.runtime.store.redis_place import Place
from tests.runtime.store.redis_servers import RedisServer

pytestmark = pytest.mark.tool


async def test_no_master_is_known_before_the_table_is_read(redis_nodes: list[RedisServer]) -> None:
    loop = asyncio.get_running_loop()
    dead = f"redis://127.0.0.1:{free_port()}"
    found = Cluster(Place((dead, redis_nodes[1].url), cluster=True))
    with pytest.raises(LedgerSilent, match="no master"):
        found.link(b"a")
    assert await found.renew(loop.time() + 20)
    ports = {str(node.port) for node in redis_nodes}
    links = {found.link(f"{number}".encode()).name for number in range(100)}
    assert {name.rpartition(":")[2] for name in links} == ports
    assert found.link(b"{x}1") is found.link(b"{x}2")
    await found.close()


async def test_those_who_come_meanwhile_share_one_look_and_looks_are_spaced(
    redis_nodes: list[RedisServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0.1 < redis_cluster.LEAST_BETWEEN < 1.0
    monkeypatch.setattr(redis_cluster, "LEAST_BETWEEN", 3600.0)
    loop = asyncio.get_running_loop()
    found = Cluster(Place((redis_nodes[0].url,), cluster=True))
    before = looks(redis_nodes)
    assert await asyncio.gather(*[found.renew(loop.time() + 20) for _ in range(5)]) == [True] * 5
    assert await found.renew(loop.time() + 20)
    assert looks(redis_nodes) == before + 1
    monkeypatch.setattr(redis_cluster, "LEAST_BETWEEN", 0.0)
    assert await found.renew(loop.time() + 20)
    assert looks(redis_nodes) == before + 2
    await found.close()


def looks(nodes: list[RedisServer]) -> int:
    """How often the table was read."""
    total = 0
    for node in nodes:
        with node.client() as client:
            total += int(client.info("commandstats").get("cmdstat_cluster|slots", {}).get("calls", 0))
    return total


async def test_nobody_answers() -> None:
    loop = asyncio.get_running_loop()
    found = Cluster(Place((f"redis://127.0.0.1:{free_port()}",), cluster=True))
    assert not await found.renew(loop.time() + 0.5)
    with pytest.raises(LedgerSilent):
        found.link(b"a")
    await found.close()
