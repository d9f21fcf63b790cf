"""What one process says of itself as a worker."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.b2bua.counters import Counters
from proxy.runtime.metrics_workers import WORKER_ROWS, worker_samples


@dataclass
class Hops:
    hops: int


def test_a_process_alone_is_a_node_of_one_worker() -> None:
    counters = Counters()
    counters.calls_started = 5
    found = worker_samples(0, counters, None)
    assert list(found) == [row[0] for row in WORKER_ROWS]
    assert found["npv_worker_calls_total"] == {("0",): 5}
    assert found["npv_worker_hops_total"] == {(): 0}


def test_one_of_several_counts_under_its_number() -> None:
    found = worker_samples(3, Counters(), Hops(7))
    assert found["npv_worker_calls_total"] == {("3",): 0}
    assert found["npv_worker_hops_total"] == {(): 7}
