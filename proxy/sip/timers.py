"""Timers: one first-in-first-out queue per duration, for a protocol that has few distinct ones.

Arming appends to a queue, which is sorted by itself since `now` never goes back; cancelling marks the entry, and a
marked entry is skipped at the head or swept out when half of a queue is marked. Who only waits for its end, which nothing
takes back, stands in a queue itself (`linger`) and needs no timer. Nothing here reads a clock.
"""

from __future__ import annotations

from typing import Final, TypeVar, final

T = TypeVar("T")

NEVER: Final = float("inf")
_MANY: Final = 32  # more durations than a protocol has: some of them come from peers (Session-Expires)
_TRIMMED: Final = 1024  # so many places in front of a queue may be empty


class TimerOwner:
    """Whoever a timer belongs to: a transaction, an exchange or a call."""

    __slots__ = ()


class Lingering(TimerOwner):
    """Who can wait for its end without a timer. `until` is the instant of it, 0 before."""

    __slots__ = ("until",)

    until: float


@final
class Timer:
    """One armed timer. `owner` is None once it was cancelled or has fired."""

    __slots__ = ("owner", "kind", "due", "queue")

    def __init__(self, owner: TimerOwner, kind: int, due: float, queue: TimerQueue) -> None:
        self.owner: TimerOwner | None = owner
        self.kind: Final = kind
        self.due: Final = due
        self.queue: Final = queue

    def cancel(self) -> None:
        """Never fire; harmless when it has fired already."""
        if self.owner is not None:
            self.owner = None
            self.queue.cancelled += 1
            if self.queue.cancelled > 64:
                self.queue.sweep()


@final
class TimerQueue:
    """All timers of one duration, in the order of their deadlines; those before `first` are gone."""

    __slots__ = ("duration", "entries", "first", "cancelled")

    def __init__(self, duration: float) -> None:
        self.duration: Final = duration
        self.entries: list[Timer | None] = []
        self.first = 0
        self.cancelled = 0

    def waiting(self) -> int:
        """How many entries there are, cancelled ones too."""
        return len(self.entries) - self.first

    def sweep(self) -> None:
        """Forget cancelled entries when they are more than half of the queue."""
        if self.cancelled * 2 > self.waiting():
            self.entries = [timer for timer in self.entries if timer is not None and timer.owner is not None]
            self.first = self.cancelled = 0

    def head(self) -> Timer | None:
        """The first live entry, None when there is none."""
        entries, first = self.entries, self.first
        while first < len(entries):
            timer = entries[first]
            if timer is not None and timer.owner is not None:
                return timer
            self.cancelled -= 1
            first = self.pop()
        return None

    def pop(self) -> int:
        """Take the first entry out; the new first place."""
        self.entries[self.first] = None
        self.first = _trimmed(self.entries, self.first + 1)
        return self.first


@final
class Farewell:
    """All who wait for their end in one duration, in the order of it; those before `first` are gone."""

    __slots__ = ("duration", "kind", "entries", "first")

    def __init__(self, duration: float, kind: int) -> None:
        self.duration: Final = duration
        self.kind: Final = kind
        self.entries: list[Lingering | None] = []
        self.first = 0

    def waiting(self) -> int:
        """How many there are."""
        return len(self.entries) - self.first

    def head(self) -> Lingering | None:
        """Whose end is next, None when there is nobody."""
        return self.entries[self.first] if self.first < len(self.entries) else None

    def pop(self) -> None:
        """Take the first one out."""
        self.entries[self.first] = None
        self.first = _trimmed(self.entries, self.first + 1)


def _trimmed(entries: list[T], first: int) -> int:
    """Give the empty places before `first` back when they are many, or all there is; the first place now."""
    if first == len(entries):
        entries.clear()
        return 0
    if first > _TRIMMED and first * 2 > len(entries):
        del entries[:first]
        return 0
    return first


