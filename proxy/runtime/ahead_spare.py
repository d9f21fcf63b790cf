"""The next segment of the ahead log: made beforehand by a thread, so that the one who writes waits for no disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Final, final

from proxy.runtime.ahead_segment import Segment

RETRY: Final = 1.0  # s after the disk refused a segment
WAIT: Final = 0.05  # s that the writer waits for a segment that is being made


@final
class Spare:
    """At most one segment, of `size` bytes in `folder`. `say` gets a line when the disk refuses, once for each reason."""

    def __init__(self, folder: Path, size: int, say: Callable[[str], None]) -> None:
        self.trouble = ""
        self._folder: Final = folder
        self._size: Final = size
        self._say: Final = say
        self._segment: Segment | None = None
        self._number = 0
        self._making: Final = Lock()
        self._tried = 0.0

    def first(self, number: int) -> Segment:
        """The first one, now; the others bear the numbers behind it. Raises OSError."""
        made = Segment(self._folder, number, self._size)
        self._number = number + 1
        return made

    def prepare(self, room: bool) -> None:
        """Have the next one, unless there is no `room` for it; after a refusal only now and then."""
        now = monotonic()
        if self._segment is not None or (self.trouble and now < self._tried + RETRY):
            return
        self._tried = now
        with self._making:
            fresh = self._made(room)
        if fresh is not None:
            fresh.touch()

    def take(self, room: bool) -> Segment | None:
        """The next one; it is made now, if the disk was neither slow nor full just before."""
        if self._segment is None and not self.trouble and self._making.acquire(timeout=WAIT):
            try:
                self._made(room)
            finally:
                self._making.release()
        taken, self._segment = self._segment, None
        return taken

    def drop(self) -> None:
        """It is not needed any more."""
        if self._segment is not None:
            self._segment.remove()
            self._segment = None

    def complain(self, trouble: str) -> None:
        """Say what is wrong, once as long as it stays the same."""
        if trouble != self.trouble:
            self.trouble = trouble
            self._say(f"the log in {self._folder} cannot go on in a new segment: {trouble}")

    def _made(self, room: bool) -> Segment | None:
        if self._segment is not None:
            return self._segment
        if not room:
            self.complain("it is as long as it may be, and all of it is still needed")
            return None
        try:
            fresh = Segment(self._folder, self._number, self._size)
        except OSError as error:
            self.complain((error.strerror or str(error)).lower())
            return None
        self.trouble = ""
        self._number += 1
        self._segment = fresh
        return fresh
