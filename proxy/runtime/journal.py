"""The journal: one JSON line for each decision, each ended call and each defect.

SIP never waits for the disk. `put` only appends the record object to a bounded queue; a writer thread wakes every
`PAUSE` seconds, turns the records into lines in batches of at most `BATCH` (encoding holds the interpreter, so the
batch bounds how long SIP can wait for it) and writes each batch with one system call. What the queue cannot take, or
the disk refuses, is counted in `dropped` and gone. Rotation is the operator's: move the file away, then SIGHUP.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from threading import Event, Thread
from typing import Final, TypeAlias, final

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault
from proxy.policy.edition import Edition
from proxy.runtime.record_lines import Lines

BATCH: Final = 64
PAUSE: Final = 0.1  # s between two looks at the queue: the most that a crash of the machine can lose
PATIENCE: Final = 5.0  # s
STDOUT: Final = "-"
OFF: Final = ""
PRIVATE: Final = 0o640  # the lines tell who called whom, even with the called number masked

Record: TypeAlias = DecisionRecord | CallRecord | Fault


@final
class Journal:
    """Writes to the file `target`, to standard output for `-`, nowhere for an empty text."""

    def __init__(self, target: str, capacity: int, node: str, edition: Edition) -> None:
        self.written = 0
        self.dropped = 0
        self.failure = ""
        self._target: Final = target
        self._capacity: Final = capacity
        self._edition = edition
        self._lines: Final = Lines(node)
        self._waiting: Final[deque[tuple[Record, Edition]]] = deque()
        self._stop: Final = Event()
        self._reopen: Final = Event()
        self._descriptor = -1
        self._torn = False
        self._writer: Final = Thread(target=self._write_until_stopped, name="journal", daemon=True)

    def start(self) -> None:
        """Open the target and start the writer. Raises OSError when the target cannot be opened."""
        if self._target != OFF:
            self._descriptor = open_target(self._target)
            self._writer.start()

    def put(self, record: Record) -> None:
        """Hand one record over; never waits for the target. Without one, defects still show on standard error."""
        if self._target == OFF:
            if isinstance(record, Fault):
                sys.stderr.write(f"npv-proxy: fault: {record.text}\n")
            return
        if len(self._waiting) >= self._capacity:
            self.dropped += 1
            return
        self._waiting.append((record, self._edition))

    def use_edition(self, edition: Edition) -> None:
        """From the next record on, list the rules of this edition."""
        self._edition = edition

    def reopen(self) -> None:
        """Open the target anew before the next batch, as after a rotation."""
        self._reopen.set()

    def stop(self) -> None:
        """Write what waits, then close; give up on a target that takes longer than `PATIENCE`."""
        if not self._writer.is_alive():
            return
        self._stop.set()
        self._writer.join(PATIENCE)
        if self._writer.is_alive():
            self._fail(f"`{self._target}` is stuck; {len(self._waiting)} records are lost")
        else:
            os.close(self._descriptor)

    def _write_until_stopped(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stop.wait(PAUSE)
            if self._reopen.is_set():
                self._reopen.clear()
                self._open_anew()
            while self._waiting:
                self._write_batch()

    def _open_anew(self) -> None:
        try:
            fresh = open_target(self._target)
        except OSError as error:
            self._fail(f"cannot reopen `{self._target}`: {error.strerror}; the old file goes on")
            return
        os.close(self._descriptor)
        self._descriptor = fresh

    def _fail(self, text: str) -> None:
        """Say it on standard error, once as long as it stays the same."""
        if text != self.failure:
            self.failure = text
            sys.stderr.write(f"npv-proxy: records: {text}\n")

    def _write_batch(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        lines = []
        for record, edition in batch:
            try:
                lines.append(self._lines.line(record, edition))
            except Exception as error:  # one record that cannot be told must not end the journal
                self.dropped += 1
                self._fail(f"a record could not be encoded: {error!r}")
        try:
            write_all(self._descriptor, (b"\n" if self._torn else b"") + b"".join(lines))
        except OSError as error:
            self._torn = True
            self.dropped += len(lines)
            self._fail(f"cannot write to `{self._target}`: {error.strerror}")
        else:
            self._torn = False
            self.written += len(lines)


def open_target(target: str) -> int:
    """A descriptor that appends to `target`; missing folders are made."""
    if target == STDOUT:
        return os.dup(1)
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`; the system may take it in pieces."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
