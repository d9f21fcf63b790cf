"""The exposition: every row of the table is filled, parsed back by Prometheus' own reader, and free of numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from prometheus_client.parser import text_string_to_metric_families

from proxy.b2bua.counters import CALL_BOUNDS, DURATION_BOUNDS, Counters
from proxy.policy.directory import Directory
from proxy.runtime.clock import Clock, SystemClock
from proxy.runtime.handover import Handover
from proxy.runtime.loop_lag import LoopLag
from proxy.runtime.metrics import TABLE, snapshot
from proxy.runtime.metrics_text import Metrics
from proxy.runtime.stream_counts import StreamCounts
from tests.runtime.observed import FakeAhead, FakeCalls, FakeDesk, FakeGate, FakeJournal, FakeShared


class FakeRouting:
    def states(self, now: float) -> dict[tuple[str, str], int]:
        return {("carrier-1", "up"): 1}

    def throttles(self, now: float) -> list[tuple[str, float, int]]:
        return [("carrier-1", 0.5, 3)]


@dataclass
class FakeEngine:
    counters: Counters = field(default_factory=Counters)
    gate: FakeGate = field(default_factory=FakeGate)
    routing: FakeRouting = field(default_factory=FakeRouting)
    repeats: dict[tuple[str, str], int] = field(default_factory=dict)

    def active_calls(self) -> int:
        return 3

    def transaction_count(self) -> int:
        return 5

    def timer_count(self) -> int:
        return 7

    def retransmissions(self) -> dict[tuple[str, str], int]:
        return dict(self.repeats)


class FakeTopology:
    def conformance_trunks(self) -> int:
        return 2


@dataclass
class FakeNode:
    engine: FakeEngine = field(default_factory=FakeEngine)
    clock: Clock = field(default_factory=SystemClock)
    journal: FakeJournal = field(default_factory=FakeJournal)
    ahead: FakeAhead = field(default_factory=FakeAhead)
    calls: FakeCalls = field(default_factory=FakeCalls)
    lag: LoopLag = field(default_factory=LoopLag)
    reloads: dict[str, int] = field(default_factory=lambda: {"applied": 1, "refused": 4})
    digest: str = "c0ffee"
    draining: bool = False
    number: int = 0
    handover: Handover | None = None
    shared: FakeShared = field(default_factory=FakeShared)
    topology: FakeTopology = field(default_factory=FakeTopology)
    streams: StreamCounts = field(default_factory=lambda: StreamCounts(["tls"]))


def busy_node() -> FakeNode:
    """A node on which everything that can be counted was counted."""
    node = FakeNode()
    counters = node.engine.counters
    counters.count_decision("npv", "presentation.campaign")
    counters.count_decision("refused", "cli.mobile")
    counters.count_decision("refused", "cli.mobile")
    counters.count_warning("display.mandatory")
    counters.decision_seconds.observe(15e-6)
    counters.decision_seconds.observe(3.0)
    counters.count_request(True, "a", "INVITE")
    counters.count_request(False, "b", "INVITE")
    counters.count_response(True, "b", "INVITE", 200)
    counters.count_response(False, "a", "INVITE", 403)
    node.engine.repeats["b", "sent"] = 1
    counters.count_parse_error("start-line")
    counters.count_drop("unknown source")
    counters.count_auth("wrong")
    counters.count_challenge("carrier-1", "answered")
    counters.count_end("carrier-1", 486)
    counters.count_overload("vms", 3.0, "refused")
    counters.count_feedback("vms")
    counters.count_refresh("a", "alive")
    counters.count_probe("carrier-1", True)
    counters.count_failover("carrier-1", "503")
    counters.count_call_back("callback.forwarded")
    counters.observe(counters.setup_seconds, "carrier-1", CALL_BOUNDS, 2.0)
    counters.observe(counters.pdd_seconds, "carrier-1", CALL_BOUNDS, 0.3)
    counters.observe(counters.duration_seconds, "carrier-1", DURATION_BOUNDS, 45.0)
    node.lag.seconds.observe(0.003)
    node.streams.begin(0, "in")
    node.streams.begin(0, "in")
    node.streams.end(0, "in", "idle")
    node.streams.fail(0, "out", "certificate")
    node.streams.dropped[0, "unread"] += 1
    node.streams.bytes_refused[0] += 9
    node.shared = FakeShared(desk=FakeDesk(), directory=(Directory([], [], []), 12), seconds=0.25)
    return node


def scrape(node: FakeNode) -> dict[str, float]:
    """Every sample of one scrape as `name{label="value",...}` -> value."""
    text = Metrics().render(snapshot(node)).decode()
    samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            samples[f"{sample.name}{{{labels}}}"] = sample.value
    return samples


@pytest.mark.parametrize(
    ("sample", "value"),
    [
        ('npv_decisions_total{rule="cli.mobile",verdict="refused"}', 2),
        ('npv_decisions_total{rule="presentation.campaign",verdict="npv"}', 1),
        ('npv_decisions_total{rule="destination.emergency",verdict="unchanged"}', 0),
        ('npv_decision_warnings_total{rule="display.mandatory"}', 1),
        ('npv_decision_seconds_bucket{le="1e-05"}', 0),
        ('npv_decision_seconds_bucket{le="2e-05"}', 1),
        ('npv_decision_seconds_bucket{le="+Inf"}', 2),
        ("npv_decision_seconds_count{}", 2),
        ("npv_decision_seconds_sum{}", 3.000015),
        ('npv_sip_requests_total{direction="in",leg="a",method="INVITE"}', 1),
        ('npv_sip_requests_total{direction="out",leg="b",method="INVITE"}', 1),
        ('npv_sip_responses_total{code="200",direction="in",leg="b",method="INVITE"}', 1),
        ('npv_sip_responses_total{code="403",direction="out",leg="a",method="INVITE"}', 1),
        ('npv_sip_retransmissions_total{kind="sent",leg="b"}', 1),
        ('npv_sip_parse_errors_total{kind="start-line"}', 1),
        ('npv_sip_dropped_total{kind="unknown source"}', 1),
        ('npv_platform_auth_total{outcome="wrong"}', 1),
        ('npv_carrier_challenges_total{carrier="carrier-1",outcome="answered"}', 1),
        ('npv_calls_ended_total{carrier="carrier-1",status_class="4xx"}', 1),
        ('npv_call_setup_seconds_count{carrier="carrier-1"}', 1),
        ('npv_pdd_seconds_bucket{carrier="carrier-1",le="0.5"}', 1),
        ('npv_pdd_seconds_bucket{carrier="carrier-1",le="0.25"}', 0),
        ('npv_call_duration_seconds_sum{carrier="carrier-1"}', 45),
        ("npv_event_loop_lag_seconds_count{}", 1),
        ("npv_calls_active{}", 3),
        ("npv_workers{}", 1),
        ("npv_workers_up{}", 1),
        ('npv_worker_restarts_total{worker="0"}', 0),
        ('npv_worker_calls_total{worker="0"}', 0),
        ("npv_transactions_active{}", 5),
        ("npv_timers_active{}", 7),
        ('npv_config_info{hash="c0ffee"}', 1),
        ('npv_config_reloads_total{outcome="refused"}', 4),
        ("npv_conformance_trunks{}", 2),
        ("npv_records_written_total{}", 11),
        ("npv_records_dropped_total{}", 2),
        ("npv_draining{}", 0),
        ('npv_store_operations_total{operation="ask",outcome="answered"}', 8),
        ('npv_store_silences_total{reason="too slow"}', 2),
        ("npv_store_seconds_count{}", 1),
        ("npv_store_waiting{}", 3),
        ("npv_store_owed{}", 1),
        ("npv_queue_delay_seconds_count{}", 0),
        ("npv_overload_rate{}", 250),
        ('npv_overload_calls_total{outcome="refused",trunk="vms",weight="3"}', 1),
        ("npv_kernel_dropped_total{}", 6),
        ('npv_overload_told_total{trunk="vms"}', 1),
        ('npv_carrier_throttled_ratio{carrier="carrier-1"}', 0.5),
        ('npv_carrier_throttled_calls_total{carrier="carrier-1"}', 3),
        ("npv_directory_age_seconds{}", 0.25),
        ("npv_directory_version{}", 12),
        ('npv_connections_open{direction="in",listener="tls"}', 1),
        ('npv_connections_opened_total{direction="in",listener="tls"}', 2),
        ('npv_connections_closed_total{listener="tls",reason="idle"}', 1),
        ('npv_connections_failed_total{direction="out",listener="tls",reason="certificate"}', 1),
        ('npv_tls_handshakes_failed_total{direction="out",listener="tls",reason="certificate"}', 1),
        ('npv_stream_messages_dropped_total{listener="tls",reason="unread"}', 1),
        ('npv_stream_bytes_refused_total{listener="tls"}', 9),
    ],
)
def test_a_counted_event_is_exposed(sample: str, value: float) -> None:
    assert scrape(busy_node())[sample] == pytest.approx(value)


def test_every_row_of_the_table_is_exposed_with_its_labels() -> None:
    seen = scrape(busy_node())
    for row in TABLE:
        name = row.name + ("_count" if row.kind == "histogram" else "")
        labels = [re.findall(r'(\w+)="', sample) for sample in seen if sample.startswith(name + "{")]
        assert labels, row.name
        assert {tuple(found) for found in labels} == {tuple(sorted(row.labels))}, row.name


def test_the_table_and_the_snapshot_name_the_same_metrics() -> None:
    assert list(snapshot(FakeNode())) == [row.name for row in TABLE]


def test_names_follow_the_conventions() -> None:
    for row in TABLE:
        assert row.name.startswith("npv_")
        assert row.name.endswith("_total") == (row.kind == "counter"), row.name
        timed = row.kind == "histogram" or row.name.endswith("_age_seconds")
        assert row.name.endswith("_seconds") == timed, row.name
        assert row.help.endswith("."), row.name


def test_a_snapshot_does_not_move_when_counting_goes_on() -> None:
    node = busy_node()
    taken = snapshot(node)
    node.engine.counters.count_decision("refused", "cli.mobile")
    node.engine.counters.decision_seconds.observe(15e-6)
    text = Metrics().render(taken).decode()
    assert 'npv_decisions_total{rule="cli.mobile",verdict="refused"} 2.0' in text
    assert "npv_decision_seconds_count 2.0" in text


def test_draining_is_one() -> None:
    assert scrape(FakeNode(draining=True))["npv_draining{}"] == 1


def test_process_and_garbage_collector_series_come_along() -> None:
    seen = scrape(FakeNode())
    assert seen["process_resident_memory_bytes{}"] > 0
    assert 'python_gc_collections_total{generation="2"}' in seen


def test_no_label_can_hold_a_telephone_number() -> None:
    forbidden = {"number", "caller", "called", "from", "to", "call_id", "address", "peer_ip", "customer"}
    for row in TABLE:
        assert forbidden.isdisjoint(row.labels), row.name
