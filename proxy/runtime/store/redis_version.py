"""Whether the servers are new enough: the ledger's steps are functions, which Redis has since 7.0."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from proxy.runtime.store.redis_place import Place, addresses, arguments, client_of, master_client
from proxy.runtime.toml_source import ConfigError, read_toml

LEAST: Final = (7, 0)
PATIENCE: Final = 2.0  # s for one server


async def check_servers(place: Place | None, config: Path) -> None:
    """Raises ConfigError, at the key of `config`, for a server that is too old; one that does not answer is passed over."""
    found = "" if place is None else await too_old(place)
    if found:
        line = read_toml(config).line(("store", "urls"))
        expected = f"Redis {'.'.join(map(str, LEAST))} or newer, which has functions"
        raise ConfigError(str(config), line, "store.urls", expected, found)


async def too_old(place: Place) -> str:
    """The version of the first server that is too old, or nothing. Of a cluster the nodes of `urls` are asked."""
    clients: list[Redis] = []
    others: list[Redis] = []
    if place.cluster:
        login = arguments(place)
        clients = [client_of({**login, "host": host, "port": port}) for host, port in addresses(place.urls)]
    else:
        client, others = master_client(place)
        clients = [client]
    try:
        for client in clients:
            version = await version_of(client)
            if version and parts(version) < LEAST:
                return version
        return ""
    finally:
        for client in (*clients, *others):
            await client.aclose()


async def version_of(client: Redis) -> str:
    """What the server says of itself; nothing when it does not answer, or may not."""
    with suppress(RedisError, OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            found = await client.info("server")
        return str(found.get("redis_version", ""))
    return ""


def parts(version: str) -> tuple[int, ...]:
    """`7.0.15` as numbers; what is none counts as 0."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.split(".")[:2])
