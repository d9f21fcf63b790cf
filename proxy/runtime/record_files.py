"""One file of records on the disk: begun, chained, rotated, closed, and deleted when its time is over.

The first line (`begin`) names the node, the file before and its last hash; `end` closes it; `gap` stands where records
were lost. A file goes by the name of the target while it is written, then by a name with the instant of its begin. What
the disk took only in part is cut off again, so a loss is a counted gap and never half a line. No method waits for
anything but the disk; the journal's own thread calls them.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, final

import msgspec

from proxy.runtime.record_archive import DAY, Keeping, archived, archived_name, free_name, is_over, put_aside, say
from proxy.runtime.record_chain import NOTHING_BEFORE, Chain
from proxy.runtime.record_seal import Seal
from proxy.runtime.record_shapes import BeginLine, EndLine, GapLine, utc

STDOUT: Final = "-"
PRIVATE: Final = 0o640  # the lines tell who called whom, even with the called number masked
SECRET: Final = 0o600
RETRY: Final = 60.0  # s between two attempts to rotate on a disk that refuses


@final
class RecordFile:
    """One target, file after file."""

    def __init__(self, target: str, node: str, keeping: Keeping, mode: int = PRIVATE) -> None:
        self.target: Final = target
        self.seal: Seal | None = None  # signs the last line
        self._node: Final = node
        self._keeping: Final = keeping
        self._mode: Final = mode
        self._descriptor = -1
        self._regular = False
        self._chain = Chain()
        self._previous = ""
        self._name = ""
        self._size = 0
        self._began = 0.0
        self._prospecting = 0
        self._lost = 0
        self._reason = ""
        self._not_before = 0.0

    @property
    def regular(self) -> bool:
        """Whether it is a file on a disk, which can be read again."""
        return self._regular

    def open(self, now: float) -> None:
        """Open the target; what stands there already is put aside first. Raises OSError."""
        self._previous, last = "", NOTHING_BEFORE
        if self.target != STDOUT:
            self._previous, last = put_aside(Path(self.target))
        self._adopt(open_target(self.target, self._mode), last)
        self._sweep(now)

    def _adopt(self, descriptor: int, last: str) -> None:
        self._descriptor = descriptor
        self._regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._chain = Chain(-1, last)
        self._size = self._prospecting = 0
        self._name = ""

    def lose(self, count: int, reason: str) -> None:
        """Remember lost records; the next line written tells them."""
        self._lost += count
        self._reason = reason

    def add(self, encoded: list[bytes], prospecting: int, now: float) -> None:
        """Append JSON objects as lines, all or none; `prospecting` of them are kept longer. Raises OSError: none stands there."""
        if not encoded and not self._lost:
            return
        self._rotate_if_due(now)
        self._append(encoded, now)
        self._prospecting += prospecting

    def _append(self, encoded: list[bytes], now: float) -> None:
        chain = self._chain.copy()
        lines = []
        if not self._name:
            self._began = now
            self._name = archived_name(Path(self.target), now)
        if chain.seq < 0:
            begin = BeginLine(utc(now), self._node, self._name, self._previous)
            lines.append(chain.link(msgspec.json.encode(begin)))
        if self._lost:
            lines.append(chain.link(msgspec.json.encode(GapLine(utc(now), self._node, self._lost, self._reason))))
        lines += [chain.link(one) for one in encoded]
        data = b"".join(lines)
        try:
            write_all(self._descriptor, data)
        except OSError:
            self._cut_back()
            raise
        self._chain = chain
        self._size += len(data)
        self._lost = 0

    def _cut_back(self) -> None:
        """Take away what a refused write left behind."""
        if self._regular:
            os.ftruncate(self._descriptor, self._size)

    def _rotate_if_due(self, now: float) -> None:
        keeping = self._keeping
        if not self._regular or self._chain.seq < 0 or now < self._not_before:
            return
        large = 0 < keeping.rotate_bytes <= self._size
        if large or (keeping.rotate_daily and now // DAY != self._began // DAY):
            self._not_before = now + RETRY
            try:
                self._rotate(now)
            except OSError as error:
                say(f"`{self.target}` goes on, the next file cannot be begun: {error.strerror}")
                return
            self._not_before = 0.0
            self._sweep(now)

    def _rotate(self, now: float) -> None:
        """Begin a file beside the target, give both their names, then close the old one. Raises OSError."""
        target = Path(self.target)
        fresh = open_target(f"{target}.new", self._mode)
        aside = free_name(target.with_name(self._name))
        try:
            os.ftruncate(fresh, 0)
            os.rename(target, aside)
        except OSError:
            os.close(fresh)
            raise
        try:
            os.rename(f"{target}.new", target)
        except OSError:
            os.rename(aside, target)
            os.close(fresh)
            raise
        self._succeed(fresh, now, "rotation")

    def reopen(self, now: float) -> None:
        """Begin a new file if the old one was moved away. Raises OSError; then the old one goes on."""
        if self.target == STDOUT or self._is_in_place():
            return
        put_aside(Path(self.target))
        self._succeed(open_target(self.target, self._mode), now, "moved")

    def _is_in_place(self) -> bool:
        try:
            there, ours = os.stat(self.target), os.fstat(self._descriptor)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def _succeed(self, fresh: int, now: float, reason: str) -> None:
        """Close the old file, even without its last line, and go on in the fresh one."""
        with suppress(OSError):
            self._end(now, reason)
        os.close(self._descriptor)
        self._previous = self._name
        self._adopt(fresh, self._chain.last)

    def _end(self, now: float, reason: str) -> None:
        end = EndLine(utc(now), self._node, reason, self._prospecting)
        if self.seal is not None:
            if self._lost or self._chain.seq < 0:
                self._append([], now)  # `begin` and `gap` first: the signature names its place
            end = self.seal.end(self._chain.seq + 1, self._chain.last, end)
        self._append([msgspec.json.encode(end)], now)
        if self._regular:
            os.fsync(self._descriptor)

    def close(self, now: float) -> None:
        """Close the file with its last line. Raises OSError."""
        try:
            self._end(now, "stop")
        finally:
            os.close(self._descriptor)

    def _sweep(self, now: float) -> None:
        """Delete the closed files whose time is over."""
        if not self._regular:
            return
        for path in archived(Path(self.target)):
            if is_over(path, self._keeping, now):
                path.unlink(missing_ok=True)
                say(f"`{path.name}` is deleted, its time is over")


def open_target(target: str, mode: int = PRIVATE) -> int:
    """A descriptor that appends to `target`; missing folders are made. Raises OSError, also if another process has it."""
    if target == STDOUT:
        return os.dup(1)
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, mode)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`; the system may take it in pieces."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
