"""What Prometheus sees of what is written behind the calls: the ahead log and the records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from proxy.runtime.metric_samples import Snapshot, by_one

WRITTEN_ROWS: Final = (
    ("npv_records_written_total", "counter", (), "Records written to the journal."),
    ("npv_records_dropped_total", "counter", (), "Records lost because the journal could not keep up."),
    ("npv_ahead_entries_total", "counter", (), "Entries put into the ahead log."),
    (
        "npv_ahead_unlogged_total",
        "counter",
        (),
        "Entries for which the ahead log had no room; a crash would lose them.",
    ),
    (
        "npv_ahead_damaged_total",
        "counter",
        (),
        "Places where the log of the predecessor could not be read at the start.",
    ),
    ("npv_ahead_bytes", "gauge", (), "Size of the segments of the ahead log that hold something still needed."),
    (
        "npv_calls_copied_total",
        "counter",
        ("outcome",),
        "Calls whose notes went to Redis: `written`, `silent` (tried again) or `dropped`.",
    ),
    ("npv_calls_copy_waiting", "gauge", (), "Calls of which something waits to go to Redis."),
    (
        "npv_calls_taken_up_total",
        "counter",
        ("outcome",),
        "Calls of a process before this one, by what became of them.",
    ),
    ("npv_ahead_kept", "gauge", (), "Entries that the ahead log keeps until they are ended."),
)


class JournalView(Protocol):
    """What is read of `journal.Journal`."""

    @property
    def written(self) -> int: ...
    @property
    def dropped(self) -> int: ...


class AheadView(Protocol):
    """What is read of `ahead_log.AheadLog`."""

    @property
    def entries(self) -> int: ...
    @property
    def unlogged(self) -> int: ...
    @property
    def damaged(self) -> int: ...
    @property
    def held_bytes(self) -> int: ...
    @property
    def kept(self) -> int: ...


class CallsView(Protocol):
    """What is read of `call_keeping.CallKeeping`."""

    @property
    def outcomes(self) -> Mapping[str, int]: ...
    @property
    def copied(self) -> Mapping[str, int]: ...
    @property
    def waiting(self) -> int: ...


def written_samples(journal: JournalView, ahead: AheadView, calls: CallsView) -> Snapshot:
    """Every value by name and labels."""
    return {
        "npv_records_written_total": {(): journal.written},
        "npv_records_dropped_total": {(): journal.dropped},
        "npv_ahead_entries_total": {(): ahead.entries},
        "npv_ahead_unlogged_total": {(): ahead.unlogged},
        "npv_ahead_damaged_total": {(): ahead.damaged},
        "npv_ahead_bytes": {(): ahead.held_bytes},
        "npv_calls_copied_total": by_one(calls.copied),
        "npv_calls_copy_waiting": {(): calls.waiting},
        "npv_calls_taken_up_total": by_one(calls.outcomes),
        "npv_ahead_kept": {(): ahead.kept},
    }
