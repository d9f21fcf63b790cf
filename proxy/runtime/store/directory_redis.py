"""The directory of several nodes, on Redis: a list of versions, a snapshot and the days of use, all in one slot.

The length of the list is the number of the last version, so one small script appends only what follows what is there,
and a look at the length, which costs Redis next to nothing, says whether anything is new. A bulk import is one long
value: Redis stores it in one step and other clients hardly wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol, cast, final

from redis.exceptions import RedisError

from proxy.runtime.store.directory_interface import DirectoryUnreachable, Overtaken, Use
from proxy.runtime.store.directory_records import (
    Snapshot,
    Version,
    decoded_records,
    decoded_version,
    encoded_records,
    encoded_version,
)

VERSIONS: Final = "npv:{directory}:versions"
SNAPSHOT: Final = "npv:{directory}:snapshot"
FIRST_USES: Final = "npv:{directory}:first"
LAST_USES: Final = "npv:{directory}:last"

APPEND: Final = """
if redis.call('LLEN', KEYS[1]) ~= ARGV[1] - 1 then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[2])
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


class Server(Protocol):
    """The part of an asyncio client of redis-py that is used here; single, Sentinel and Cluster clients all have it."""

    async def execute_command(self, *args: object) -> object: ...

    async def aclose(self) -> None: ...


@final
class RedisDirectory:
    """On a client that returns bytes; `close` closes the client."""

    def __init__(self, server: Server, name: str) -> None:
        self._server: Final = server
        self._name: Final = name

    async def version(self) -> int:
        """The number of the last version; 0 when there is none."""
        return number(await self._ask("LLEN", VERSIONS))

    async def append(self, version: Version) -> None:
        """Add the version. Raises Overtaken unless its number is the next one."""
        text = await asyncio.to_thread(encoded_version, version)
        if not number(await self._ask("EVAL", APPEND, 1, VERSIONS, version.number, text)):
            raise Overtaken

    async def versions(self, after: int, most: int = 0) -> list[Version]:
        """The versions with a higher number than `after`, oldest first; at most `most` if it is not 0."""
        texts = await self._ask("LRANGE", VERSIONS, after, after + most - 1 if most else -1)
        return await asyncio.to_thread(lambda: [decoded_version(text) for text in cast(list[bytes], texts)])

    async def snapshot(self) -> Snapshot | None:
        """The last snapshot kept."""
        last, text = cast(list[bytes | None], await self._ask("HMGET", SNAPSHOT, "number", "said"))
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
            flat = [part for pair in pairs[start : start + NOTED_AT_ONCE] for part in pair]
            await self._ask("EVAL", NOTE, 2, FIRST_USES, LAST_USES, *flat)

    async def uses(self) -> dict[str, Use]:
        """Every number that was ever shown."""
        first = days(await self._ask("HGETALL", FIRST_USES))
        last = days(await self._ask("HGETALL", LAST_USES))
        return {canonical: Use(day, last.get(canonical, day)) for canonical, day in first.items()}

    async def close(self) -> None:
        """Give everything back."""
        await self._server.aclose()

    async def _ask(self, *command: object) -> object:
        with told(self._name):
            return await self._server.execute_command(*command)


def number(answer: object) -> int:
    """A whole number that Redis answered."""
    return int(cast(int, answer))


def days(answer: object) -> dict[str, int]:
    """A hash of days: a dict, or a flat list, as client and protocol have it."""
    if isinstance(answer, dict):
        pairs = list(answer.items())
    else:
        flat = cast(list[bytes], answer)
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
    return {bytes(key).decode(): int(value) for key, value in pairs}


@contextmanager
def told(name: str) -> Iterator[None]:
    """Within: what Redis or the network refuses becomes DirectoryUnreachable."""
    try:
        yield
    except (TimeoutError, RedisError, OSError) as error:
        raise DirectoryUnreachable(f"{name}: {error}") from error
