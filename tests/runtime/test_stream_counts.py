"""What is counted about streams, and how it is named."""

from __future__ import annotations

from proxy.runtime.stream_counts import STREAM_ROWS, StreamCounts


def test_every_metric_has_its_samples_under_the_name_of_its_listener() -> None:
    counts = StreamCounts(["udp", "tls"])
    counts.begin(1, "in")
    counts.begin(1, "out")
    counts.end(1, "in", "peer")
    counts.fail(1, "in", "certificate")
    counts.fail(1, "out", "refused")
    counts.dropped[1, "unread"] += 2
    counts.bytes_refused[1] += 100
    found = counts.samples()
    assert set(found) == {name for name, *_ in STREAM_ROWS}
    assert found["npv_connections_open"] == {("tls", "in"): 0, ("tls", "out"): 1}
    assert found["npv_connections_opened_total"] == {("tls", "in"): 1, ("tls", "out"): 1}
    assert found["npv_connections_closed_total"] == {("tls", "peer"): 1}
    assert found["npv_connections_failed_total"] == {("tls", "in", "certificate"): 1, ("tls", "out", "refused"): 1}
    assert found["npv_tls_handshakes_failed_total"] == {("tls", "in", "certificate"): 1}
    assert found["npv_stream_messages_dropped_total"] == {("tls", "unread"): 2}
    assert found["npv_stream_bytes_refused_total"] == {("tls",): 100}
