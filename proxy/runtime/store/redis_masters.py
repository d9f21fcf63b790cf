"""Commands to whichever masters have their keys, all at once.

To each master goes one pipeline; what one master does not answer leaves the answers of the others alone. What a master
does not have any more, or does not answer, is sent once more when the route has been found out anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, final

from redis.exceptions import ResponseError

from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.ledger_function import Command
from proxy.runtime.store.redis_cluster import Cluster
from proxy.runtime.store.redis_connect import Link, OneMaster, Reply, Route
from proxy.runtime.store.redis_place import Place

ELSEWHERE: Final = ("MOVED", "ASK", "CLUSTERDOWN", "READONLY", "TRYAGAIN")


@final
class Masters:
    """All masters of a place."""

    def __init__(self, place: Place) -> None:
        self._route: Final[Route] = Cluster(place) if place.cluster else OneMaster(place)

    async def close(self) -> None:
        """Drop all connections."""
        await self._route.close()

    async def ask(self, commands: Sequence[Command], deadline: float) -> list[Reply]:
        """The replies in their order; in the place of one that did not come stands a LedgerSilent."""
        replies: list[Reply] = [None] * len(commands)
        await self._send(commands, list(range(len(commands))), replies, deadline)
        strayed = [place for place, reply in enumerate(replies) if is_elsewhere(reply)]
        if strayed and await self._route.renew(deadline):
            await self._send(commands, strayed, replies, deadline)
        return replies

    async def _send(self, commands: Sequence[Command], which: list[int], replies: list[Reply], deadline: float) -> None:
        parts: dict[Link, list[int]] = {}
        for place in which:
            try:
                parts.setdefault(self._route.link(key_of(commands[place])), []).append(place)
            except LedgerSilent as silent:
                replies[place] = silent
        if len(parts) == 1:  # the usual case needs no task
            link, places_of_link = next(iter(parts.items()))
            await part(link, commands, places_of_link, replies, deadline)
        elif parts:
            await asyncio.gather(*[part(link, commands, some, replies, deadline) for link, some in parts.items()])


async def part(
    link: Link, commands: Sequence[Command], which: list[int], replies: list[Reply], deadline: float
) -> None:
    """What goes to one master; its silence becomes the reply."""
    try:
        answers = await link.run([commands[place] for place in which], deadline)
    except LedgerSilent as silent:
        answers = [silent] * len(which)
    for place, answer in zip(which, answers, strict=True):
        replies[place] = answer


def key_of(command: Command) -> bytes:
    """The key that a command goes by."""
    key = command[3] if command[0] == "FCALL" else command[1]
    return key if isinstance(key, bytes) else str(key).encode()


def is_elsewhere(reply: Reply) -> bool:
    """Whether another master may have to be asked."""
    return isinstance(reply, LedgerSilent) or (isinstance(reply, ResponseError) and reason(reply) == "moved")


def reason(reply: Reply) -> str:
    """Why there is no answer, in a word out of a closed set."""
    if isinstance(reply, LedgerSilent):
        return reply.reason
    text, kind = str(reply), type(reply).__name__.upper()
    return "moved" if any(text.startswith(word) or kind.startswith(word) for word in ELSEWHERE) else "refused by redis"
