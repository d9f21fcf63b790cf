"""Values of metrics as they stood at one instant, by labels; copied on the loop, rendered elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias, final

from proxy.b2bua.counters import Counters, Histogram


@final
class Frozen:
    """A histogram as it stood at the scrape, with cumulated buckets as Prometheus wants them."""

    __slots__ = ("buckets", "sum")

    def __init__(self, histogram: Histogram) -> None:
        self.buckets: Final[list[tuple[str, float]]] = []
        self.sum: Final = histogram.sum
        total = 0
        for bound, count in zip([*map(repr, histogram.bounds), "+Inf"], histogram.buckets, strict=True):
            total += count
            self.buckets.append((bound, float(total)))


Samples: TypeAlias = dict[tuple[str, ...], "float | Frozen"]
Snapshot: TypeAlias = dict[str, Samples]


def by_one(counts: Mapping[str, int]) -> Samples:
    """Samples of a table with one label."""
    return {(key,): count for key, count in counts.items()}


def by_two(counts: Mapping[tuple[str, str], int]) -> Samples:
    """Samples of a table with two labels."""
    return {(one, two): count for (one, two), count in counts.items()}


def frozen(histograms: Mapping[str, Histogram]) -> Samples:
    """Samples of one histogram per carrier."""
    return {(carrier,): Frozen(histogram) for carrier, histogram in histograms.items()}


def requests(counters: Counters) -> Samples:
    """Both directions in one table: (leg, direction, method)."""
    received: Samples = {(leg, "in", method): count for (leg, method), count in counters.requests_in.items()}
    sent: Samples = {(leg, "out", method): count for (leg, method), count in counters.requests_out.items()}
    return received | sent


def responses(counters: Counters) -> Samples:
    """Both directions in one table: (leg, direction, method, code)."""
    received: Samples = {(leg, "in", method, str(code)): n for (leg, method, code), n in counters.responses_in.items()}
    sent: Samples = {(leg, "out", method, str(code)): n for (leg, method, code), n in counters.responses_out.items()}
    return received | sent
