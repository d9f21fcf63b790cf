"""Ways to the masters of Redis: one server or one that Sentinel names; `redis_cluster` has those of a cluster.

A `Link` leads to one master. It never waits beyond the deadline it is given; a master that failed is left alone for a
while (`Pace`: 20 ms, doubling up to half a second) and then tried by one question, not by all that wait. A master that
does not know the function library is given it. A `Route` finds the link of a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol, TypeAlias, final

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.ledger_function import LIBRARY, LOADED, MISSING, Command
from proxy.runtime.store.redis_place import CONNECTIONS, Place, master_client

FIRST_REST: Final = 0.02
LONGEST_REST: Final = 0.5
Reply: TypeAlias = Any  # bytes, int, None, a list of these or a ResponseError: what RESP has


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
        client, self._sentinels = master_client(place)
        self._link: Final = Link(place.name, client)

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


def is_error(reply: Reply, text: str) -> bool:
    """Whether the reply is an error that says this."""
    return isinstance(reply, ResponseError) and text in str(reply)
