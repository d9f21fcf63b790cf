"""What several processes counted, as one node's: sums, the worst of them, histograms bucket by bucket."""

from __future__ import annotations

import pytest

from proxy.b2bua.counters import Histogram
from proxy.runtime.metric_samples import Frozen, Snapshot
from proxy.runtime.metrics import TABLE
from proxy.runtime.metrics_added import NOT_ADDED, added, lasting, packed, unpacked

# gauges of things that each worker has of its own
EACH_ITS_OWN = {
    "npv_ahead_bytes", "npv_ahead_kept", "npv_calls_active", "npv_calls_copy_waiting", "npv_connections_open", "npv_store_owed", "npv_store_waiting",
    "npv_overload_rate", "npv_timers_active", "npv_transactions_active", "npv_workers", "npv_workers_up",
}  # fmt: skip


def histogram(*seconds: float) -> Frozen:
    filled = Histogram((0.001, 0.5, 2.0))
    for one in seconds:
        filled.observe(one)
    return Frozen(filled)


def worker(calls: int, *seconds: float) -> Snapshot:
    return {
        "npv_calls_started_total": {(): calls},
        "npv_calls_active": {(): calls},
        "npv_store_reachable": {(): float(calls > 3)},
        "npv_directory_age_seconds": {(): float(calls)},
        "npv_sip_dropped_total": {(f"kind {calls}",): 1, ("both",): 2},
        "npv_call_setup_seconds": {("carrier-1",): histogram(*seconds)},
    }


def test_counters_and_histograms_add_up_and_the_worst_gauge_speaks_for_the_node() -> None:
    found = added([worker(3, 0.2), worker(4, 0.0001, 9.0)])
    assert found["npv_calls_started_total"] == {(): 7}
    assert found["npv_calls_active"] == {(): 7}
    assert found["npv_store_reachable"] == {(): 0.0}
    assert found["npv_directory_age_seconds"] == {(): 4.0}
    assert found["npv_sip_dropped_total"] == {("kind 3",): 1, ("both",): 4, ("kind 4",): 1}
    setup = found["npv_call_setup_seconds"]["carrier-1",]
    assert isinstance(setup, Frozen)
    assert setup.buckets == [("0.001", 1.0), ("0.5", 2.0), ("2.0", 2.0), ("+Inf", 3.0)]
    assert setup.sum == pytest.approx(9.2001)


def test_what_a_worker_counted_survives_it_and_what_it_held_does_not() -> None:
    kept = lasting(worker(3, 0.2))
    assert set(kept) == {"npv_calls_started_total", "npv_sip_dropped_total", "npv_call_setup_seconds"}


def test_a_snapshot_comes_back_as_it_was_sent() -> None:
    sent = worker(3, 0.2, 0.7)
    found = unpacked(packed(sent))
    assert {name: rows for name, rows in found.items() if "seconds" not in name} == {
        name: rows for name, rows in sent.items() if "seconds" not in name
    }
    one, other = found["npv_call_setup_seconds"]["carrier-1",], sent["npv_call_setup_seconds"]["carrier-1",]
    assert isinstance(one, Frozen)
    assert isinstance(other, Frozen)
    assert (one.buckets, one.sum) == (other.buckets, other.sum)


def test_a_metric_that_is_two_things_is_our_mistake() -> None:
    with pytest.raises(TypeError):
        added([{"npv_x": {(): 1}}, {"npv_x": {(): histogram()}}])


def test_of_every_gauge_it_was_thought_whether_it_adds_up() -> None:
    gauges = {row.name for row in TABLE if row.kind == "gauge"}
    assert gauges == EACH_ITS_OWN | {name for name in NOT_ADDED if not name.endswith("_total")}
    assert not EACH_ITS_OWN & set(NOT_ADDED)
