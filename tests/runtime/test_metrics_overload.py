"""What a scrape says of overload."""

from __future__ import annotations

from proxy.b2bua.counters import Counters, Histogram
from proxy.runtime.metric_samples import Frozen
from proxy.runtime.metrics_overload import OVERLOAD_ROWS, overload_samples
from tests.runtime.observed import FakeGate


def test_every_row_has_its_samples() -> None:
    gate, counters = FakeGate(delays=Histogram((0.01, 0.1))), Counters()
    gate.delays.observe(0.05)
    counters.count_overload("vms", 2.0, "admitted")
    counters.count_overload("vms", 2.0, "admitted")
    taken = overload_samples(gate, counters, [("carrier-1", 0.25, 9)])
    assert list(taken) == [name for name, _, _, _ in OVERLOAD_ROWS]
    assert taken["npv_overload_rate"] == {(): 250.0}
    assert taken["npv_overload_calls_total"] == {("vms", "2", "admitted"): 2}
    assert taken["npv_kernel_dropped_total"] == {(): 6}
    assert taken["npv_carrier_throttled_ratio"] == {("carrier-1",): 0.25}
    assert taken["npv_carrier_throttled_calls_total"] == {("carrier-1",): 9}
    delays = taken["npv_queue_delay_seconds"][()]
    assert isinstance(delays, Frozen)
    assert delays.buckets == [("0.01", 0.0), ("0.1", 1.0), ("+Inf", 1.0)]
