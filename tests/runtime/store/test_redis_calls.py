"""Notes of calls on Redis: what stands there, who may take it, and what happens while Redis is silent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proxy.b2bua.snapshot import EARLY, END, HEAD, MARK, TALK, VERSION
from proxy.runtime.store import redis_calls as module
from proxy.runtime.store.redis_calls import Last, RedisCalls, after
from proxy.runtime.store.redis_place import Place
from proxy.runtime.tasks import Tasks
from tests.runtime.ends import until
from tests.runtime.store.redis_servers import RedisServer

KEY = "npv:calls:{edge/0}"


def note(kind: int, number: int, count: int, text: bytes = b"") -> bytes:
    return HEAD.pack(VERSION, kind, count, number) + text


@asynccontextmanager
async def writer(
    place: Place, token: bytes = b"one", name: str = "edge/0"
) -> AsyncIterator[tuple[RedisCalls, list[str]]]:
    """One process."""
    said: list[str] = []
    tasks = Tasks(said.append)
    calls = RedisCalls(place, name, token, 100.0, tasks, said.append)
    try:
        yield calls, said
    finally:
        await calls.close()
        await tasks.cancel()


async def written(calls: RedisCalls) -> None:
    await until(lambda: not calls.waiting)


@pytest.fixture
def place(redis_server: RedisServer) -> Place:
    with redis_server.client() as client:
        client.flushall()
    return Place((redis_server.url,))


def stored(server: RedisServer) -> dict[bytes, bytes]:
    with server.client() as client:
        found = client.hgetall(KEY)
        found.pop(b"of", None)
        return {field: bytes(value) for field, value in found.items()}


async def test_a_call_stands_there_until_it_has_ended(redis_server: RedisServer, place: Place) -> None:
    number = (7).to_bytes(8, "little")
    talk, up = note(TALK, 7, 2, b"talk"), note(MARK, 7, 2, b"up")
    async with writer(place) as (calls, said):
        assert await calls.begin([]) == []
        calls.put([note(EARLY, 7, 1), talk])
        await written(calls)
        await until(lambda: stored(redis_server) == {number: talk})
        calls.put([up])
        await until(lambda: stored(redis_server) == {number: talk, number + b"+": up})
        with redis_server.client() as client:
            assert 0 < client.ttl(KEY) <= 100
        calls.put([note(TALK, 7, 3, b"new")])
        await until(lambda: stored(redis_server) == {number: note(TALK, 7, 3, b"new")})
        calls.put([note(END, 7, 3)])
        await until(lambda: stored(redis_server) == {})
        assert said == []


async def test_a_call_that_ends_at_once_is_never_written(redis_server: RedisServer, place: Place) -> None:
    async with writer(place) as (calls, _):
        await calls.begin([])
        calls.put([note(EARLY, 1, 1), note(MARK, 1, 1), note(END, 1, 1)])
        assert calls.waiting == 0
        calls.put([note(EARLY, 2, 1)])
        await written(calls)
        assert len(stored(redis_server)) == 1
        assert calls.outcomes["written"] == 1


async def test_another_folder_takes_what_a_dead_node_left(redis_server: RedisServer, place: Place) -> None:
    talk, up = note(TALK, 7, 2, b"talk"), note(MARK, 7, 2, b"up")
    async with writer(place) as (calls, _):
        await calls.begin([])
        calls.put([talk, up])
        await written(calls)
        await until(lambda: len(stored(redis_server)) == 2)
    async with writer(place) as (again, said):
        assert await again.begin([b"own"]) == [b"own"]
        assert said == []
    async with writer(place, b"two") as (other, said):
        assert await other.begin([b"old"]) == [talk, up]
        assert said == ["1 notes of calls in the own log are older than those of another machine, and not followed"]
        other.put([talk])
        await until(lambda: stored(redis_server) == {talk[4:12]: talk})
    async with writer(place) as (late, said):
        assert await late.begin([b"old"]) == [talk]


async def test_the_calls_of_a_node_that_lives_are_left_to_it(
    redis_server: RedisServer, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIGN", 0.1)
    async with writer(place) as (calls, _):
        await calls.begin([])
        calls.put([note(TALK, 7, 2)])
        await written(calls)
        async with writer(place, b"two") as (other, said):
            assert await other.begin([]) == []
            assert said == [
                "another node named `edge/0` runs: its calls are left to it, and those of this one not copied"
            ]
            other.put([note(TALK, 8, 2)])
            assert other.waiting == 0
        assert len(stored(redis_server)) == 1


async def test_who_has_been_replaced_copies_nothing_any_more(
    redis_server: RedisServer, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIGN", 0.05)
    async with writer(place) as (calls, said):
        await calls.begin([])
        calls.put([note(TALK, 7, 2)])
        await written(calls)
        with redis_server.client() as client:
            # again and again, as the other one does
            await until(lambda: client.set(KEY + ":owner", b"two") and said)
        assert said == ["another node took the name `edge/0`: calls are not copied any more"]
        calls.put([note(TALK, 8, 2)])
        assert calls.waiting == 0


async def test_what_redis_does_not_take_is_tried_again(
    redis_server: RedisServer, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    async with writer(place) as (calls, said):
        redis_server.kill()
        assert await calls.begin([b"own"]) == [b"own"]
        assert said[0].startswith("the calls of `edge/0` on Redis cannot be read")
        calls.put([note(TALK, 7, 2)])
        await until(lambda: calls.outcomes.get("silent", 0) > 1)
        calls.put([note(MARK, 7, 2)])
        redis_server.start()
        await until(lambda: len(stored(redis_server)) == 2)
        await until(lambda: calls.outcomes.get("written", 0) >= 1)


async def test_what_finds_no_room_is_dropped_and_counted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    async with writer(place) as (calls, _):
        calls.put([note(TALK, number, 2) for number in range(5)])
        assert (calls.waiting, calls.outcomes) == (2, {"dropped": 3})


async def test_notes_of_a_cluster_stand_in_one_slot(redis_nodes: list[RedisServer]) -> None:
    place = Place(tuple(node.url for node in redis_nodes), cluster=True)
    async with writer(place, name="clustered/1") as (calls, _):
        await calls.begin([])
        calls.put([note(TALK, number, 2) for number in range(300)])
        await until(lambda: calls.outcomes.get("written") == 300)
    async with writer(place, b"two", name="clustered/1") as (other, _):
        assert sorted(await other.begin([])) == sorted(note(TALK, number, 2) for number in range(300))


def test_the_last_word_stays_when_a_write_has_failed() -> None:
    whole, mark, ended = Last(b"w", b"", True), Last(b"", b"m", False), Last(b"", b"", False)
    assert after(None, mark) is mark
    assert after(whole, mark) == Last(b"w", b"m", True)
    assert after(whole, ended) is ended
    assert after(mark, whole) is whole
