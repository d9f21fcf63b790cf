"""What the workers of a node count together: calls at once and the buckets of rates, in memory that all of them have.

The memory is one anonymous file that the supervisor makes and each worker maps. A name (of a customer, a trunk, a
carrier) gets a place when somebody first counts it; places are given under a lock of the file, by the hash of the name.
Each worker writes its calls at once into a row of its own, so there is nothing to lock when it counts, and the row of one
that died is cleared. The bucket of a rate is one instant for all, when it is full again; two workers who move it in the
same microsecond count one call for two, which a rate can bear.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from threading import Lock
from typing import Final, final

MOST: Final = 1 << 17  # names
CELL: Final = 8
HEAD: Final = 1  # cells: how many names there are


def made(workers: int) -> int:
    """The file for so many workers, as its number; empty, and with room only where something is written."""
    number = os.memfd_create("npv-meters")
    os.ftruncate(number, cells(workers) * CELL)
    return number


def cells(workers: int) -> int:
    """Count, hashes, instants, a row for each worker."""
    return HEAD + MOST * (2 + workers)


@final
class SharedMeters:
    """The memory as one worker has it (`number`), or the supervisor (-1). It owns the file. `b2bua.capacity.Others`."""

    def __init__(self, file: int, workers: int, number: int) -> None:
        self._file: Final = file
        self._map: Final = mmap.mmap(file, cells(workers) * CELL)
        view = memoryview(self._map)
        self._whole: Final = view.cast("q")
        self._instants: Final = view[(HEAD + MOST) * CELL : (HEAD + 2 * MOST) * CELL].cast("d")
        rows = [HEAD + (2 + worker) * MOST for worker in range(workers)]
        self._rows: Final = tuple(rows)
        self._own: Final = rows[number] if number >= 0 else 0
        self._others: Final = tuple(row for worker, row in enumerate(rows) if worker != number)
        self._places: Final[dict[int, int]] = {}
        self._fence: Final = Lock()
        view.release()

    def place(self, name: str) -> int:
        """Where that name is counted; -1 when there is no room for one more."""
        key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
        known = self._places.get(key)
        if known is not None:
            return known
        with self._locked():
            whole, count = self._whole, self._whole[0]
            for place in range(len(self._places), count):
                self._places[whole[HEAD + place]] = place
            if key not in self._places:
                if count >= MOST:
                    return -1
                whole[HEAD + count] = key
                whole[0] = count + 1
                self._places[key] = count
        return self._places[key]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among the processes."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def tell(self, place: int, live: int) -> None:
        """We have so many calls there at once; whoever asks from now on hears it."""
        self._whole[self._own + place] = live
        self._fence.acquire()  # an atomic instruction: what was written is seen before anything is read
        self._fence.release()

    def live(self, place: int) -> int:
        """Calls at once of the other workers."""
        whole, count = self._whole, 0
        for row in self._others:
            count += whole[row + place]
        return count

    def due(self, place: int) -> float:
        """When the bucket of all is full again."""
        return self._instants[place]

    def defer(self, place: int, due: float) -> None:
        """It is full again later."""
        self._instants[place] = due

    def clear(self, worker: int) -> None:
        """That worker has ended, and its calls with it."""
        row = self._rows[worker]
        for place in range(self._whole[0]):
            self._whole[row + place] = 0

    def close(self) -> None:
        """Count no more."""
        self._instants.release()
        self._whole.release()
        self._map.close()
        os.close(self._file)
