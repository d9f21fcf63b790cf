"""Notices out of Redis: a connection of its own that is subscribed to one channel.

In a cluster every node passes on what is published at any other, so one subscription is enough; when its node falls
silent the next one is tried. A connection on which nothing comes is asked (PING) whether it still is one. Rests between
two tries double up to half a second. Nothing is decided here: what is not heard is found by the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from proxy.runtime.store.notices import ANYTHING, Heard
from proxy.runtime.store.redis_place import Place, addresses, arguments, client_of, master_client
from proxy.runtime.tasks import Tasks

CHANNEL: Final = "npv:changes"
FIRST_REST: Final = 0.02
LONGEST_REST: Final = 0.5
PATIENCE: Final = 1.0  # s for a connection, for an answer to PING, and between two looks at one that is quiet


@final
class RedisNotices:
    """`Notices` of one place and channel. `say` gets a line when the task breaks, which is our defect."""

    def __init__(self, place: Place, heard: Heard, say: Callable[[str], None], channel: str = CHANNEL) -> None:
        self._channel: Final = channel
        self.received = 0
        self.reconnects = 0
        self._heard: Final = heard
        self._tasks: Final = Tasks(say)
        self._over = False  # redis-py may swallow a cancellation that comes together with a message
        self._clients: Final[list[Redis]] = []
        self._others: Final[list[Redis]] = []  # sentinels, which are asked by the client
        if place.cluster:
            login = arguments(place)
            for host, port in addresses(place.urls):
                self._clients.append(client_of({**login, "host": host, "port": port}))
        else:
            client, sentinels = master_client(place)
            self._clients.append(client)
            self._others.extend(sentinels)

    async def start(self) -> None:
        """Begin to listen."""
        self._tasks.spawn(self._listen(), "notices")

    async def stop(self) -> None:
        """Listen no more."""
        self._over = True
        await self._tasks.cancel()
        for client in (*self._clients, *self._others):
            await client.aclose()

    async def _listen(self) -> None:
        """One subscription after the other, as long as the proxy runs."""
        tries, rest = 0, FIRST_REST
        while not self._over:
            before = self.received
            try:
                await self._follow(self._clients[tries % len(self._clients)])
            except (RedisError, OSError, TimeoutError):
                tries += 1
            rest = FIRST_REST if self.received > before else min(2 * rest, LONGEST_REST)
            await asyncio.sleep(rest)
            self.reconnects += 1

    async def _follow(self, client: Redis) -> None:
        """Until the connection breaks. Raises RedisError, OSError or TimeoutError then."""
        channel = client.pubsub()
        try:
            async with asyncio.timeout(PATIENCE):
                await channel.subscribe(self._channel)
            await self._take(channel)
        finally:
            await channel.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves it without types

    async def _take(self, channel: PubSub) -> None:
        asked = True  # the subscription itself is answered
        while not self._over:
            message = await channel.get_message(timeout=PATIENCE)
            if message is None:
                if asked:
                    raise TimeoutError
                asked = True
                async with asyncio.timeout(PATIENCE):
                    await channel.ping()
                continue
            asked = False
            if message["type"] == "message":
                self.received += 1
                self._heard(bytes(message["data"]))
            elif message["type"] == "subscribe":
                self._heard(ANYTHING)
