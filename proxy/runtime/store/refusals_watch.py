"""A node's memory of refusals: filled when it starts, kept current by notices, and asked only when the store is silent.

Each look reads the persons that notices named and follows the store's log, so a lost notice costs a second. Where the
log does not reach back, or before the first look, everything is read: what is held already first, then the lists, page
by page with rests between, so that calls hardly notice. What this node heard itself is held at once, and stays until
the store tells of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, final

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.clock import Clock
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.notices import PERSON
from proxy.runtime.store.person_keys import Person
from proxy.runtime.store.refusals_held import RefusalsHeld
from proxy.runtime.store.refusals_source import RefusalsSource
from proxy.runtime.tasks import Tasks

LOOK: Final = 1.0  # s between two looks without a notice
AGAIN: Final = 0.25  # s after a look that failed
TOGETHER: Final = 100  # persons read at once: about a millisecond of the loop
REST: Final = 0.002  # s between two such readings
SETTLED: Final = (
    5.0  # s; an entry of the log is written before its change, which has been made by then, or never will be
)
OWN_KEPT: Final = 3600.0  # s that a refusal heard here stays although the store does not tell of it

FindPerson = Callable[[str, str], Person]  # customer and number, under the keys in force


@final
class RefusalsWatch:
    """`say` gets a text when something is wrong. Times are seconds."""

    def __init__(
        self, source: RefusalsSource, most: int, person: FindPerson, clock: Clock, say: Callable[[str], None]
    ) -> None:
        self.kept: Final = RefusalsHeld(most)
        self._source: Final = source
        self._person: Final = person
        self._clock: Final = clock
        self._say: Final = say
        self._tasks: Final = Tasks(say)
        self._told: Final = asyncio.Event()
        self._named: Final[dict[bytes, None]] = {}  # to be read, the longest waiting first
        self._again: Final[dict[bytes, float]] = {}  # to be read once more, and when
        self._own: Final[dict[bytes, tuple[float, float]]] = {}  # refused at, heard at
        self._position: bytes | None = None
        self._seen_at = clock.monotonic()
        self._trouble = ""

    def age(self) -> float:
        """Seconds since everything in the store was known here; grows while the first reading goes on."""
        return self._clock.monotonic() - self._seen_at

    def held(self, inquiry: Inquiry) -> PersonState | None:
        """What is remembered of the refusal of the person asked about, and of consents after it."""
        return self.kept.state(self._source.name(self._person(inquiry.customer, inquiry.person)), inquiry)

    def heard(self, customer: str, person: str, at: float) -> None:
        """A refusal that this node was told, whether or not the store knows it yet."""
        name = self._source.name(self._person(customer, person))
        if at >= self.kept.refused_at(name):
            self._own[name] = (at, self._clock.monotonic())
            self.kept.put(name, at)

    def told(self, notice: bytes) -> None:
        """The store says that something has changed."""
        if notice.startswith(PERSON):
            self._named[self._source.noticed(notice)] = None
        self._told.set()

    def start(self) -> None:
        """Begin to read; nobody waits for it."""
        self._tasks.spawn(self._watch(), "refusals")

    async def stop(self) -> None:
        """End, and give back what the source holds."""
        await self._tasks.cancel()
        await self._source.close()

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except LedgerSilent as silent:
                if silent.reason != self._trouble:
                    self._say(f"the refusals held in memory are not renewed: {silent.reason}")
                self._trouble = silent.reason
            else:
                self._trouble = ""
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN if self._trouble else LOOK):
                    await self._told.wait()
            self._told.clear()

    async def look(self) -> None:
        """Take over what is new. Raises LedgerSilent; what is held stays then."""
        asked_at = self._clock.monotonic()
        for name in [name for name, due in self._again.items() if due <= asked_at]:
            del self._again[name]
            self._named[name] = None
        await self._read_named()
        found = None if self._position is None else await self._source.changed(self._position)
        if found is None:
            self._position = None
            self._position = await self._read_all()
        else:
            for name in found.names:
                self._named[name] = None
                self._again[name] = asked_at + SETTLED
            self._position = found.position
        await self._read_named()
        self._seen_at = asked_at

    async def _read_all(self) -> bytes:
        position = await self._source.position()
        await self._read(list(self.kept))
        async for page in self._source.pages():
            room = self.kept.room_from()
            fresh = [name for name, at in page if name not in self.kept and at >= room]
            self.kept.dropped += sum(at < room for _, at in page)
            await self._read(fresh)
            await self._read_named()
        return position

    async def _read_named(self) -> None:
        while self._named:
            names = list(self._named)[:TOGETHER]
            for name in names:
                del self._named[name]
            try:
                await self._read(names)
            except BaseException:
                self._named.update(dict.fromkeys(names))
                raise

    async def _read(self, names: Iterable[bytes]) -> None:
        waiting = list(names)
        for start in range(0, len(waiting), TOGETHER):
            if start:
                await asyncio.sleep(REST)
            for name, at, consents in await self._source.read(waiting[start : start + TOGETHER]):
                own = self._own.get(name)
                if own is not None and (at >= own[0] or self._clock.monotonic() - own[1] > OWN_KEPT):
                    del self._own[name]
                    own = None
                if at or own is not None:
                    self.kept.put(name, at if own is None else own[0], consents)
                else:
                    self.kept.remove(name)
