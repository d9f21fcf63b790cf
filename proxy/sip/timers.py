"""Timers: one first-in-first-out queue per duration, for a protocol that has few distinct ones.

Arming appends to a queue, which is sorted by itself since `now` never goes back; cancelling marks the entry, and a
marked entry is skipped at the head or swept out when half of a queue is marked. Nothing here reads a clock.
"""

from __future__ import annotations

from collections import deque
from typing import Final, final

NEVER: Final = float("inf")
_MANY: Final = 32  # more durations than a protocol has: some of them come from peers (Session-Expires)


class TimerOwner:
    """Whoever a timer belongs to: a transaction, an exchange or a call."""

    __slots__ = ()


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
    """All timers of one duration, in the order of their deadlines."""

    __slots__ = ("duration", "entries", "cancelled")

    def __init__(self, duration: float) -> None:
        self.duration: Final = duration
        self.entries: deque[Timer] = deque()
        self.cancelled = 0

    def sweep(self) -> None:
        """Forget cancelled entries when they are more than half of the queue."""
        if self.cancelled * 2 > len(self.entries):
            self.entries = deque([timer for timer in self.entries if timer.owner is not None])
            self.cancelled = 0

    def head(self) -> Timer | None:
        """The first live entry, None when there is none."""
        entries = self.entries
        while entries:
            timer = entries[0]
            if timer.owner is not None:
                return timer
            entries.popleft()
            self.cancelled -= 1
        return None


@final
class Timers:
    """Every timer of one engine. Seconds, on whatever monotonic scale `now` is given in."""

    __slots__ = ("queues", "by_duration")

    def __init__(self) -> None:
        self.queues: Final[list[TimerQueue]] = []
        self.by_duration: Final[dict[float, TimerQueue]] = {}

    def arm(self, now: float, duration: float, owner: TimerOwner, kind: int) -> Timer:
        """Fire `kind` for `owner` at `now + duration`."""
        queue = self.by_duration.get(duration)
        if queue is None:
            if len(self.queues) >= _MANY:
                self._forget_idle()
            queue = self.by_duration[duration] = TimerQueue(duration)
            self.queues.append(queue)
        timer = Timer(owner, kind, now + duration, queue)
        queue.entries.append(timer)
        return timer

    def arm_at(self, rows: list[tuple[float, TimerOwner]], kind: int) -> list[Timer]:
        """Fire `kind` for each owner at its own instant; the rows are sorted by it. They share a queue of their own."""
        queue = TimerQueue(NEVER)
        if rows:
            self.queues.append(queue)
        timers = [Timer(owner, kind, due, queue) for due, owner in rows]
        queue.entries.extend(timers)
        return timers

    def next_deadline(self) -> float:
        """When the next timer is due; infinity when none is armed."""
        soonest = NEVER
        for queue in self.queues:
            timer = queue.head()
            if timer is not None and timer.due < soonest:
                soonest = timer.due
        return soonest

    def pop_due(self, now: float) -> tuple[TimerOwner, int] | None:
        """Take out the earliest timer that is due at `now`: its owner and kind, None when there is none."""
        first: Timer | None = None
        for queue in self.queues:
            timer = queue.head()
            if timer is not None and timer.due <= now and (first is None or timer.due < first.due):
                first = timer
        if first is None or first.owner is None:
            return None
        owner = first.owner
        first.owner = None
        first.queue.entries.popleft()
        return owner, first.kind

    def _forget_idle(self) -> None:
        """Drop the queues in which nothing waits, so that odd durations do not add up."""
        kept = [queue for queue in self.queues if queue.head() is not None]
        self.queues.clear()
        self.queues.extend(kept)
        self.by_duration.clear()
        for queue in kept:
            self.by_duration[queue.duration] = queue

    def armed(self) -> int:
        """How many timers are waiting."""
        return sum(len(queue.entries) - queue.cancelled for queue in self.queues)
