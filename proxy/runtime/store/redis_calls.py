"""Notes of calls on Redis, written behind the calls: a node of the same name on another machine goes on with them.

All notes of a node (and worker) stand in one hash, which lives in one slot of a cluster: the whole note of a call under
its number, the last mark that adds to it under the number with a plus. What comes within `PAUSE` seconds goes out
together; a call that begins and ends within them never does. What Redis does not take waits and is tried again; of each
call only the last word waits, of `MOST` calls at most. The hash expires some time after the longest call of the last writer.

Whoever writes is named by a token that lies in its folder of state, and says every second that it lives. So a process
that starts anew with its folder goes on from its own log, which knows more; one with another folder takes the hash, but
not while its owner lives: two nodes of one name would end each other's calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple, final

from redis.exceptions import ResponseError

from proxy.b2bua.snapshot import EARLY, END, HEAD, MARK
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.ledger_function import Command
from proxy.runtime.store.redis_connect import Reply
from proxy.runtime.store.redis_masters import Masters
from proxy.runtime.store.redis_place import Place
from proxy.runtime.tasks import Tasks

PAUSE: Final = 0.08  # s
TOGETHER: Final = 1000  # calls in one write
MOST: Final = 200_000
PATIENCE: Final = 1.5  # s for one answer
LEASE: Final = 5.0  # s for which a sign of life counts
SIGN: Final = 1.0  # s between two of them
LOOK: Final = 0.2
PAGE: Final = 500
OF: Final = b"of"  # the field of the hash that says who writes it
NUMBER: Final = slice(HEAD.size - 8, HEAD.size)


class Last(NamedTuple):
    """What is to be written of a call: a whole note, a mark, or with neither that there is nothing left of it.

    `fresh`: Redis knows nothing of this call yet.
    """

    whole: bytes
    mark: bytes
    fresh: bool


@final
class RedisCalls:
    """The notes of one process; `name` is that of its node and worker, `token` of its folder, `life` of its calls in seconds."""

    def __init__(
        self, place: Place, name: str, token: bytes, life: float, tasks: Tasks, say: Callable[[str], None]
    ) -> None:
        self.outcomes: Final[dict[str, int]] = {}  # calls by `written`, `silent` (tried again), `dropped`
        self._masters: Final = Masters(place)
        self._name: Final = name
        self._key: Final = b"npv:calls:{%b}" % name.encode()
        self._owner: Final = self._key + b":owner"
        self._token: Final = token
        self._life: Final = int(life)
        self._tasks: Final = tasks
        self._say: Final = say
        self._waiting: dict[bytes, Last] = {}
        self._claimed = False
        self._replaced = False
        self._planned = False
        self._under_way = 0

    @property
    def waiting(self) -> int:
        """Calls of which something is still to be written, or was not yet said to be."""
        return len(self._waiting) + self._under_way

    # -- at the start -----------------------------------------------------------

    async def begin(self, own: list[bytes]) -> list[bytes]:
        """The notes to go on with: those of the own log, unless another machine wrote here after it."""
        try:
            notes = await self._found(own)
        except LedgerSilent as silent:
            self._say(
                f"the calls of `{self._name}` on Redis cannot be read ({silent.reason}): the own log alone counts"
            )
            notes = own
        if not self._replaced:
            self._tasks.spawn(self._live(), "sign of life")
        return notes

    async def _found(self, own: list[bytes]) -> list[bytes]:
        last = (await self._ask([("HGET", self._key, OF)]))[0]
        if last in (None, self._token):
            return own
        if await self._lives():
            self._replaced = True
            self._say(
                f"another node named `{self._name}` runs: its calls are left to it, and those of this one not copied"
            )
            return own
        if own:
            self._say(
                f"{len(own)} notes of calls in the own log are older than those of another machine, and not followed"
            )
        return await self._all()

    async def _lives(self) -> bool:
        """Does the owner give signs of life? Found out within the time for which one counts."""
        loop = asyncio.get_running_loop()
        end, before = loop.time() + LEASE + SIGN, -1
        while loop.time() < end:
            left = (await self._ask([("PTTL", self._owner)]))[0]
            if left < 0:
                return False
            if before >= 0 and left > before:
                return True
            before = left
            await asyncio.sleep(LOOK)
        return True

    async def _all(self) -> list[bytes]:
        wholes, marks = list[bytes](), list[bytes]()
        cursor = 0
        while True:
            cursor, page = (await self._ask([("HSCAN", self._key, cursor, "COUNT", PAGE)]))[0]
            for field, note in page.items():
                if field != OF:
                    (marks if len(field) > 8 else wholes).append(note)
            if not cursor:
                return wholes + marks

    # -- behind the calls -------------------------------------------------------

    def put(self, notes: Iterable[bytes]) -> None:
        """The notes of one input, in order."""
        if self._replaced:
            return
        waiting = self._waiting
        for note in notes:
            number, kind = note[NUMBER], note[1]
            before = waiting.get(number)
            if kind == END:
                if before is not None and before.fresh:
                    del waiting[number]
                    continue
                fresh = Last(b"", b"", False)
            elif kind == MARK:
                fresh = Last(b"", note, False) if before is None else before._replace(mark=note)
            else:
                new = kind == EARLY and note[2:4] == b"\x01\x00" if before is None else before.fresh
                fresh = Last(note, b"", new)
            if before is None and len(waiting) >= MOST:
                self._count("dropped", 1)
                continue
            waiting[number] = fresh
        self._plan()

    def _plan(self) -> None:
        if not self._planned and self._waiting:
            self._planned = True
            asyncio.get_running_loop().call_later(PAUSE, self._start)

    def _start(self) -> None:
        self._tasks.spawn(self._write(), "copy of calls")

    async def _write(self) -> None:
        waiting = self._waiting
        batch = {number: waiting.pop(number) for number in list(waiting)[:TOGETHER]}
        self._under_way = len(batch)
        try:
            await self._ask(self._commands(batch))
        except LedgerSilent:
            self._count("silent", len(batch))
            self._waiting = {**batch, **{number: after(batch.get(number), last) for number, last in waiting.items()}}
        else:
            self._claimed = True
            self._count("written", len(batch))
        finally:
            self._under_way = 0
            self._planned = False
            self._plan()

    def _commands(self, batch: dict[bytes, Last]) -> list[Command]:
        key = self._key
        commands: list[Command] = [] if self._claimed else [("DEL", key)]
        put: list[bytes] = [OF, self._token]
        gone: list[bytes] = []
        for number, last in batch.items():
            if last.whole:
                put += [number, last.whole]
            if last.mark:
                put += [number + b"+", last.mark]
            else:
                gone.append(number + b"+")
            if not last.whole and not last.mark:
                gone.append(number)
        commands.append(("HSET", key, *put))
        if gone:
            commands.append(("HDEL", key, *gone))
        commands.append(("EXPIRE", key, self._life))
        return commands

    async def _live(self) -> None:
        """Say that this process lives, until another one has taken its place."""
        while True:
            with suppress(LedgerSilent):
                owner = (await self._ask([("GET", self._owner)]))[0]
                if owner not in (None, self._token) and self._claimed:
                    self._replaced = True
                    self._waiting.clear()
                    self._say(f"another node took the name `{self._name}`: calls are not copied any more")
                    return
                await self._ask([("SET", self._owner, self._token, "PX", int(LEASE * 1000))])
            await asyncio.sleep(SIGN)

    async def _ask(self, commands: list[Command]) -> list[Reply]:
        """Raises LedgerSilent when one of them was not carried out."""
        replies = await self._masters.ask(commands, asyncio.get_running_loop().time() + PATIENCE)
        for reply in replies:
            if isinstance(reply, LedgerSilent):
                raise reply
            if isinstance(reply, ResponseError):
                raise LedgerSilent("refused by redis")
        return replies

    def _count(self, outcome: str, calls: int) -> None:
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + calls

    async def close(self) -> None:
        """Write what waits, and let go of the name."""
        if not self._replaced:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    while self._waiting or self._planned:  # noqa: ASYNC110 - two conditions, and only at a stop
                        await asyncio.sleep(PAUSE / 4)
            with suppress(LedgerSilent):
                await self._ask([("DEL", self._owner)])
        await self._masters.close()


def after(before: Last | None, last: Last) -> Last:
    """What is to be written when `last` came behind `before`, which Redis did not take."""
    if before is None or last.whole or not last.mark:
        return last
    return Last(before.whole, last.mark, before.fresh)
