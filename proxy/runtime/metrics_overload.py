"""What Prometheus sees of overload: how long messages wait, what is let in of new calls, and what peers are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from proxy.b2bua.counters import Counters, Histogram
from proxy.runtime.metric_samples import Frozen, Snapshot

OVERLOAD_ROWS: Final = (
    ("npv_queue_delay_seconds", "histogram", (), "Time that datagrams waited in the kernel before they were read, of samples; a buffer that is half full counts as the target."),
    ("npv_overload_rate", "gauge", (), "New calls per second that are let in during overload; 0: as many as come."),
    ("npv_overload_calls_total", "counter", ("trunk", "weight", "outcome"), "New calls during overload by the weight of their customer: `admitted` or `refused`, before anything else was done for them."),
    ("npv_kernel_dropped_total", "counter", (), "Datagrams thrown away by the kernel: new calls of a flood as it was told to, or for want of room."),
)  # fmt: skip


class GateView(Protocol):
    """What is read of `b2bua.gate.Gate`."""

    @property
    def delays(self) -> Histogram: ...
    @property
    def unseen(self) -> Mapping[int, int]: ...
    def rate(self) -> float: ...


def overload_samples(gate: GateView, counters: Counters) -> Snapshot:
    """The rows above as they stand."""
    return {
        "npv_queue_delay_seconds": {(): Frozen(gate.delays)},
        "npv_overload_rate": {(): gate.rate()},
        "npv_overload_calls_total": {(trunk, weight, one): n for (trunk, weight, one), n in counters.overload.items()},
        "npv_kernel_dropped_total": {(): sum(gate.unseen.values())},
    }
