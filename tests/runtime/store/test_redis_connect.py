"""A master that failed rests, longer each time, and is tried by one question."""

from __future__ import annotations

import asyncio

import pytest
from stage import free_port

from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.redis_connect import LONGEST_REST, Link, OneMaster, Pace
from proxy.runtime.store.redis_place import CONNECTIONS, Place, client_of
from tests.runtime.store.redis_servers import RedisServer


def test_rests_double_up_to_a_bound() -> None:
    pace, now, rests = Pace(), 100.0, []
    for _ in range(8):
        pace.enter(now)
        pace.failed(now)
        rests.append(round(pace.rest_until - now, 3))
        now = pace.rest_until
    assert rests == [0.02, 0.04, 0.08, 0.16, 0.32, 0.5, 0.5, 0.5]
    assert rests[-1] == LONGEST_REST


def test_one_question_tries_and_the_others_are_told_at_once() -> None:
    pace = Pace()
    pace.enter(0.0)
    pace.enter(0.0)
    pace.failed(0.0)
    pace.failed(0.01)
    assert (pace.failures, pace.rest_until) == (1, 0.02)
    with pytest.raises(LedgerSilent, match="resting"):
        pace.enter(0.019)
    pace.enter(0.02)
    with pytest.raises(LedgerSilent, match="resting"):
        pace.enter(0.02)
    pace.worked()
    pace.enter(0.02)


async def test_nobody_there_is_told_before_the_deadline() -> None:
    link = Link("nobody", client_of({"host": "127.0.0.1", "port": free_port()}))
    loop = asyncio.get_running_loop()
    with pytest.raises(LedgerSilent, match="unreachable"):
        await link.run([("PING",)], loop.time() + 30)
    await link.close()


@pytest.mark.tool
async def test_errors_of_one_command_leave_the_others_alone(redis_server: RedisServer) -> None:
    route = OneMaster(Place((redis_server.url,)))
    loop = asyncio.get_running_loop()
    replies = await route.link(b"any").run([("PING",), ("NONSENSE",), ("PING",)], loop.time() + 30)
    assert [str(reply)[:15] for reply in replies] == ["True", "unknown command", "True"]
    assert not await route.renew(loop.time() + 1)
    await route.close()


@pytest.mark.tool
async def test_a_question_that_was_given_up_does_not_keep_others_out(redis_server: RedisServer) -> None:
    route = OneMaster(Place((redis_server.url,)))
    link, loop = route.link(b"any"), asyncio.get_running_loop()
    link.pace.failed(loop.time())
    await asyncio.sleep(0.03)
    task = asyncio.ensure_future(link.run([("BLPOP", "nothing", 2)], loop.time() + 30))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert str((await link.run([("PING",)], loop.time() + 30))[0]) == "True"
    await route.close()


@pytest.mark.tool
async def test_more_questions_than_connections_wait_for_each_other(redis_server: RedisServer) -> None:
    route, loop = OneMaster(Place((redis_server.url,))), asyncio.get_running_loop()
    link = route.link(b"any")
    replies = await asyncio.gather(*[link.run([("PING",)], loop.time() + 30) for _ in range(10 * CONNECTIONS)])
    assert len(replies) == 10 * CONNECTIONS
    slow = [asyncio.ensure_future(link.run([("BLPOP", f"k{n}", 0)], loop.time() + 30)) for n in range(CONNECTIONS)]
    await asyncio.sleep(0.05)
    with pytest.raises(LedgerSilent, match="busy"):
        await link.run([("PING",)], loop.time() + 0.05)
    assert link.pace.failures == 0
    with redis_server.client() as client:
        for number in range(CONNECTIONS):
            client.rpush(f"k{number}", "an end")
    await asyncio.gather(*slow)
    await route.close()
