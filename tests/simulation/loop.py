"""Virtual time: what is to happen, in the order of its instants, and nothing else that moves a clock.

Nothing is ever taken back: whoever is called looks whether it still has something to do. Equal instants happen in the
order in which they were asked for, so that a run is a function of its seed.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Final, final

START: Final = 1000.0
Happening = Callable[[Any], None]  # Any: what is handed over is between who asks and who is called


@final
class Loop:
    """A queue of happenings. `now` is in seconds."""

    __slots__ = ("_asked", "heap", "now")

    def __init__(self) -> None:
        self.now = START
        self.heap: Final[list[tuple[float, int, Happening, Any]]] = []  # Any: as above
        self._asked = 0

    def at(self, when: float, happening: Happening, given: object = None) -> None:
        """Call `happening(given)` at `when`."""
        self._asked += 1
        heappush(self.heap, (when, self._asked, happening, given))

    def after(self, seconds: float, happening: Happening, given: object = None) -> None:
        """The same, so many seconds from now."""
        self._asked += 1
        heappush(self.heap, (self.now + seconds, self._asked, happening, given))

    def due(self) -> float:
        """When the next thing happens; infinity when nothing will."""
        return self.heap[0][0] if self.heap else float("inf")

    def step(self) -> None:
        """Let the next thing happen."""
        when, _, happening, given = heappop(self.heap)
        self.now = when
        happening(given)
