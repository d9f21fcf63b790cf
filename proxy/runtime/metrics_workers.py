"""What Prometheus sees of workers: how many there are and should be, and how calls are spread over them."""

from __future__ import annotations

from typing import Final, Protocol

from proxy.b2bua.counters import Counters
from proxy.runtime.metric_samples import Snapshot

WORKER_ROWS: Final = (
    ("npv_workers", "gauge", (), "Processes that should carry calls."),
    ("npv_workers_up", "gauge", (), "Processes that carry calls."),
    ("npv_worker_restarts_total", "counter", ("worker",), "Workers that ended unasked and were replaced."),
    ("npv_worker_hops_total", "counter", (), "Messages that one worker read and passed on to the one that owns them."),
    ("npv_worker_calls_total", "counter", ("worker",), "Calls offered to a carrier, by worker."),
)


class HandoverView(Protocol):
    """What is read of `handover.Handover`."""

    @property
    def hops(self) -> int: ...


def worker_samples(number: int, counters: Counters, handover: HandoverView | None) -> Snapshot:
    """Every value by name and labels, as one process sees itself; the supervisor adds up."""
    worker = (str(number),)
    return {
        "npv_workers": {(): 1},
        "npv_workers_up": {(): 1},
        "npv_worker_restarts_total": {worker: 0},
        "npv_worker_hops_total": {(): handover.hops if handover is not None else 0},
        "npv_worker_calls_total": {worker: counters.calls_started},
    }
