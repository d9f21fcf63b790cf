"""How many new calls a busy process takes: a rate, held by how long received messages waited to be read.

The measure is the queue delay, for it is what peers feel: a full processor whose queue is short is only well used, an
idle one whose queue is long is overloaded all the same. As in CoDel (RFC 8289) the shortest delay of a window counts,
so that a burst or a pause that passes is no overload; a delay that stays above the target for `PATIENCE` is. From then
on new calls have a rate, which begins at what was really taken and follows the delay by its distance from the target
and by its trend, as PIE does (RFC 8033): the queue stays short but is never empty, so nothing of the processor is lost.
When nothing had to be refused for `QUIET`, there is no rate any more.
"""

from __future__ import annotations

from typing import Final, final

WINDOW: Final = 0.05  # s
PATIENCE: Final = 0.2  # s that the delay must stay above the target
QUIET: Final = 2.0  # s without a refusal
DISTANCE: Final = 0.2  # of the rate per second, for one target of distance
TREND: Final = 0.3  # of the rate, for one target that the delay moved
LEAST: Final = 10.0  # calls per second that are always let in
STEEPEST: Final = 0.75  # one window takes no more of the rate
FADING: Final = 0.1  # of the most that was let in of late, forgotten in a second
LASTING: Final = 2.0  # targets of delay at which it is forgotten faster
FADING_LATE: Final = 0.7
LOWEST: Final = 0.4  # of it: a pause of the whole machine makes delay, too, but when it is over all can be done again
HIGHEST: Final = 1.5
DRAINING: Final = 0.2  # s of delay that go in a second: after a pause the queue is worked off, which is no overload
GROWTH: Final = 0.3  # of the rate per second, more than that, while there is room
IDLE: Final = 0.25  # of the target: below it there is room
NO_RATE: Final = float("inf")


@final
class Pressure:
    """The rate of one process. `target` is in seconds, 0: no control; `rate` in calls per second."""

    __slots__ = ("target", "rate", "delay", "taken", "_began", "_least", "_opened", "_above", "_best", "_refused_at")

    def __init__(self, target: float) -> None:
        self.target = target
        self.rate = NO_RATE
        self.delay = 0.0  # the shortest of the last window
        self.taken = 0.0  # calls per second that were let in of late
        self._began = 0.0
        self._least: Final[dict[int, float]] = {}
        self._opened = 0
        self._above = 0.0  # s that the delay has been above the target
        self._best = 0.0  # the most that was let in of late
        self._refused_at = 0.0

    @property
    def high(self) -> bool:
        """Is there a rate?"""
        return self.rate != NO_RATE

    def refused(self, now: float) -> None:
        """A call was refused for the rate."""
        self._refused_at = now

    def observe(self, port: int, delay: float, now: float, opened: int) -> bool:
        """A message on `port` had waited `delay` seconds; `opened` calls have begun so far. True when a window is over.

        Of each port the shortest counts, of all ports the longest: one with nothing to read does not hide another.
        """
        least = self._least.get(port, NO_RATE)
        if delay < least:
            self._least[port] = delay
        passed = now - self._began
        if passed < WINDOW:
            return False
        taken = (opened - self._opened) / passed
        if passed > 2 * WINDOW:  # nothing was read for a while: what this message says is all there is
            passed = 2 * WINDOW
        before, self.delay = self.delay, max(self._least.values())
        self.taken += passed / (passed + PATIENCE) * (taken - self.taken)
        fading = FADING if self.delay < LASTING * self.target else FADING_LATE
        self._best = max(self._best * (1.0 - fading * passed), self.taken)
        self._least.clear()
        self._began, self._opened = now, opened
        if self.target <= 0.0:
            self.rate = NO_RATE
        elif self.high:
            self._follow(before, passed, now)
        else:
            self._wait(before, passed, now)
        return True

    def _wait(self, before: float, passed: float, now: float) -> None:
        if self.delay <= self.target:
            self._above = 0.0
            return
        if self.delay < before - DRAINING * passed:
            return
        self._above += min(passed, WINDOW)
        if self._above >= PATIENCE:
            self.rate = max(self._best, LEAST)
            self._refused_at = now

    def _follow(self, before: float, passed: float, now: float) -> None:
        target = self.target
        if self.delay <= target and now - self._refused_at >= QUIET:
            self.rate, self._above = NO_RATE, 0.0
            return
        distance = min((self.delay - target) / target, 3.0)
        trend = max(-2.0, min((self.delay - before) / target, 2.0))
        change = 1.0 - DISTANCE * distance * passed - TREND * trend
        if self.delay < IDLE * target:
            change += GROWTH * passed
        self.rate *= max(STEEPEST, min(change, 1.0 / STEEPEST))
        self.rate = max(LEAST, LOWEST * self._best, min(self.rate, HIGHEST * max(self._best, LEAST)))
