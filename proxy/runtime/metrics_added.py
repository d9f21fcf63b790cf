"""The metrics of several processes as those of one node.

Counters and histograms add up. A gauge adds up too where it counts things that each worker has of its own; one that says
the same in every worker, or how bad the worst of them is, stands in `NOT_ADDED`. Snapshots travel as MessagePack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from proxy.b2bua.counters import Histogram
from proxy.runtime.metric_samples import Frozen, Samples, Snapshot

Value = float | Frozen
# by name: which of several values holds for the node
NOT_ADDED: Final[dict[str, Callable[[float, float], float]]] = {
    "npv_build_info": max,
    "npv_carrier_gateways": max,
    "npv_carrier_throttled_ratio": max,
    "npv_config_info": max,
    "npv_config_reloads_total": max,
    "npv_conformance_trunks": max,
    "npv_directory_age_seconds": max,
    "npv_directory_version": min,
    "npv_draining": max,
    "npv_limits_nodes": max,
    "npv_refusals_age_seconds": max,
    "npv_refusals_dropped_total": max,
    "npv_refusals_held": max,
    "npv_store_behind_age_seconds": max,
    "npv_store_key_info": max,
    "npv_store_reachable": min,
}


def added(snapshots: Iterable[Snapshot]) -> Snapshot:
    """What the node as a whole has counted."""
    total: Snapshot = {}
    for snapshot in snapshots:
        for name, samples in snapshot.items():
            together = total.setdefault(name, {})
            for labels, value in samples.items():
                before = together.get(labels)
                together[labels] = value if before is None else combined(name, before, value)
    return total


def combined(name: str, one: Value, other: Value) -> Value:
    """One value out of those of two processes."""
    if isinstance(one, Frozen) and isinstance(other, Frozen):
        buckets = [(bound, count + more) for (bound, count), (_, more) in zip(one.buckets, other.buckets, strict=True)]
        return refrozen(buckets, one.sum + other.sum)
    if isinstance(one, Frozen) or isinstance(other, Frozen):
        raise TypeError(f"`{name}` is a histogram in one process and a number in another")
    rule = NOT_ADDED.get(name)
    return one + other if rule is None else rule(one, other)


def lasting(snapshot: Snapshot) -> Snapshot:
    """What stays counted when the process is gone: counters and histograms."""
    return {
        name: samples
        for name, samples in snapshot.items()
        if name.endswith("_total") or any(isinstance(value, Frozen) for value in samples.values())
    }


def refrozen(buckets: list[tuple[str, float]], total: float) -> Frozen:
    """The histogram with these cumulated buckets, the last of them being +Inf."""
    histogram = Histogram(tuple(float(bound) for bound, _ in buckets[:-1]))
    before = 0.0
    for place, (_, count) in enumerate(buckets):
        histogram.buckets[place] = int(count - before)
        before = count
    histogram.sum = total
    return Frozen(histogram)


def packed(snapshot: Snapshot) -> bytes:
    """A snapshot as bytes."""
    return msgspec.msgpack.encode(
        [
            (
                name,
                [
                    (labels, [value.buckets, value.sum] if isinstance(value, Frozen) else value)
                    for labels, value in samples.items()
                ],
            )
            for name, samples in snapshot.items()
        ]
    )


def unpacked(data: bytes) -> Snapshot:
    """What `packed` made."""
    found: list[tuple[str, list[tuple[list[str], Any]]]] = msgspec.msgpack.decode(data)
    snapshot: Snapshot = {}
    for name, rows in found:
        samples: Samples = {}
        for labels, value in rows:
            if isinstance(value, list):
                buckets, total = value
                samples[tuple(labels)] = refrozen([(bound, count) for bound, count in buckets], total)
            else:
                samples[tuple(labels)] = value
        snapshot[name] = samples
    return snapshot