@final
class Timers:
    """Every timer of one engine. Seconds, on whatever monotonic scale `now` is given in."""

    __slots__ = ("queues", "by_duration", "farewells", "_last")

    def __init__(self) -> None:
        self.queues: Final[list[TimerQueue]] = []
        self.by_duration: Final[dict[float, TimerQueue]] = {}
        self.farewells: Final[list[Farewell]] = []
        self._last: TimerQueue | None = None

    def arm(self, now: float, duration: float, owner: TimerOwner, kind: int) -> Timer:
        """Fire `kind` for `owner` at `now + duration`."""
        queue = self._last
        if queue is None or queue.duration != duration:
            queue = self._last = self._queue(duration)
        timer = Timer(owner, kind, now + duration, queue)
        queue.entries.append(timer)
        return timer

    def _queue(self, duration: float) -> TimerQueue:
        for one in self.queues:  # there are few, and a table would hash a number that is made an object for it
            if one.duration == duration:
                return one
        queue = self.by_duration.get(duration)
        if queue is None:
            if len(self.queues) >= _MANY:
                self._forget_idle()
            queue = self.by_duration[duration] = TimerQueue(duration)
            self.queues.append(queue)
        return queue

    def linger(self, now: float, duration: float, owner: Lingering, kind: int) -> None:
        """Fire `kind` for `owner` at `now + duration`, whatever happens; it is in no such queue now."""
        owner.until = now + duration
        for queue in self.farewells:
            if queue.duration == duration and queue.kind == kind:
                queue.entries.append(owner)
                return
        if len(self.farewells) >= _MANY:
            self._forget_idle()
        queue = Farewell(duration, kind)
        queue.entries.append(owner)
        self.farewells.append(queue)

    def arm_at(self, rows: list[tuple[float, TimerOwner]], kind: int) -> list[Timer]:
        """Fire `kind` for each owner at its own instant; the rows are sorted by it. They share a queue of their own."""
        queue = TimerQueue(NEVER)
        if rows:
            self.queues.append(queue)
        timers = [Timer(owner, kind, due, queue) for due, owner in rows]
        queue.entries.extend(timers)
        return timers

    def next_deadline(self, grace: float = 0.0) -> float:
        """When the next timer is due; infinity when none is armed. Those who linger may stay `grace` seconds longer."""
        soonest = NEVER
        for queue in self.queues:
            if queue.entries:
                timer = queue.head()
                if timer is not None and timer.due < soonest:
                    soonest = timer.due
        for farewell in self.farewells:
            owner = farewell.head()
            if owner is not None and owner.until + grace < soonest:
                soonest = owner.until + grace
        return soonest

    def pop_due(self, now: float) -> tuple[TimerOwner, int] | None:
        """Take out the earliest timer that is due at `now`: its owner and kind, None when there is none."""
        first: Timer | None = None
        soonest = now
        for queue in self.queues:
            if queue.entries:
                timer = queue.head()
                if timer is not None and (timer.due < soonest or (first is None and timer.due == soonest)):
                    first, soonest = timer, timer.due
        last: Farewell | None = None
        for farewell in self.farewells:
            owner = farewell.head()
            if owner is not None and (
                owner.until < soonest or (first is None and last is None and owner.until == soonest)
            ):
                last, soonest = farewell, owner.until
        if last is not None:
            ended = last.head()
            last.pop()
            return (ended, last.kind) if ended is not None else None
        if first is None or first.owner is None:
            return None
        fired = first.owner
        first.owner = None
        first.queue.pop()
        return fired, first.kind

    def _forget_idle(self) -> None:
        """Drop the queues in which nothing waits, so that odd durations do not add up."""
        kept = [queue for queue in self.queues if queue.head() is not None]
        self.queues.clear()
        self.queues.extend(kept)
        self.by_duration.clear()
        for queue in kept:
            self.by_duration[queue.duration] = queue
        some = [queue for queue in self.farewells if queue.waiting()]
        self.farewells.clear()
        self.farewells.extend(some)
        self._last = None

    def armed(self) -> int:
        """How many timers are waiting."""
        armed = sum([queue.waiting() - queue.cancelled for queue in self.queues])
        return armed + sum([farewell.waiting() for farewell in self.farewells])
