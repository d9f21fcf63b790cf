"""The ahead log: what must outlive this process at any point stands here before the wire tells anybody.

`put` copies an entry into a mapped file (`ahead_segment`) and makes no system call; the operating system has it then,
and a killed process loses nothing. Nobody asks for it to be brought to the disk: most segments are deleted before the system
does so by itself, and while it does, writing waits. A machine that fails loses what it would of any file. A thread makes
the next segment beforehand, and deletes segments, the oldest first, when nobody needs them any more:

- Streams (rows of the ledger, records) are written elsewhere behind; each has a `Mark`, and what lies before all marks
  is done with.
- Kept entries (calls) live until an entry with the same key replaces or ends them. Where they keep an old segment from
  being deleted they are put again, a few with each new entry.

`put`, `keep` and `end` are for one thread only. What finds no room, because the disk is full or the log as long as it
may be, is counted in `unlogged` and said; nobody waits. What a predecessor left is read by `ahead_reading` on `open`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Final, final

from proxy.runtime.ahead_reading import Found, read_back
from proxy.runtime.ahead_segment import ENDS, ENTRY, FIRST, Segment, way_in
from proxy.runtime.ahead_spare import Spare

SEGMENT: Final = 8 << 20  # bytes; two of them are mapped at least
MOST: Final = 1 << 30  # bytes of all segments, give or take one
LOOK: Final = 0.05  # s between two looks of the thread
CROWDED: Final = 4  # segments; with more, and twice what is kept, the kept entries of the oldest are put again
AMONG: Final = 256  # entries in their mean size
CARRIED: Final = 8  # of them with each new entry
NEVER: Final = 1 << 62  # the position of a mark whose stream needs nothing
HEADER: Final = ENTRY.size


@final
class Mark:
    """What one stream still needs: nothing of it that lies before `position`, or nothing at all (`NEVER`)."""

    __slots__ = ("position",)

    def __init__(self, position: int) -> None:
        self.position = position


@final
class AheadLog:
    """The log in one folder, for one process at a time. `say` gets a line when something is wrong."""

    def __init__(self, folder: Path, say: Callable[[str], None], size: int = SEGMENT, most: int = MOST) -> None:
        self.folder: Final = folder
        self.entries = 0
        self.unlogged = 0  # entries that found no room
        self.renewed: Callable[[int, bytes], bytes] | None = None  # what is put again instead, by kind and key
        self.damaged = 0  # places where the predecessor's log could not be read
        self._say: Final = say
        self._size: Final = size
        self._most: Final = max(most // size, 2)
        self._segments: Final[dict[int, Segment]] = {}
        self._marks: Final[list[Mark]] = []
        self.places: Final[dict[bytes, int]] = {}  # of what is kept, by key
        self._mean = 0.0  # bytes of the last kept entries
        self._carry: list[bytes] = []
        self._carried_below = 0
        self._enter: Final = way_in()
        self._current: Segment | None = None
        self._spare: Final = Spare(folder, size, say)
        self._at = 0  # where the next entry goes in the current segment
        self._base = 0  # the position of the current segment
        self._left: list[Path] = []
        self._lock = -1
        self._wake: Final = Event()
        self._over = False
        self._tender: Final = Thread(target=self._look_after, name="ahead log", daemon=True)

    def open(self) -> Found:
        """Begin, and give what a predecessor left; it stays until `taken_over`. Raises OSError, also if it is in use."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = read_back(self.folder)
            self._left = found.files
            number = max(found.end // self._size, found.last) + 1
            self._current = self._segments[number] = self._spare.first(number)
        except BaseException:
            os.close(self._lock)
            raise
        self._base, self._at = number * self._size, FIRST
        self.damaged = found.damaged
        if found.damaged:
            self._say(f"the log in {self.folder} was cut or damaged in {found.damaged} places; the rest was read")
        self._current.touch()
        self._tender.start()
        return found

    def taken_over(self) -> None:
        """All that the predecessor left stands elsewhere now, in this log or where it belongs."""
        for path in self._left:
            path.unlink(missing_ok=True)
        self._left = []

    def mark(self) -> Mark:
        """The mark of a new stream, which needs nothing yet."""
        made = Mark(self.end_position)
        self._marks.append(made)
        return made

    @property
    def end_position(self) -> int:
        """Where the next entry goes. A stream that hands an entry on before it is put, and reads this before it takes
        what was handed on, may set its mark here when all that it took is done."""
        return self._base + self._at

    @property
    def kept(self) -> int:
        """Keys that are kept."""
        return len(self.places)

    @property
    def held_bytes(self) -> int:
        """The size of all segments that hold something."""
        return len(self._segments) * self._size

    def put(self, kind: int, payload: bytes) -> int:
        """One entry of a stream, `kind` from 1 to 127; its position, -1 if there was no room."""
        return self._put(kind, b"", payload)

    def keep(self, kind: int, key: bytes, payload: bytes) -> int:
        """What stands under this key (at most 255 bytes, never used for anything else) from now on, until `end`."""
        position = self._put(kind, key, payload)
        if position >= 0 and self._current is not None:
            before = self.places.get(key)
            if before is not None:
                self._let_go(before)
            self.places[key] = position
            self._mean += (HEADER + len(key) + len(payload) - self._mean) / AMONG
            self._current.live += 1  # what was put stands there
        return position

    def end(self, kind: int, key: bytes, payload: bytes) -> int:
        """One entry of a stream that in the same moment ends what was kept under the key, if anything was."""
        position = self._put(kind | ENDS, key, payload)
        before = self.places.get(key)
        if before is not None:
            del self.places[key]
            self._let_go(before)
        return position

    def _let_go(self, position: int) -> None:
        """What is kept there is not needed any more."""
        current = self._current
        if position >= self._base and current is not None:
            current.live -= 1
        else:
            self._segments[position // self._size].live -= 1

    def _put(self, kind: int, key: bytes, payload: bytes) -> int:
        at, current = self._at, self._current
        if current is not None and not self._carry:
            end = self._enter(current.bytes, at, self._base + at, kind, key, payload)
            if end >= 0:
                self._at = end
                self.entries += 1
                return self._base + at
        for _ in range(min(CARRIED, len(self._carry))):
            self._put_again(self._carry.pop())
        return self._write(kind, key, payload)

    def _put_again(self, key: bytes) -> None:
        """What is kept under the key, if that still stands in an old segment."""
        before = self.places.get(key, -1)
        if 0 <= before < self._carried_below:
            old = self._segments[before // self._size]
            kind, _, payload = old.entry(before % self._size)
            position = self._write(kind, key, (self.renewed and self.renewed(kind, key)) or payload)
            if position >= 0:
                self.places[key] = position
                old.live -= 1
                self._segments[position // self._size].live += 1

    def _write(self, kind: int, key: bytes, payload: bytes) -> int:
        length = HEADER + len(key) + len(payload)
        current = self._current
        if current is None or length > self._size - FIRST:
            self.unlogged += 1
            return -1
        if self._at + length > self._size:
            fresh = self._spare.take(len(self._segments) < self._most)
            if fresh is None:
                self.unlogged += 1
                return -1
            self._current = current = self._segments[fresh.number] = fresh
            self._base, self._at = fresh.number * self._size, FIRST
            self._wake.set()
        at, position = self._at, self._base + self._at
        self._at = self._enter(current.bytes, at, position, kind, key, payload)
        self.entries += 1
        return position

    def _look_after(self) -> None:
        while not self._over:
            self._wake.wait(LOOK)
            self._wake.clear()
            self._free()
            for full in list(self._segments.values())[:-1]:
                if not full.rested:
                    full.rest()
            self._spare.prepare(len(self._segments) < self._most)

    def _free(self) -> None:
        """Delete the oldest segments while nobody needs them; where only kept entries do, have them put again."""
        while len(self._segments) > 1:
            number = next(iter(self._segments))
            oldest, end = self._segments[number], (number + 1) * self._size
            if any(mark.position < end for mark in self._marks):
                return
            if oldest.live:
                needed = 2 * len(self.places) * self._mean / self._size
                if len(self._segments) > max(CROWDED, needed + 1) and not self._carry:
                    self._carried_below = end
                    self._carry = self.kept_before(end)
                return
            del self._segments[number]
            oldest.remove()

    def kept_before(self, end: int) -> list[bytes]:
        """Keys of what is kept before that position; from any thread. A copy is made at once, while going through the
        items themselves gives way to garbage collections, and so to the thread that puts and ends."""
        return [key for key, position in self.places.copy().items() if position < end]

    def close(self) -> None:
        """End the thread. The files go if nobody needs anything in them any more, else they wait for a successor."""
        if self._current is None:
            return
        self._over = True
        self._wake.set()
        self._tender.join()
        done = not self.places and all(mark.position >= self.end_position for mark in self._marks)
        for segment in self._segments.values():
            (segment.remove if done else segment.close)()
        self._spare.drop()
        self._segments.clear()
        self._current = None
        os.close(self._lock)
