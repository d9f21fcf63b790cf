"""Samples by labels, and a histogram that is cumulated and does not move any more."""

from __future__ import annotations

from proxy.b2bua.counters import Counters, Histogram
from proxy.runtime.metric_samples import Frozen, by_one, by_two, frozen, requests, responses


def test_a_frozen_histogram_is_cumulated_and_stands_still() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.5, 0.5, 7.0):
        histogram.observe(seconds)
    taken = Frozen(histogram)
    histogram.observe(0.05)
    assert taken.buckets == [("0.1", 1.0), ("1.0", 3.0), ("+Inf", 4.0)]
    assert taken.sum == 8.05


def test_labels_are_tuples_in_the_order_of_the_table() -> None:
    assert by_one({"a": 1, "b": 2}) == {("a",): 1, ("b",): 2}
    assert by_two({("ask", "late"): 3}) == {("ask", "late"): 3}


def test_one_histogram_for_each_carrier() -> None:
    histogram = Histogram((1.0,))
    histogram.observe(0.5)
    ((labels, value),) = frozen({"carrier-1": histogram}).items()
    assert labels == ("carrier-1",)
    assert isinstance(value, Frozen)
    assert value.buckets == [("1.0", 1.0), ("+Inf", 1.0)]


def test_both_directions_are_one_table() -> None:
    counters = Counters()
    counters.count_request(True, "a", "INVITE")
    counters.count_request(False, "a", "INVITE")
    counters.count_request(False, "a", "INVITE")
    counters.count_response(True, "b", "BYE", 200)
    counters.count_response(False, "b", "BYE", 481)
    assert requests(counters) == {("a", "in", "INVITE"): 1, ("a", "out", "INVITE"): 2}
    assert responses(counters) == {("b", "in", "BYE", "200"): 1, ("b", "out", "BYE", "481"): 1}
