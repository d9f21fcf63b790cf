"""What is particular to Redis: silence, a repeated command, and what other tools see."""

from __future__ import annotations

import signal

import pytest

from proxy.runtime.store.directory_interface import DirectoryUnreachable
from proxy.runtime.store.directory_records import Version
from proxy.runtime.store.directory_redis import APPEND, VERSIONS, RedisDirectory
from proxy.runtime.store.redis_place import Place
from tests.runtime.store.redis_servers import RedisServer

FIRST = Version(1, 0.0, "me", "a test", ())


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    store = RedisDirectory(Place(("redis://:secret@127.0.0.1:1/0",)), wait=0.1)
    with pytest.raises(DirectoryUnreachable, match=r"127\.0\.0\.1:1/0: ") as caught:
        await store.version()
    assert "secret" not in str(caught.value)
    await store.close()


async def test_a_server_that_stands_still_is_not_waited_for_without_bound(redis_server: RedisServer) -> None:
    store = RedisDirectory(Place((redis_server.url,)), wait=0.2)
    with redis_server.client() as client:
        client.flushall()
    await store.append(FIRST)
    redis_server.send(signal.SIGSTOP)
    try:
        with pytest.raises(DirectoryUnreachable):
            await store.version()
    finally:
        redis_server.send(signal.SIGCONT)
    patient = RedisDirectory(Place((redis_server.url,)))
    assert await patient.version() == 1
    await patient.close()
    await store.close()


async def test_a_command_that_was_sent_twice_counts_once(redis_server: RedisServer) -> None:
    store = RedisDirectory(Place((redis_server.url,)))
    with redis_server.client() as client:
        client.flushall()
        await store.append(FIRST)
        text = client.lindex(VERSIONS, -1)
        assert client.eval(APPEND, 1, VERSIONS, 1, text) == 1
        assert client.eval(APPEND, 1, VERSIONS, 1, b"another") == 0
        assert client.llen(VERSIONS) == 1
    await store.close()


async def test_an_error_of_the_server_is_told(redis_server: RedisServer) -> None:
    store = RedisDirectory(Place((redis_server.url,)))
    with redis_server.client() as client:
        client.flushall()
        client.set(VERSIONS, "text")
    with pytest.raises(DirectoryUnreachable, match="WRONGTYPE"):
        await store.version()
    await store.close()
