"""The journal: one JSON line for each decision, each ended call and each defect.

SIP never waits for the disk. `put` makes the line, puts it into the ahead log and appends it to a bounded queue; a writer
thread wakes every `PAUSE` seconds, chains the lines in batches of at most `BATCH` and writes each batch with one system
call. So a killed process loses none: the next one writes what its log has and the files have not (`record_keeping.py`).
What the disk refuses is tried again while the log has it. What the queue cannot take, or no log has, is counted in `dropped`
and told in the file as a gap. Files are chained
and rotated in `record_files.py`; prospecting decisions and whole numbers may go to files of their own.
"""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from time import time
from typing import Final, final

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault
from proxy.policy.directory import CAUTIOUS_PURPOSE
from proxy.policy.edition import Edition
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_reading import Found
from proxy.runtime.audit_key import signing_key
from proxy.runtime.record_archive import PROSPECTING, Keeping
from proxy.runtime.record_files import PRIVATE, SECRET, STDOUT, RecordFile
from proxy.runtime.record_keeping import PROSPECTS, REST, WHOLE, RecordKeeping, Waiting, left_over
from proxy.runtime.record_lines import Lines, Record
from proxy.runtime.record_seal import Seal

BATCH: Final = 64
PAUSE = 0.1  # s between two looks at the queue
PATIENCE = 5.0  # s
OFF: Final = ""
QUEUE_FULL: Final = "the queue was full"
NOT_TOLD: Final = "a record could not be encoded"
FOR_EVER: Final = Keeping()

__all__ = ["OFF", "STDOUT", "Journal", "Targets"]


@dataclass(frozen=True)
class Targets:
    """Where records go: a file, `-` for standard output, empty for nowhere; `prospecting` empty means with the rest.

    With a `signing_key` the last line of each file is signed.
    """

    path: str
    prospecting: str = OFF
    audit: str = OFF
    keeping: Keeping = FOR_EVER
    signing_key: Path | None = None


@final
class Sink:
    """One file, and the kind of its entries in the ahead log."""

    def __init__(self, file: RecordFile, kind: int) -> None:
        self.file: Final = file
        self.kind: Final = kind


