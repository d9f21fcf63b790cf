"""What a node holds while it is under load: a look every few seconds, and whether it stays the same.

Memory is what its processes hold together, a page that several share counted once (Pss), without what they map of files:
the log of what is owed and the database are the kernel's to keep or to drop.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median

from tests.bench.edge import Edge
from tests.bench.processes import PROC

FLAT = 0.03
"""How far memory may go from its median."""
LEFT = ("calls", "transactions", "timers")
KEPT = ("files", "processes")
"""What there must not be more of in the end than before the first call; threads come when two pages are asked for at once."""


@dataclass(frozen=True)
class Look:
    """One look. `memory` in bytes; `cpu` in s since the start."""

    at: float
    memory: int
    resident: int
    files: int
    threads: int
    processes: int
    calls: int
    transactions: int
    timers: int
    started: int
    retransmissions: int
    faults: int
    records: int
    records_dropped: int
    store_waiting: int
    store_owed: int
    collections: int


def own_memory(rollup: str) -> int:
    """Bytes of anonymous memory, from the text of /proc/PID/smaps_rollup."""
    rows = rows_of(rollup)
    return rows["Pss_Anon"] if "Pss_Anon" in rows else rows["Pss"]


def rows_of(rollup: str) -> dict[str, int]:
    """All that it tells, in bytes."""
    rows = (line.split(":", 1) for line in rollup.splitlines() if ":" in line and line.endswith("kB"))
    return {name: int(value.split()[0]) * 1024 for name, value in rows}


def status(text: str, name: str) -> int:
    """A number of /proc/PID/status."""
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name}:")), 0)


def look(edge: Edge, at: float) -> Look:
    """Look at all its processes and its metrics."""
    metrics = edge.metrics()
    memory = resident = files = threads = processes = 0
    for one in edge.family():
        folder = PROC / str(one)
        with suppress(OSError):
            text = (folder / "status").read_text(encoding="utf-8")
            memory += own_memory((folder / "smaps_rollup").read_text(encoding="utf-8"))
            resident += status(text, "VmRSS") * 1024
            threads += status(text, "Threads")
            files += len(opened(folder))
            processes += 1

    def told(name: str) -> int:
        return round(metrics.get(name, -1))

    return Look(
        at, memory, resident, files, threads, processes, told("npv_calls_active"), told("npv_transactions_active"),
        told("npv_timers_active"), told("npv_calls_started_total"), told("npv_sip_retransmissions_total"), told("npv_faults_total"),
        told("npv_records_written_total"), told("npv_records_dropped_total"), told("npv_store_waiting"), told("npv_store_owed"),
        told("python_gc_collections_total"),
    )  # fmt: skip


def opened(folder: Path) -> list[str]:
    """What a process has open."""
    return [one.name for one in (folder / "fd").iterdir()]


def spread(values: Sequence[float]) -> float:
    """The farthest that any goes from their median, as a share of it; 0 of none."""
    middle = median(values) if values else 0.0
    return max(abs(value - middle) for value in values) / middle if middle else 0.0


def parts(values: Sequence[float], most: int = 10) -> list[float]:
    """The medians of so many equal parts, of the values themselves when there are fewer."""
    count = min(most, len(values))
    return [median(values[len(values) * at // count : len(values) * (at + 1) // count]) for at in range(count)]


def drift(values: Sequence[float]) -> float:
    """By how much the last third lies above the first, as a share of it; 0 of fewer than three."""
    third = len(values) // 3
    if not third:
        return 0.0
    first, last = median(values[:third]), median(values[-third:])
    return (last - first) / first if first else 0.0


HEADER = ("s", "memory MiB", "RSS MiB", "calls", "transactions", "timers", "files", "threads", "offered", "records")


def cells(one: Look) -> list[str]:
    """Its row."""
    counted = (one.calls, one.transactions, one.timers, one.files, one.threads, one.started, one.records)
    return [f"{one.at:.0f}", f"{one.memory / 2**20:.1f}", f"{one.resident / 2**20:.1f}", *map(str, counted)]


def table(looks: Sequence[Look]) -> str:
    """A row for each look."""
    rows = [list(HEADER), *[cells(one) for one in looks]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [
        "| " + " | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|")
    return "\n".join(lines)


def as_dict(one: Look) -> dict[str, float]:
    """For JSON."""
    return {field.name: getattr(one, field.name) for field in fields(one)}
