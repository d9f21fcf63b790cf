"""The notes of calls in the ahead log, and the calls of a predecessor taken up from there.

A whole note is kept under the number of its call, until the call has ended; a mark that adds to one is put behind it. What
is put again, because it holds an old segment, is noted anew. Whoever writes notes to another place as well is a `Copy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Final, Protocol, final

from proxy.b2bua.engine import Engine
from proxy.b2bua.snapshot import END, HEAD, MARK, ended, note_again
from proxy.b2bua.take_up import TakenUp
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_reading import Found
from proxy.runtime.ahead_segment import CALL
from proxy.runtime.call_copy import copy_of
from proxy.runtime.clock import Clock
from proxy.runtime.settings import Settings
from proxy.runtime.tasks import Tasks

NOTE: Final = 20  # kinds of entries
ADDED: Final = 21
ENDED: Final = 22
NUMBER: Final = HEAD.size - 8  # where the number of the call begins in a note
NUMBER_END: Final = HEAD.size


class Copy(Protocol):
    """Another place for notes; `store.redis_calls.RedisCalls` is one. Never blocks."""

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Calls by what became of their notes."""
        ...

    @property
    def waiting(self) -> int:
        """Calls of which something waits."""
        ...

    def put(self, notes: Iterable[bytes]) -> None:
        """The notes of one input, in order."""


class Way(Protocol):
    """What is needed of `transports.Transports`."""

    def keep_by(self, keeper: CallKeeping) -> None:
        """Give it the notes of each input."""

    def flush(self) -> None:
        """Carry out what the engine ordered."""

    def arm(self) -> None:
        """Wake up when a timer is due."""


@final
class CallKeeping:
    """The notes of one process."""

    def __init__(self, log: AheadLog, engine: Engine) -> None:
        self.outcomes: Final[dict[str, int]] = {}  # of the calls of predecessors
        self.copy: Copy | None = None
        self._log: Final = log
        self._engine: Final = engine
        self._found: list[bytes] = []
        log.renewed = self._renewed

    def put(self, notes: list[bytes]) -> None:
        """The notes of one input, before its messages go out."""
        log = self._log
        for note in notes:
            kind = note[1]
            if kind == MARK:
                log.put(ADDED, note)
            elif kind != END:
                log.keep(NOTE, CALL + note[NUMBER:NUMBER_END], note)
            elif CALL + note[NUMBER:NUMBER_END] in log.places:  # else its record has ended it
                log.end(ENDED, CALL + note[NUMBER:NUMBER_END], b"")
        if self.copy is not None:
            self.copy.put(notes)

    def over(self, number: int) -> None:
        """Nothing is left of the call of this number, whose record has been handed over."""
        self.put([ended(number)])

    @property
    def copied(self) -> Mapping[str, int]:
        """Calls whose notes went to the other place, by outcome."""
        return self.copy.outcomes if self.copy is not None else {}

    @property
    def waiting(self) -> int:
        """Calls of which something waits to go there."""
        return self.copy.waiting if self.copy is not None else 0

    def _renewed(self, kind: int, key: bytes) -> bytes:
        if kind != NOTE:
            return b""
        return note_again(self._engine.fabric, int.from_bytes(key[len(CALL) :], "little"))

    async def find(
        self, left: Found, settings: Settings, tasks: Tasks, taken: AsyncExitStack, say: Callable[[str], None]
    ) -> None:
        """The notes of a process before this one: in its log, or on Redis when it ran on another machine."""
        self._found = notes_in(left)
        copy = copy_of(settings, self._log.folder, tasks, say)
        if copy is not None:
            self.copy = copy
            taken.push_async_callback(copy.close)
            self._found = await copy.begin(self._found)

    def take_up(self, way: Way, clock: Clock, say: Callable[[str], None]) -> None:
        """Go on with the calls that were found, and keep notes from now on."""
        engine = self._engine
        engine.fabric.noting = True
        way.keep_by(self)
        done = engine.restore(self._found, clock.monotonic(), clock.epoch())
        self._found = []
        way.flush()  # a record ends its call in the log, so it stands there before the call is said to be over
        told = self.taken_up(done)
        way.arm()
        if told:
            say(told)

    def taken_up(self, done: TakenUp) -> str:
        """Count what became of the calls of a predecessor; one line about it, empty when there were none."""
        for note in done.ended:  # the log of the predecessor kept them
            self._log.end(ENDED, CALL + note[NUMBER:NUMBER_END], b"")
        if self.copy is not None:
            self.copy.put(done.ended)
        counts = {"going on": done.calls, "ended early": done.early, **done.refused}
        for outcome, count in counts.items():
            if count:
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        if not any(counts.values()):
            return ""
        refused = ", ".join(f"{count} {reason}" for reason, count in done.refused.items())
        told = f"; not taken up: {refused}" if refused else ""
        return (
            f"calls of a process before this one: {done.calls} go on, {done.early} had no answer and were ended{told}"
        )


def notes_in(found: Found) -> list[bytes]:
    """What a predecessor left in its log: whole notes, then what adds to them."""
    return [*found.kept_of(NOTE).values(), *found.of(ADDED)]
