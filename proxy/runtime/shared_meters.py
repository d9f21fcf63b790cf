"""What the workers of a node count together: calls at once and the buckets of rates, in memory that all of them have.

The memory is one anonymous file that the supervisor makes and each worker maps. A name (of a customer, a trunk, a
carrier) gets a place when somebody first counts it; places are given under a lock of the file, by the hash of the name.
Each worker writes its calls at once into a row of its own, so there is nothing to lock when it counts, and the row of one
that died is cleared. The bucket of a rate is one instant for all, when it is full again; two workers who move it in the
same microsecond count one call for two, which a rate can bear.

One more row holds what other nodes count, as far as it is known (`node_limits`), which needs no lock either: one process
of a node writes it.
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
COLUMNS: Final = 4  # hashes, instants, rates, what other nodes count
NO_RATE: Final = -1.0  # of what has a limit of calls at once alone


def made(workers: int) -> int:
    """The file for so many workers, as its number; empty, and with room only where something is written."""
    number = os.memfd_create("npv-meters")
    os.ftruncate(number, cells(workers) * CELL)
    return number


def cells(workers: int) -> int:
    """Count, what there is once for each name, and two rows for each worker: calls at once, and calls taken from the rates."""
    return HEAD + MOST * (COLUMNS + 2 * workers)


def key_of(name: str) -> int:
    """What stands for a name here and between nodes."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


@final
class SharedMeters:
    """The memory as one worker has it (`number`), or the supervisor (-1). It owns the file. `b2bua.capacity.Others`."""

    def __init__(self, file: int, workers: int, number: int) -> None:
        self._file: Final = file
        self._map: Final = mmap.mmap(file, cells(workers) * CELL)
        view = memoryview(self._map)
        self._whole: Final = view.cast("q")
        first, rates, elsewhere, end = (HEAD + column * MOST for column in range(1, COLUMNS + 1))
        self._instants: Final = view[first * CELL : rates * CELL].cast("d")
        self._rates: Final = view[rates * CELL : elsewhere * CELL].cast("d")
        self._elsewhere: Final = elsewhere
        self._rows: Final = tuple(end + worker * MOST for worker in range(workers))
        self._takes: Final = tuple(end + (workers + worker) * MOST for worker in range(workers))
        self._own: Final = self._rows[number] if number >= 0 else 0
        self._own_takes: Final = self._takes[number] if number >= 0 else 0
        others = tuple(row for worker, row in enumerate(self._rows) if worker != number)
        self._others: Final = (elsewhere, *others)
        self._places: Final[dict[int, int]] = {}
        self._fence: Final = Lock()
        view.release()

    def place(self, name: str) -> int:
        """Where that name is counted; -1 when there is no room for one more."""
        return self.place_of(key_of(name))

    def place_of(self, key: int) -> int:
        """The same by the key of the name."""
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

    # -- for whoever counts ------------------------------------------------------

    def tell(self, place: int, live: int) -> None:
        """We have so many calls there at once; whoever asks from now on hears it."""
        self._whole[self._own + place] = live
        self._fence.acquire()  # an atomic instruction: what was written is seen before anything is read
        self._fence.release()

    def limit(self, place: int, rate: float, most: int) -> None:
        """These limits hold for what is counted there; 0: none."""
        self._rates[place] = rate if rate > 0 else NO_RATE if most else 0.0

    def live(self, place: int) -> int:
        """Calls at once of the other workers, and of the other nodes as far as they told."""
        return self._total(self._others, place)

    def _total(self, rows: tuple[int, ...], place: int) -> int:
        """What stands there in these rows, together."""
        whole, count = self._whole, 0
        for row in rows:
            count += whole[row + place]
        return count

    def due(self, place: int) -> float:
        """When the bucket of all is full again."""
        return self._instants[place]

    def defer(self, place: int, due: float) -> None:
        """One more call was taken from it: it is full again later."""
        self._instants[place] = due
        self._whole[self._own_takes + place] += 1

    def clear(self, worker: int) -> None:
        """That worker has ended, and its calls with it."""
        row = self._rows[worker]
        for place in range(self._whole[0]):
            self._whole[row + place] = 0

    # -- for whoever speaks with other nodes -------------------------------------

    def limits(self) -> bytes:
        """Doubles, for each name in the order of their places: the rate, `NO_RATE` with another limit alone, 0 without any."""
        return self._rates[: self._whole[0]].tobytes()

    def key(self, place: int) -> int:
        """Of the name that is counted there."""
        return self._whole[HEAD + place]

    def lives(self, place: int) -> int:
        """Calls at once of all workers of this node."""
        return self._total(self._rows, place)

    def takes(self, place: int) -> int:
        """Calls of all workers of this node that were ever taken from the rate."""
        return self._total(self._takes, place)

    def elsewhere(self, place: int, live: int) -> None:
        """The other nodes have so many calls there at once."""
        self._whole[self._elsewhere + place] = live

    def taken_elsewhere(self, place: int, calls: int, now: float) -> None:
        """Other nodes took so many calls from this bucket; no more than empties it twice is heeded."""
        rate = self._rates[place]
        if rate > 0:
            due = max(self._instants[place], now) + calls / rate
            self._instants[place] = min(due, now + 2.0 * max(rate, 1.0) / rate)

    def close(self) -> None:
        """Count no more."""
        self._instants.release()
        self._rates.release()
        self._whole.release()
        self._map.close()
        os.close(self._file)
