"""Snapshots of metrics as the text that Prometheus reads.

Rendered in a thread, family by family, so that SIP never waits for a scrape; the series of prometheus_client on processes
and the garbage collector stand behind ours. Of several processes they tell the sum, and of the collector this one's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, final

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from proxy.runtime.metric_samples import Frozen, Samples, Snapshot
from proxy.runtime.metrics import TABLE, Row

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OURSELVES: Final = ("self",)
EARLIEST: Final = "process_start_time_seconds"  # of several processes; a limit of one holds for each


def families(taken: Snapshot) -> Iterator[Metric]:
    """One Prometheus family for each row of `TABLE`, in its order. A supervisor whose workers are all being started has no
    figures of theirs."""
    for row in TABLE:
        if row.name in taken:
            yield family(row, taken[row.name])


def family(row: Row, samples: Samples) -> Metric:
    """The family of one row."""
    if row.kind == "histogram":
        shape = HistogramMetricFamily(row.name, row.help, labels=row.labels)
        for labels, value in samples.items():
            if isinstance(value, Frozen):
                shape.add_metric(labels, value.buckets, value.sum)
        return shape
    plain: CounterMetricFamily | GaugeMetricFamily
    plain = (CounterMetricFamily if row.kind == "counter" else GaugeMetricFamily)(row.name, row.help, labels=row.labels)
    for labels, value in samples.items():
        if not isinstance(value, Frozen):
            plain.add_metric(labels, value)
    return plain


@final
class OneFamily(Collector):
    """A registry wants collectors; this one holds a family that is ready."""

    def __init__(self, ready: Metric) -> None:
        self._ready: Final = ready

    def collect(self) -> Iterator[Metric]:
        """The family."""
        yield self._ready


@final
class Processes(Collector):
    """What all these processes take together; `ids` names them as in /proc."""

    def __init__(self, ids: Callable[[], Iterable[int | str]]) -> None:
        self._ids: Final = ids

    def collect(self) -> Iterator[Metric]:
        """One family for each series."""
        together: dict[str, Metric] = {}
        for one in self._ids():
            for family in ProcessCollector(pid=lambda one=one: one, registry=None).collect():  # type: ignore[misc]  # a lambda with a default is not typed
                known = together.setdefault(family.name, family)
                if known is not family:
                    known.samples = [
                        sample._replace(value=chosen(family.name, sample.value, other.value))
                        for sample, other in zip(known.samples, family.samples, strict=True)
                    ]
        yield from together.values()


def chosen(name: str, one: float, other: float) -> float:
    """One value out of those of two processes."""
    return min(one, other) if name in (EARLIEST, "process_max_fds") else one + other


@final
class Metrics:
    """Renders snapshots, then what these processes take (default: this one)."""

    def __init__(self, ids: Callable[[], Iterable[int | str]] = lambda: OURSELVES) -> None:
        self._process: Final = CollectorRegistry()
        self._process.register(Processes(ids))
        GCCollector(registry=self._process)

    def render(self, taken: Snapshot) -> bytes:
        """The exposition text; call it in a thread. It lets go of the interpreter after each family."""
        parts = []
        for ready in families(taken):
            registry = CollectorRegistry()
            registry.register(OneFamily(ready))
            parts.append(generate_latest(registry))
            time.sleep(0)
        parts.append(generate_latest(self._process))
        return b"".join(parts)
