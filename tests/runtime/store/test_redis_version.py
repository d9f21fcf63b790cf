"""A server without functions is named at the start; one that is silent is left to those who wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from stage import free_port

from proxy.runtime.store.redis_place import Place
from proxy.runtime.store.redis_version import check_servers, parts
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.redis_servers import RedisServer


@asynccontextmanager
async def server_of(version: str) -> AsyncIterator[str]:
    """The URL of a server that answers INFO with this version and everything else with OK."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2])
            told = f"# Server\r\nredis_version:{version}\r\n"
            writer.write(f"${len(told)}\r\n{told}\r\n".encode() if words[0].upper() == b"INFO" else b"+OK\r\n")
        writer.close()

    port = free_port()
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield f"redis://npv:hidden@127.0.0.1:{port}/0"
    finally:
        server.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "proxy.toml"
    path.write_text('[store]\nkind = "redis"\nurls = ["redis://h"]\n', encoding="utf-8")
    return path


@pytest.mark.parametrize("cluster", [False, True])
async def test_a_server_that_is_too_old_is_named(config: Path, cluster: bool) -> None:
    async with server_of("6.2.14") as url:
        with pytest.raises(ConfigError) as caught:
            await check_servers(Place((url,), "", cluster), config)
    assert str(caught.value) == (
        f"{config}:3: key `store.urls`: expected Redis 7.0 or newer, which has functions, seen 6.2.14"
    )


@pytest.mark.parametrize("version", ["7.0.0", "8.2.1", "255.255.255", ""])
async def test_newer_ones_and_those_that_do_not_say_are_taken(config: Path, version: str) -> None:
    async with server_of(version) as url:
        await check_servers(Place((url,)), config)


async def test_nobody_there_is_passed_over(config: Path) -> None:
    await check_servers(Place((f"redis://127.0.0.1:{free_port()}",)), config)
    await check_servers(None, config)


@pytest.mark.tool
async def test_a_real_one_is_taken(config: Path, redis_server: RedisServer, sentinel: RedisServer) -> None:
    await check_servers(Place((redis_server.url,)), config)
    await check_servers(Place((sentinel.url,), sentinel="ledger"), config)


def test_a_version_as_numbers() -> None:
    assert (parts("7.0.15"), parts("10.2"), parts("7.x"), parts("unstable")) == ((7, 0), (10, 2), (7, 0), (0,))
