"""What a scrape says of the shared state, before and after its start."""

from __future__ import annotations

from proxy.policy.directory import Directory
from proxy.runtime.metric_samples import Frozen
from proxy.runtime.metrics_store import STORE_ROWS, store_samples
from proxy.runtime.store.interface import SILENCES
from tests.runtime.observed import FakeCounted, FakeDesk, FakeLimits, FakeShared


def test_before_the_start_everything_is_zero() -> None:
    taken = store_samples(FakeShared())
    assert list(taken) == [name for name, _, _, _ in STORE_ROWS]
    assert taken["npv_store_operations_total"] == taken["npv_store_silences_total"] == {}
    for name, kind, labels, _ in STORE_ROWS:
        if kind != "histogram" and not labels:
            assert taken[name] == {(): 0}, name
    (seconds,) = taken["npv_store_seconds"].values()
    assert isinstance(seconds, Frozen)
    assert (seconds.buckets[-1], seconds.sum) == (("+Inf", 0.0), 0.0)


def test_figures_of_desk_and_directory() -> None:
    desk = FakeDesk(operations={("ask", "late"): 4, ("release", "answered"): 2}, silences={"closed": 1})
    taken = store_samples(FakeShared(desk, (Directory([], [], []), 7), 1.5, (9, 2), (5, 4, 0.5)))
    assert taken["npv_store_operations_total"] == {("ask", "late"): 4, ("release", "answered"): 2}
    silences = taken["npv_store_silences_total"]
    assert silences == {("closed",): 1, **{(reason,): 0 for reason in SILENCES if reason != "closed"}}
    assert (taken["npv_store_waiting"], taken["npv_store_owed"]) == ({(): 3}, {(): 1})
    assert (taken["npv_directory_age_seconds"], taken["npv_directory_version"]) == ({(): 1.5}, {(): 7})
    held = [taken[f"npv_refusals_{name}"] for name in ("held", "dropped_total", "age_seconds")]
    assert held == [{(): 5}, {(): 4}, {(): 0.5}]
    assert taken["npv_store_reachable"] == {(): 1}
    assert (taken["npv_store_notices_total"], taken["npv_store_notice_reconnects_total"]) == ({(): 9}, {(): 2})
    (seconds,) = taken["npv_store_seconds"].values()
    assert isinstance(seconds, Frozen)
    assert seconds.buckets == [("0.001", 0.0), ("0.005", 1.0), ("+Inf", 1.0)]


def test_figures_of_limits_over_nodes() -> None:
    shared = FakeShared(limits=FakeLimits({"sent": 5, "heard": 3}, FakeCounted(2, 1)))
    taken = store_samples(shared)
    assert taken["npv_limits_nodes"] == {(): 2}
    assert taken["npv_limits_unplaced_total"] == {(): 1}
    assert taken["npv_limits_messages_total"] == {("sent",): 5, ("heard",): 3, ("silent",): 0, ("unreadable",): 0}


def test_a_snapshot_is_a_copy() -> None:
    desk = FakeDesk()
    taken = store_samples(FakeShared(desk))
    desk.operations["ask", "answered"] += 1
    desk.seconds.observe(1.0)
    assert taken["npv_store_operations_total"] == {("ask", "answered"): 8}
    (seconds,) = taken["npv_store_seconds"].values()
    assert isinstance(seconds, Frozen)
    assert seconds.buckets[-1] == ("+Inf", 1.0)
