"""Records in the ahead log, until they stand in their files: a process that is killed loses none of them, and none is doubled.

A line is put into the log before the messages of its input go out; the line that ends a call ends what was noted of the call
in the same entry. Files are written in the order of the log, so what a predecessor had not written is what comes behind the
newest line of the log that its files hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, final

from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_reading import Found
from proxy.runtime.ahead_segment import call_key
from proxy.runtime.record_archive import files_of, whole_lines_backwards
from proxy.runtime.record_chain import HEAD

REST: Final = 30  # kinds of entries, one for each file
PROSPECTS: Final = 31
WHOLE: Final = 32
LOOK_BACK: Final = 64 << 20  # bytes of files


@final
class Waiting:
    """One record as its lines, empty where it has none; `told` is False for one that could not be encoded."""

    __slots__ = ("line", "prospecting", "told", "whole")

    def __init__(self, line: bytes, whole: bytes, prospecting: bool, told: bool = True) -> None:
        self.line: Final = line
        self.whole: Final = whole
        self.prospecting: Final = prospecting
        self.told: Final = told

    def part(self, shown: bool) -> Waiting:
        """Only its line for the file that masks numbers, or only the one for the other."""
        return Waiting(self.line, b"", self.prospecting) if shown else Waiting(b"", self.whole, self.prospecting)


@final
class RecordKeeping:
    """The lines of one journal in the log. The writer, a thread of its own, calls `reached` and `done` and nothing else."""

    def __init__(self, log: AheadLog) -> None:
        self._log: Final = log
        self._mark: Final = log.mark()

    def put(self, kind: int, line: bytes, call: int = 0) -> None:
        """A line that was handed to the writer; `call` is the number of the call that it ends, 0 for none."""
        if call:
            self._log.end(kind, call_key(call), line)
        else:
            self._log.put(kind, line)

    def reached(self) -> int:
        """Where the log is before the writer takes what waits."""
        return self._log.end_position

    def done(self, reached: int) -> None:
        """All that was put before then stands in its file."""
        self._mark.position = reached


def left_over(found: Found, kind: int, target: str) -> list[bytes]:
    """What a predecessor put into the log for this file and did not write, in order. Raises OSError.

    A log that was taken over and not deleted any more says some lines twice.
    """
    places = {line: place for place, line in enumerate(dict.fromkeys(found.of(kind)))}
    written = newest_written(files_of(Path(target)), places) if places else -1
    return [line for line, place in places.items() if place > written]


def newest_written(files: Sequence[Path], places: Mapping[bytes, int], look_back: int = LOOK_BACK) -> int:
    """The place of the newest of these lines that a file holds; -1 for none. Lines are in files as they were unchained.

    Behind it stand only lines of the files themselves, and those for which the log had no room: nobody looks further back
    than so many bytes.
    """
    rest = look_back
    for path in reversed(files):
        for line in whole_lines_backwards(path):
            head = HEAD.match(line)
            place = places.get(b"{" + line[head.end() :], -1) if head else -1
            rest -= len(line)
            if place >= 0 or rest < 0:
                return place
    return -1
