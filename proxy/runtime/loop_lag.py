"""How late the event loop is: a timer asks to be woken, and the delay beyond that is what SIP waits too.

A slow callback, a long collection of garbage or a busy machine all show here first.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Final, NoReturn, final

from proxy.b2bua.counters import Histogram

LAG_BOUNDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
EVERY: Final = 0.1  # s: ten samples a second cost nothing and see whatever lasts


@final
class LoopLag:
    """The histogram of delays in seconds, filled by `measure`."""

    __slots__ = ("_every", "seconds")

    def __init__(self, every: float = EVERY) -> None:
        self._every: Final = every
        self.seconds: Final = Histogram(LAG_BOUNDS)

    async def measure(self) -> NoReturn:
        """Sample until cancelled. uvloop counts its timers in whole milliseconds, so 1 ms is the floor."""
        while True:
            due = perf_counter() + self._every
            await asyncio.sleep(self._every)
            self.seconds.observe(max(0.0, perf_counter() - due))
