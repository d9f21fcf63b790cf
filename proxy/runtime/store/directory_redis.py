"""The directory of several nodes, on Redis: a list of versions, a snapshot and the days of use, all in one slot.

The length of the list is the number of the last version, so one small script appends only what follows what is there,
and a look at the length, which costs Redis next to nothing, says whether anything is new; the script that appends also
tells the nodes (`redis_notices`). A bulk import is one long
value: Redis stores it in one step and other clients hardly wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, final

from redis.exceptions import ResponseError

from proxy.runtime.store.directory_interface import DirectoryUnreachable, Overtaken, Use
from proxy.runtime.store.directory_records import (
    Snapshot,
    Version,
    decoded_records,
    decoded_version,
    encoded_records,
    encoded_version,
)
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.ledger_function import Command
from proxy.runtime.store.notices import DIRECTORY
from proxy.runtime.store.redis_cluster import Cluster
from proxy.runtime.store.redis_connect import OneMaster, Reply, Route, is_error
from proxy.runtime.store.redis_notices import CHANNEL
from proxy.runtime.store.redis_place import Place

VERSIONS: Final = "npv:{directory}:versions"
SNAPSHOT: Final = "npv:{directory}:snapshot"
FIRST_USES: Final = "npv:{directory}:first"
LAST_USES: Final = "npv:{directory}:last"

PATIENCE: Final = 5.0  # s for one answer
REST: Final = 0.05  # s between two tries
ELSEWHERE: Final = ("MOVED", "ASK", "CLUSTERDOWN", "READONLY", "TRYAGAIN")

# sent again after a broken connection it says what the first time said; a notice that may not be given harms nothing
APPEND: Final = """
local last = redis.call('LLEN', KEYS[1])
if last == tonumber(ARGV[1]) and redis.call('LINDEX', KEYS[1], -1) == ARGV[2] then return 1 end
if last ~= ARGV[1] - 1 then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[2])
redis.pcall('PUBLISH', ARGV[3], ARGV[4])
return 1
"""
KEEP: Final = """
local old = redis.call('HGET', KEYS[1], 'number')
if old and tonumber(old) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'number', ARGV[1], 'said', ARGV[2])
return 1
"""
NOTE: Final = """
for i = 1, #ARGV, 2 do
  local first = tonumber(redis.call('HGET', KEYS[1], ARGV[i]))
  local last = tonumber(redis.call('HGET', KEYS[2], ARGV[i]))
  local day = tonumber(ARGV[i + 1])
  if not first or day < first then redis.call('HSET', KEYS[1], ARGV[i], day) end
  if not last or day > last then redis.call('HSET', KEYS[2], ARGV[i], day) end
end
return 1
"""
NOTED_AT_ONCE: Final = 500


@final
class RedisDirectory:
    """A `DirectoryStore`. `wait` is in seconds."""

    def __init__(self, place: Place, wait: float = PATIENCE) -> None:
        self._name: Final = place.name
        self._route: Final[Route] = Cluster(place) if place.cluster else OneMaster(place)
        self._wait: Final = wait

    async def version(self) -> int:
        """The number of the last version; 0 when there is none."""
        return int(await self._ask("LLEN", VERSIONS))

    async def append(self, version: Version) -> None:
        """Add the version. Raises Overtaken unless its number is the next one."""
        text = await asyncio.to_thread(encoded_version, version)
        if not await self._ask("EVAL", APPEND, 1, VERSIONS, version.number, text, CHANNEL, DIRECTORY):
            raise Overtaken

    async def versions(self, after: int, most: int = 0) -> list[Version]:
        """The versions with a higher number than `after`, oldest first; at most `most` if it is not 0."""
        texts = await self._ask("LRANGE", VERSIONS, after, after + most - 1 if most else -1)
        return await asyncio.to_thread(lambda: [decoded_version(text) for text in texts])

    async def snapshot(self) -> Snapshot | None:
        """The last snapshot kept."""
        last, text = await self._ask("HMGET", SNAPSHOT, "number", "said")
        if last is None or text is None:
            return None
        return Snapshot(int(last), await asyncio.to_thread(decoded_records, text))

    async def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot instead of an older one."""
        text = await asyncio.to_thread(encoded_records, snapshot.records)
        await self._ask("EVAL", KEEP, 1, SNAPSHOT, snapshot.number, text)

    async def note_uses(self, uses: Mapping[str, int]) -> None:
        """The canonical numbers that were shown, each with the day."""
        pairs = list(uses.items())
        for start in range(0, len(pairs), NOTED_AT_ONCE):
            flat: list[str | int] = [part for pair in pairs[start : start + NOTED_AT_ONCE] for part in pair]
            await self._ask("EVAL", NOTE, 2, FIRST_USES, LAST_USES, *flat)

    async def uses(self) -> dict[str, Use]:
        """Every number that was ever shown."""
        first = days(await self._ask("HGETALL", FIRST_USES))
        last = days(await self._ask("HGETALL", LAST_USES))
        return {canonical: Use(day, last.get(canonical, day)) for canonical, day in first.items()}

    async def close(self) -> None:
        """Give everything back."""
        await self._route.close()

    async def _ask(self, *command: str | bytes | int) -> Reply:
        deadline = asyncio.get_running_loop().time() + self._wait
        try:
            reply = await self._found(command, deadline)
        except LedgerSilent as silent:
            cause = f" ({silent.__cause__})" if silent.__cause__ else ""
            raise DirectoryUnreachable(f"{self._name}: {silent.reason}{cause}") from silent
        if isinstance(reply, ResponseError):
            raise DirectoryUnreachable(f"{self._name}: {reply}")
        return reply

    async def _found(self, command: Command, deadline: float) -> Reply:
        """Of the master that has the slot; where that is may have changed, and every command may be sent again."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                reply = await self._once(command, deadline)
            except LedgerSilent:
                if loop.time() + REST >= deadline:
                    raise
            else:
                if loop.time() + REST >= deadline or not any(is_error(reply, word) for word in ELSEWHERE):
                    return reply
            await self._route.renew(deadline)
            await asyncio.sleep(REST)

    async def _once(self, command: Command, deadline: float) -> Reply:
        return (await self._route.link(VERSIONS.encode()).run([command], deadline))[0]


def days(reply: Mapping[bytes, bytes]) -> dict[str, int]:
    """A hash of days."""
    return {name.decode(): int(day) for name, day in reply.items()}