@final
class Journal:
    """Writes records to `targets`; with an empty path nothing is written."""

    def __init__(self, targets: Targets, capacity: int, node: str, edition: Edition) -> None:
        self.written = 0
        self.dropped = 0
        self.failure = ""
        self._target: Final = targets.path
        self._capacity: Final = capacity
        self._edition = edition
        self._waiting: Final[deque[Waiting]] = deque()
        self._again: list[Waiting] = []  # what the disk refused and the log still has
        self._keeping: RecordKeeping | None = None
        self._refused = 0
        self._told = 0
        self._stop: Final = Event()
        self._reopen: Final = Event()
        keeping = targets.keeping
        self._lines: Final = Lines(node)
        self._whole: Final = Lines(node, whole=True)
        self._signing_key: Final = targets.signing_key
        self._rest: Final = Sink(RecordFile(targets.path, node, keeping, PRIVATE), REST)
        self._prospecting = self._rest
        self._audit: Sink | None = None
        if targets.prospecting:
            self._prospecting = Sink(RecordFile(targets.prospecting, node, keeping, PRIVATE), PROSPECTS)
        if targets.audit:
            self._audit = Sink(RecordFile(targets.audit, node, keeping, SECRET), WHOLE)
        found = (self._rest, self._prospecting, self._audit)
        self._sinks: Final[list[Sink]] = list(dict.fromkeys(sink for sink in found if sink is not None))
        self._writer: Final = Thread(target=self._write_until_stopped, name="journal", daemon=True)

    def start(self, log: AheadLog | None = None, left: Found | None = None) -> None:
        """Open the targets and start the writer; with a log, what it has `left` of a predecessor is written first.

        Raises OSError when one cannot be opened, ConfigError for a signing key that is none.
        """
        if self._target != OFF:
            if self._signing_key is not None:
                seal = Seal(signing_key(self._signing_key))
                for sink in self._sinks:
                    sink.file.seal = seal
            for sink in self._sinks:
                sink.file.open(time())
            if log is not None:
                self._keeping = RecordKeeping(log)
                if left is not None:
                    self._take_up(left, self._keeping)
            self._writer.start()

    def _take_up(self, left: Found, keeping: RecordKeeping) -> None:
        for sink in self._sinks:
            if sink.file.regular:
                for line in left_over(left, sink.kind, sink.file.target):
                    shown, whole = (b"", line) if sink is self._audit else (line, b"")
                    self._waiting.append(Waiting(shown, whole, PROSPECTING in line))
                    keeping.put(sink.kind, line)

    def put(self, record: Record) -> None:
        """Hand one record over; never waits for the target. Without one, defects still show on standard error."""
        if self._target == OFF:
            if isinstance(record, Fault):
                sys.stderr.write(f"npv-proxy: fault: {record.text}\n")
            return
        if len(self._waiting) >= self._capacity:
            self.dropped += 1
            self._refused += 1
            return
        prospecting = is_prospecting(record)
        try:
            line = self._lines.line(record, self._edition)
            whole = self._whole.line(record, self._edition) if self._audit is not None else b""
        except Exception as error:  # one record that cannot be told must not end the call
            self._waiting.append(Waiting(b"", b"", prospecting, told=False))
            self._fail(f"{NOT_TOLD}: {error!r}")
            return
        self._waiting.append(Waiting(line, whole, prospecting))
        if self._keeping is not None:
            if whole:
                self._keeping.put(WHOLE, whole)
            call = record.number if isinstance(record, CallRecord) else 0
            self._keeping.put(self._prospecting.kind if prospecting else REST, line, call)

    def use_edition(self, edition: Edition) -> None:
        """From the next record on, list the rules of this edition."""
        self._edition = edition

    def reopen(self) -> None:
        """Open the targets anew before the next batch if they were moved away."""
        self._reopen.set()

    def stop(self) -> None:
        """Write what waits, then close; give up on a target that takes longer than `PATIENCE`."""
        if not self._writer.is_alive():
            return
        self._stop.set()
        self._writer.join(PATIENCE)
        if self._writer.is_alive():
            self._fail(f"`{self._target}` is stuck; {len(self._waiting)} records are lost")

    def _write_until_stopped(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stop.wait(PAUSE)
            if self._reopen.is_set():
                self._reopen.clear()
                self._open_anew()
            keeping = self._keeping
            reached = keeping.reached() if keeping is not None else 0
            while not self._again and (self._waiting or self._refused > self._told):
                self._write_batch()
            if self._again:
                self._waiting.extendleft(reversed(self._again))
                self._again = []
            elif keeping is not None:
                keeping.done(reached)
        for sink in self._sinks:
            try:
                sink.file.close(time())
            except OSError as error:
                self._fail(f"cannot close `{sink.file.target}`: {error.strerror}")

    def _open_anew(self) -> None:
        for sink in self._sinks:
            try:
                sink.file.reopen(time())
            except OSError as error:
                self._fail(f"cannot reopen `{sink.file.target}`: {error.strerror}; the old file goes on")

    def _fail(self, text: str) -> None:
        """Say it on standard error, once as long as it stays the same."""
        if text != self.failure:
            self.failure = text
            sys.stderr.write(f"npv-proxy: records: {text}\n")

    def _write_batch(self) -> None:
        refused = self._refused
        if refused > self._told:
            for sink in self._sinks:
                sink.file.lose(refused - self._told, QUEUE_FULL)
            self._told = refused
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        shown = [one for one in batch if one.line or not one.told]
        if self._prospecting is self._rest:
            self._write(self._rest, shown, counted=True)
        else:
            self._write(self._rest, [one for one in shown if not one.prospecting], counted=True)
            self._write(self._prospecting, [one for one in shown if one.prospecting], counted=True)
        if self._audit is not None:
            self._write(self._audit, [one for one in batch if one.whole or not one.told], counted=False)

    def _write(self, sink: Sink, batch: list[Waiting], counted: bool) -> None:
        """One write to one file; `counted` records are in `written` or `dropped` afterwards."""
        told = [one for one in batch if one.told]
        lost = len(batch) - len(told)
        if lost:
            sink.file.lose(lost, NOT_TOLD)
        try:
            lines = [one.line if counted else one.whole for one in told]
            sink.file.add(lines, sum(one.prospecting for one in told), time())
        except OSError as error:
            self._fail(f"cannot write to `{sink.file.target}`: {error.strerror}")
            if self._keeping is not None and sink.file.regular:
                self._again += [one.part(counted) for one in told]
                batch = batch[len(told) :]
            else:
                sink.file.lose(len(told), error.strerror or "the disk")
                lost = len(batch)
        if counted:
            self.written += len(batch) - lost
        if counted or lost:
            self.dropped += lost


def is_prospecting(record: Record) -> bool:
    """Whether it is a decision on the prospecting of a consumer, which is kept longer than the rest."""
    return isinstance(record, DecisionRecord) and record.facts.purpose == CAUTIOUS_PURPOSE
