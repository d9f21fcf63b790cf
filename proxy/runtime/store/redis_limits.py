"""Messages of nodes about what they count together, over one channel of Redis (`node_limits` says what stands in them).

Nothing is stored and nobody waits: a message that Redis does not take is not tried again, for the next one that says all
makes up for it. While Redis is silent nothing is heard either, and after some seconds each node counts alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, final

from redis.exceptions import ResponseError

from proxy.runtime.node_limits import OUTCOMES, NodeLimits, Unreadable
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.notices import ANYTHING
from proxy.runtime.store.redis_masters import Masters
from proxy.runtime.store.redis_notices import RedisNotices
from proxy.runtime.store.redis_place import Place
from proxy.runtime.tasks import Tasks

CHANNEL: Final = "npv:limits"
EVERY: Final = 0.2  # s between two messages
PATIENCE: Final = 1.0  # s for one of them
LAST: Final = float("inf")


@final
class RedisLimits:
    """The messages of one node. `monotonic` is the engine's `now`."""

    def __init__(
        self, place: Place, limits: NodeLimits, monotonic: Callable[[], float], say: Callable[[str], None]
    ) -> None:
        self.messages: Final = dict.fromkeys(OUTCOMES, 0)
        self.limits: Final = limits
        self._monotonic: Final = monotonic
        self._masters: Final = Masters(place)
        self._notices: Final = RedisNotices(place, self._hear, say, CHANNEL)
        self._tasks: Final = Tasks(say)

    async def start(self) -> None:
        """Begin to speak and to listen."""
        await self._notices.start()
        self._tasks.spawn(self._speak(), "limits over nodes")

    async def stop(self) -> None:
        """Say what is left, which is nothing once all calls have ended, and be silent."""
        await self._tasks.cancel()
        await self._say(self.limits.news(LAST))
        await self._notices.stop()
        await self._masters.close()

    async def _speak(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            now = self._monotonic()
            self.limits.forget(now)
            await self._say(self.limits.news(now))

    async def _say(self, message: bytes) -> None:
        if not message:
            return
        outcome = "silent"
        with suppress(LedgerSilent):
            deadline = asyncio.get_running_loop().time() + PATIENCE
            (reply,) = await self._masters.ask([("PUBLISH", CHANNEL, message)], deadline)
            if not isinstance(reply, LedgerSilent | ResponseError):
                outcome = "sent"
        self.messages[outcome] += 1

    def _hear(self, message: bytes) -> None:
        if message == ANYTHING:
            return
        try:
            self.limits.heard(message, self._monotonic())
        except Unreadable:
            self.messages["unreadable"] += 1
        else:
            self.messages["heard"] += 1
