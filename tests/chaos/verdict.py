"""What a fault took: judged from what both SIPps counted, the files of records, the ledger and the node's own figures.

Lost is a call without a final answer, a talk that could not be ended or whose end did not cross, a call without its record or
with two, an attempt counted twice, a datagram or a record that the node says it dropped, and whatever is left in the node in
the end. A call that was refused cleanly while something was broken is none of these; it is counted beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench.mix import Side

LEFT = ("npv_calls_active", "npv_transactions_active", "npv_timers_active", "npv_store_owed")
LEFT_WITH_PROBES = ("npv_calls_active", "npv_store_owed")
NEVER = ("npv_faults_total", "npv_records_dropped_total")


@dataclass
class Verdict:
    """One case. `lost` says what was lost, a line each."""

    case: str
    calls: int = 0
    turned_away: int = 0
    lost: list[str] = field(default_factory=list)
    notes: dict[str, object] = field(default_factory=dict)
    skipped: str = ""
    evidence: str = ""
    """What explains it: the messages of each call that was lost."""

    def sides(self, platform: Side, carrier: Side | None, calls: int) -> None:
        """Every call of the platform ended as it should, and so did every one that reached the carrier."""
        self.calls += calls
        self.turned_away += platform.turned_away
        failed = calls - platform.counts.well
        if failed:
            self.lost.append(f"{failed} of {calls} calls failed at the platform")
        if carrier is not None and carrier.counts.well != carrier.counts.created:
            failed = carrier.counts.created - carrier.counts.well
            self.lost.append(f"{failed} of {carrier.counts.created} calls failed at the carrier")

    def records(self, what: str, found: Counter[str], fewest: int, most: int) -> None:
        """Each call has one record of its `what`, in the files."""
        if not fewest <= len(found) <= most:
            self.lost.append(f"{len(found)} calls have the record of their {what}, of {most}")
        twice = sum(count - 1 for count in found.values())
        if twice:
            self.lost.append(f"{twice} records of a call's {what} are doubled")

    def attempts(self, counted: Mapping[int, int], fewest: int, most: int) -> None:
        """How many persons have how many attempts: nobody two, and between `fewest` and `most` one."""
        more = sum(persons for count, persons in counted.items() if count > 1)
        if more:
            self.lost.append(f"{more} persons are counted more than once")
        one = counted.get(1, 0)
        if not fewest <= one <= most:
            self.lost.append(f"{one} attempts are counted, not {fewest} to {most}")
        self.notes["attempts"] = one

    def left(self, metrics: Mapping[str, float]) -> None:
        """Nothing is left, no record was dropped, no defect met."""
        if not metrics:
            self.lost.append("the node does not answer in the end")
        self.lost += [f"{name} is {metrics[name]:.0f} in the end" for name in LEFT if metrics.get(name)]
        self.lost += [f"{name} is {metrics[name]:.0f}" for name in NEVER if metrics.get(name)]

    def cells(self) -> list[str]:
        """Of the table."""
        notes = ", ".join(f"{name} {value}" for name, value in self.notes.items())
        if self.skipped:
            return [self.case, "-", "-", f"not played: {self.skipped}", ""]
        return [self.case, str(self.calls), str(self.turned_away), "; ".join(self.lost) or "nothing", notes]


HEADER = ["fault", "calls", "refused cleanly", "lost", "seen"]


def table(verdicts: Sequence[Verdict]) -> str:
    """As markdown."""
    rows = [HEADER, *[one.cells() for one in verdicts]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
