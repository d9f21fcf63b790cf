"""Counting, by key and by bucket."""

from __future__ import annotations

from proxy.b2bua.counters import CALL_BOUNDS, DECISION_BOUNDS, DURATION_BOUNDS, Counters, Histogram


def test_bounds_grow() -> None:
    for bounds in (CALL_BOUNDS, DECISION_BOUNDS, DURATION_BOUNDS):
        assert list(bounds) == sorted(set(bounds))


def test_a_histogram_puts_a_bound_into_its_own_bucket() -> None:
    histogram = Histogram((1.0, 2.0))
    for seconds in (0.5, 1.0, 1.5, 2.0, 9.0):
        histogram.observe(seconds)
    assert (histogram.buckets, histogram.sum) == ([2, 2, 1], 14.0)


def test_each_count_has_its_key() -> None:
    counters = Counters()
    for _ in range(2):
        counters.count_decision("npv", "presentation.default")
        counters.count_warning("display.mandatory")
        counters.count_request(True, "a", "INVITE")
        counters.count_request(False, "b", "INVITE")
        counters.count_response(True, "b", "INVITE", 200)
        counters.count_response(False, "a", "INVITE", 200)
        counters.count_parse_error("cseq")
        counters.count_drop("stray ack")
        counters.count_end("carrier-1", 486)
        counters.observe(counters.pdd_seconds, "carrier-1", CALL_BOUNDS, 1.0)
    assert counters.decisions == {("npv", "presentation.default"): 2}
    assert counters.warnings == {"display.mandatory": 2}
    assert counters.requests_in == {("a", "INVITE"): 2}
    assert counters.requests_out == {("b", "INVITE"): 2}
    assert counters.responses_in == {("b", "INVITE", 200): 2}
    assert counters.responses_out == {("a", "INVITE", 200): 2}
    assert counters.parse_errors == {"cseq": 2}
    assert counters.dropped == {"stray ack": 2}
    assert counters.calls_ended == {("carrier-1", "4xx"): 2}
    assert counters.pdd_seconds["carrier-1"].sum == 2.0


def test_the_end_of_a_call_is_counted_whatever_a_broken_note_says_of_its_status() -> None:
    counters = Counters()
    for status in (0, 200, 699, 16000, -7):
        counters.count_end("c", status)
    assert counters.calls_ended == {("c", f"{one}xx"): 1 for one in (0, 2, 6, 160, -1)}
