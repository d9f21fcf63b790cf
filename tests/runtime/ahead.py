"""Ahead logs of small segments for tests, and a process that writes one until it is killed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from proxy.runtime import ahead_spare
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_reading import Found, read_back

SIZE = 1 << 14
PATIENCE = 60.0  # s; a machine that is busy with other things is no failure


class Said(list[str]):
    """The lines for the operator."""


def opened(folder: Path, size: int = SIZE, most: int = 1 << 30) -> tuple[AheadLog, Said]:
    """A log that is open, and what it says."""
    said = Said()
    log = AheadLog(folder, said.append, size, most)
    log.open()
    return log, said


def found_in(folder: Path) -> Found:
    """What a successor would find there at this moment; a file may go between its listing and its reading."""
    while True:
        with suppress(FileNotFoundError):
            return read_back(folder)


def until(holds: Callable[[], bool]) -> None:
    """Wait until it does, a bounded time."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def write_for_ever(folder: Path) -> None:
    """Streams and kept entries without an end; each number is printed once it stands in the log."""
    ahead_spare.WAIT = PATIENCE  # type: ignore[misc]  # a slow machine is no full disk
    log = AheadLog(folder, lambda _: None, 1 << 16)
    log.open()
    log.mark()
    number = 0
    while True:
        number += 1
        done = log.put(1, b"%d " % number * 40) >= 0 and log.keep(2, b"call %d" % number, b"up") >= 0
        done = done and (number < 50 or log.end(3, b"call %d" % (number - 49), b"over") >= 0)
        if not done:
            return
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    write_for_ever(Path(sys.argv[1]))
