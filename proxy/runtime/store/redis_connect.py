"""Ways to Redis: one server, a master that Sentinel names, or the masters of a cluster.

A `Link` leads to one master. It never waits beyond the deadline it is given; a master that failed is left alone for a
while (`Pace`: 20 ms, doubling up to half a second) and then tried by one question, not by all that wait. A master that
does not know the function library is given it. A `Route` finds the link of a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, cast, final

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.ledger_function import LIBRARY, LOADED, MISSING, Command

FIRST_REST: Final = 0.02
LONGEST_REST: Final = 0.5
CONNECTIONS: Final = 16  # to one master; more questions at once than that wait for each other
NOT_OF_MASTER: Final = frozenset(
    {"host", "port", "connection_class"}
)  # the rest of a sentinel's URL is the master's too
Reply: TypeAlias = Any  # bytes, int, None, a list of these or a ResponseError: what RESP has


@dataclass(frozen=True)
class Place:
    """Where Redis is: its URL; or those of the sentinels and the name of the service; or some of the cluster's nodes."""

    urls: tuple[str, ...]
    sentinel: str = ""
    cluster: bool = False


@final
class Pace:
    """When a master that failed may be asked again. Times are those of the loop."""

    def __init__(self) -> None:
        self.failures = 0
        self.rest_until = 0.0
        self.trying = False

    def enter(self, now: float) -> None:
        """Raises LedgerSilent while the master rests, or while another question tries it."""
        if self.failures:
            if now < self.rest_until or self.trying:
                raise LedgerSilent("resting")
            self.trying = True

    def worked(self) -> None:
        """It answered."""
        self.failures, self.trying = 0, False

    def failed(self, now: float) -> None:
        """It did not; of many questions under way the first failure counts."""
        if self.trying or not self.failures:
            self.rest_until = now + min(LONGEST_REST, FIRST_REST * 2 ** min(self.failures, 10))
            self.failures += 1
        self.trying = False


@final
class Link:
    """Commands to one master."""

    def __init__(self, name: str, client: Redis) -> None:
        self.name: Final = name
        self.pace: Final = Pace()
        self._client: Final = client
        self._free: Final = asyncio.Semaphore(CONNECTIONS)

    async def run(self, commands: Sequence[Command], deadline: float) -> list[Reply]:
        """All in one pipeline; an error of one command is its reply. Raises LedgerSilent."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._free.acquire()
        except TimeoutError:
            raise LedgerSilent("busy") from None  # our own doing: the master is not to blame
        try:
            return await self._run(commands, deadline)
        finally:
            self._free.release()

    async def _run(self, commands: Sequence[Command], deadline: float) -> list[Reply]:
        loop = asyncio.get_running_loop()
        self.pace.enter(loop.time())
        try:
            async with asyncio.timeout_at(deadline):
                replies = await self._with_library(commands)
        except TimeoutError:
            self.pace.failed(loop.time())
            raise LedgerSilent("late") from None
        except (RedisError, OSError) as error:
            self.pace.failed(loop.time())
            raise LedgerSilent("unreachable") from error
        except BaseException:
            self.pace.trying = False
            raise
        self.pace.worked()
        return replies

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.aclose()

    async def _with_library(self, commands: Sequence[Command]) -> list[Reply]:
        replies = await self._anew(commands)
        unknown = [place for place, reply in enumerate(replies) if is_error(reply, MISSING)]
        if unknown:
            loaded = (await self._sent([("FUNCTION", "LOAD", LIBRARY)]))[0]
            if isinstance(loaded, ResponseError) and not is_error(loaded, LOADED):
                return replies
            again = await self._sent([commands[place] for place in unknown])
            for place, reply in zip(unknown, again, strict=True):
                replies[place] = reply
        return replies

    async def _anew(self, commands: Sequence[Command]) -> list[Reply]:
        """A connection may have gone stale since its last use: a second try takes a fresh one. Each step may be repeated."""
        try:
            return await self._sent(commands)
        except (RedisError, OSError):
            await self._client.connection_pool.disconnect(inuse_connections=False)
            return await self._sent(commands)

    async def _sent(self, commands: Sequence[Command]) -> list[Reply]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            return await pipeline.execute(raise_on_error=False)


class Route(Protocol):
    """Which master keeps what."""

    async def renew(self, deadline: float) -> bool:
        """Find out anew; whether anything could be found out."""

    def link(self, key: bytes) -> Link:
        """The master of a key. Raises LedgerSilent when none is known."""

    async def close(self) -> None:
        """Drop all connections."""


@final
class OneMaster:
    """A `Route` to a single server, or to the master of a Sentinel service, which each new connection asks for."""

    def __init__(self, place: Place) -> None:
        self._sentinels: Final[list[Redis]] = []
        self._link: Final = Link(
            place.sentinel or place.urls[0], self._sentinel(place) if place.sentinel else single(place)
        )

    def _sentinel(self, place: Place) -> Redis:
        addresses = [(str(parsed["host"]), int(parsed.get("port", 26379))) for parsed in map(parse, place.urls)]
        options = {key: value for key, value in parse(place.urls[0]).items() if key not in NOT_OF_MASTER}
        secure = {key: value for key, value in options.items() if key.startswith("ssl")}
        if place.urls[0].startswith("rediss:"):
            secure["ssl"] = True
        sentinel = Sentinel(  # type: ignore[no-untyped-call]  # redis-py leaves this class without types
            addresses, sentinel_kwargs={"retry": no_retry(), "protocol": 2, **secure}
        )
        self._sentinels.extend(sentinel.sentinels)
        options |= {"retry": no_retry(), "protocol": 2, "max_connections": CONNECTIONS, **secure}
        return cast(Redis, sentinel.master_for(place.sentinel, **options))

    async def renew(self, deadline: float) -> bool:
        """There is nothing to choose from."""
        return False

    def link(self, key: bytes) -> Link:
        """The one."""
        return self._link

    async def close(self) -> None:
        """Drop all connections."""
        await self._link.close()
        for client in self._sentinels:
            await client.aclose()


def parse(url: str) -> dict[str, Any]:
    """A URL as arguments of a connection."""
    return cast(dict[str, Any], parse_url(url))


def no_retry() -> Retry:
    """redis-py shall not try again by itself: `Link` knows how long it may take."""
    return Retry(NoBackoff(), 0)


def client_of(arguments: dict[str, Any]) -> Redis:
    """A client with its own connections."""
    pool = ConnectionPool(**{"protocol": 2, "retry": no_retry(), "max_connections": CONNECTIONS, **arguments})
    return Redis.from_pool(pool)


def single(place: Place) -> Redis:
    """A client of the first URL."""
    return client_of(parse(place.urls[0]))


def is_error(reply: Reply, text: str) -> bool:
    """Whether the reply is an error that says this."""
    return isinstance(reply, ResponseError) and text in str(reply)
