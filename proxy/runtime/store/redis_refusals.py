"""The refusals on Redis, read beside the way of calls: connections of its own, and time to wait.

Each customer's list is gone through by ZSCAN, which misses nobody who was in it all the time; what a person said is the
hash that decisions read. The log is a stream: entries are written before the change that they announce, so who reads
them reads the person again a little later (`refusals_watch`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, final

from proxy.runtime.store import ledger_function as function
from proxy.runtime.store.interface import Consent, LedgerSilent
from proxy.runtime.store.ledger_function import Command
from proxy.runtime.store.notices import PERSON
from proxy.runtime.store.person_keys import NAME_BYTES, Person
from proxy.runtime.store.redis_connect import Reply
from proxy.runtime.store.redis_ledger import CHANGES, CHANGES_KEPT, CUSTOMERS, GROUP, listed, places
from proxy.runtime.store.redis_masters import Masters, reason
from proxy.runtime.store.redis_place import Place
from proxy.runtime.store.refusals_source import Changed, Said

PATIENCE: Final = 1.5  # s for one answer
PAGE: Final = 500
EMPTY: Final = b"0-0"  # the position in a log that has no entry


@final
class RedisRefusals:
    """A `RefusalsSource`. A name is the group and the lasting key of the person, as in the lists."""

    def __init__(self, place: Place) -> None:
        self._masters: Final = Masters(place)

    def name(self, person: Person) -> bytes:
        """Group and key."""
        return person.group + person.lasting

    def noticed(self, notice: bytes) -> bytes:
        """The notice tells the key of the hash: `{group}p` and the key of the person."""
        start = len(PERSON) + 1
        return notice[start : start + GROUP] + notice[-NAME_BYTES:]

    async def position(self) -> bytes:
        """The id of the newest entry."""
        newest = await self._one(("XREVRANGE", CHANGES, "+", "-", "COUNT", 1))
        return bytes(newest[0][0]) if newest else EMPTY

    async def changed(self, after: bytes) -> Changed | None:
        """Everything behind that entry, which must still be there."""
        if after == EMPTY and await self._one(("XLEN", CHANGES)) >= CHANGES_KEPT:
            return None
        names: list[bytes] = []
        while True:
            page = await self._one(("XRANGE", CHANGES, after, "+", "COUNT", PAGE))
            if after != EMPTY:
                if not page or page[0][0] != after:
                    return None
                page = page[1:]
            names += [fields[b"m"] for _, fields in page]
            if len(page) < PAGE - 1:
                return Changed(bytes(page[-1][0]) if page else after, names)
            after = bytes(page[-1][0])

    async def pages(self) -> AsyncIterator[list[tuple[bytes, float]]]:
        """One customer after the other."""
        for customer in await self._one(("SMEMBERS", CUSTOMERS)):
            cursor = 0
            while True:
                cursor, page = await self._one(("ZSCAN", listed("refusals", customer.decode()), cursor, "COUNT", PAGE))
                yield [(bytes(member), float(at)) for member, at in page]
                if not cursor:
                    break

    async def read(self, names: Sequence[bytes]) -> list[Said]:
        """The hash of each."""
        replies = await self._all([("HGETALL", places(name)[0]) for name in names])
        return [said(name, fields) for name, fields in zip(names, replies, strict=True)]

    async def close(self) -> None:
        """Drop all connections."""
        await self._masters.close()

    async def _one(self, command: Command) -> Reply:
        return (await self._all([command]))[0]

    async def _all(self, commands: Sequence[Command]) -> list[Reply]:
        replies = await self._masters.ask(commands, asyncio.get_running_loop().time() + PATIENCE)
        for reply in replies:
            if isinstance(reply, Exception):
                raise LedgerSilent(reason(reply))
        return replies


def said(name: bytes, fields: dict[bytes, bytes]) -> Said:
    """What the hash of a person says. Of a consent the fields that no rule on refusals looks at stay empty."""
    at, consents = 0.0, []
    for field, value in fields.items():
        if field == b"r":
            at = function.TIME.unpack(value)[0]
        else:
            given, until, withdrawn, slot_from, slot_until = function.CONSENT.unpack_from(value)
            consents.append(
                Consent(
                    "", "", given, until, field[1:].decode(), value[function.CONSENT.size :].decode(),
                    slot_from=slot_from, slot_until=slot_until, withdrawn_at=withdrawn,
                )
            )  # fmt: skip
    return Said(name, at, tuple(consents))
