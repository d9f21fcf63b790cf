"""What Prometheus sees of overload: how long messages wait, what is let in of new calls, and what peers are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from proxy.b2bua.counters import Counters, Histogram
from proxy.runtime.metric_samples import Frozen, Snapshot, by_one

OVERLOAD_ROWS: Final = (
    ("npv_queue_delay_seconds", "histogram", (), "Time that datagrams waited in the kernel before they were read, of samples; a buffer that is half full counts as the target."),
    ("npv_overload_rate", "gauge", (), "New calls per second that are let in during overload; 0: as many as come."),
    ("npv_overload_calls_total", "counter", ("trunk", "weight", "outcome"), "New calls during overload by the weight of their customer: `admitted` or `refused`, before anything else was done for them."),
    ("npv_kernel_dropped_total", "counter", (), "Datagrams thrown away by the kernel: new calls of a flood as it was told to, or for want of room."),
    ("npv_overload_told_total", "counter", ("trunk",), "Answers that asked a trunk to send fewer new calls (RFC 7339)."),
    ("npv_carrier_throttled_ratio", "gauge", ("carrier",), "Part of new calls that a gateway of the carrier asked us to hold back (RFC 7339)."),
    ("npv_carrier_throttled_calls_total", "counter", ("carrier",), "Calls that went elsewhere, or nowhere, for that."),
)  # fmt: skip


class GateView(Protocol):
    """What is read of `b2bua.gate.Gate`."""

    @property
    def delays(self) -> Histogram: ...
    @property
    def unseen(self) -> Mapping[int, int]: ...
    def rate(self) -> float: ...


def overload_samples(gate: GateView, counters: Counters, throttles: Sequence[tuple[str, float, int]]) -> Snapshot:
    """The rows above as they stand; `throttles` as `Routing.throttles` tells them."""
    return {
        "npv_queue_delay_seconds": {(): Frozen(gate.delays)},
        "npv_overload_rate": {(): gate.rate()},
        "npv_overload_calls_total": {(trunk, weight, one): n for (trunk, weight, one), n in counters.overload.items()},
        "npv_kernel_dropped_total": {(): sum(gate.unseen.values())},
        "npv_overload_told_total": by_one(counters.feedback),
        "npv_carrier_throttled_ratio": {(carrier,): loss for carrier, loss, _ in throttles},
        "npv_carrier_throttled_calls_total": {(carrier,): calls for carrier, _, calls in throttles},
    }
