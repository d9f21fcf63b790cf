"""The masters of a Redis cluster: a link for each, and which slots each one has.

The table of slots is read when the first key is looked for, after an answer that says `MOVED`, and after a master fell
silent, at most every fifth of a second. It is not redis-py's cluster client: that one retries on its own account and
lets one silent master hold up the answers of the others.
"""

from __future__ import annotations

import asyncio
from typing import Final, final

from redis.crc import key_slot
from redis.exceptions import ResponseError

from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.redis_connect import Link, Reply
from proxy.runtime.store.redis_place import Place, addresses, arguments, client_of

SLOTS: Final = 16_384
LEAST_BETWEEN: Final = 0.2
SHARE: Final = 0.5  # of the time left that one node may take to tell the slots


@final
class Cluster:
    """A `Route` over the masters of a cluster."""

    def __init__(self, place: Place) -> None:
        self._login: Final = arguments(place)
        self._seeds: Final = addresses(place.urls)
        self._links: Final[dict[tuple[str, int], Link]] = {}
        self._slots: list[Link | None] = [None] * SLOTS
        self._renewed = float("-inf")
        self._found = False
        self._renewing: Final = asyncio.Lock()

    async def renew(self, deadline: float) -> bool:
        """Ask the nodes, one after the other, for the table of slots; after a recent look its outcome holds."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline), self._renewing:
                if loop.time() - self._renewed >= LEAST_BETWEEN:
                    try:
                        self._found = await self._read(deadline)
                    finally:
                        self._renewed = loop.time()
                return self._found
        except TimeoutError:
            return False

    async def _read(self, deadline: float) -> bool:
        loop = asyncio.get_running_loop()
        for address in list(dict.fromkeys([*self._links, *self._seeds])):
            patience = loop.time() + max(0.005, (deadline - loop.time()) * SHARE)
            try:
                table = (await self._link(address).run([("CLUSTER", "SLOTS")], patience))[0]
            except LedgerSilent:
                continue
            if not isinstance(table, ResponseError) and table:
                await self._take(table, address[0])
                return True
        return False

    async def _take(self, table: Reply, host: str) -> None:
        fresh: list[Link | None] = [None] * SLOTS
        masters = set()
        for first, last, master, *_ in table:
            address = (master[0].decode() if master[0] else host, int(master[1]))
            masters.add(address)
            fresh[first : last + 1] = [self._link(address)] * (last + 1 - first)
        self._slots = fresh
        for address in [known for known in self._links if known not in masters]:
            await self._links.pop(address).close()

    def _link(self, address: tuple[str, int]) -> Link:
        found = self._links.get(address)
        if found is None:
            given = self._login | {"host": address[0], "port": address[1]}
            found = self._links[address] = Link(f"{address[0]}:{address[1]}", client_of(given))
        return found

    def link(self, key: bytes) -> Link:
        """The master of a key."""
        found = self._slots[key_slot(key)]
        if found is None:
            raise LedgerSilent("no master")
        return found

    async def close(self) -> None:
        """Drop all connections."""
        for link in self._links.values():
            await link.close()
        self._links.clear()
