"""Each command to the master of its key, each reply in its place."""

from __future__ import annotations

import asyncio

import pytest
from redis.exceptions import ResponseError
from stage import free_port

from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.redis_masters import Masters, is_elsewhere, key_of, reason
from proxy.runtime.store.redis_place import Place
from tests.runtime.store.redis_servers import RedisServer


def test_the_key_of_a_command() -> None:
    assert key_of(("GET", "a")) == b"a"
    assert key_of(("FCALL", "ask", 2, b"{ab}p", b"{ab}a")) == b"{ab}p"


@pytest.mark.parametrize(
    ("reply", "word", "elsewhere"),
    [
        (LedgerSilent("late"), "late", True),
        (ResponseError("MOVED 1 h:1"), "moved", True),
        (ResponseError("READONLY You can't write"), "moved", True),
        (ResponseError("WRONGTYPE"), "refused by redis", False),
    ],
)
def test_why_there_is_no_answer(reply: Exception, word: str, elsewhere: bool) -> None:
    assert (reason(reply), is_elsewhere(reply)) == (word, elsewhere)


@pytest.mark.tool
async def test_replies_come_in_the_order_of_the_commands(redis_nodes: list[RedisServer]) -> None:
    masters = Masters(Place((redis_nodes[0].url,), cluster=True))
    deadline = asyncio.get_running_loop().time() + 10
    names = [f"key{number}" for number in range(60)]
    await masters.ask([("SET", name, name) for name in names], deadline)
    assert await masters.ask([("GET", name) for name in names], deadline) == [name.encode() for name in names]
    assert await masters.ask([], deadline) == []
    sizes = []
    for server in redis_nodes:
        with server.client() as client:
            sizes.append(int(client.dbsize()))
            client.flushall()
    assert min(sizes) > 0
    await masters.close()


async def test_nobody_there_is_the_reply() -> None:
    masters = Masters(Place((f"redis://127.0.0.1:{free_port()}",)))
    (reply,) = await masters.ask([("GET", "a")], asyncio.get_running_loop().time() + 5)
    assert isinstance(reply, LedgerSilent)
    assert reply.reason == "unreachable"
    await masters.close()
