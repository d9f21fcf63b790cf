"""What Prometheus sees: every name of ours stands in `TABLE`, every value in `snapshot`.

The engine counts in plain integers. A scrape copies them on the loop (`snapshot`, some microseconds); `metrics_text` turns
the copy into text in another thread.
Labels come from closed sets. A telephone number, a Call-ID or an address is never a label.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from proxy.b2bua.counters import Counters, Histogram
from proxy.runtime import build
from proxy.runtime.clock import Clock
from proxy.runtime.metric_samples import Frozen, Snapshot, by_one, by_two, frozen, requests, responses
from proxy.runtime.metrics_overload import OVERLOAD_ROWS, GateView, overload_samples
from proxy.runtime.metrics_store import STORE_ROWS, SharedView, store_samples
from proxy.runtime.metrics_workers import WORKER_ROWS, HandoverView, worker_samples
from proxy.runtime.metrics_written import WRITTEN_ROWS, AheadView, CallsView, JournalView, written_samples
from proxy.runtime.stream_counts import STREAM_ROWS

NO_EMERGENCY: Final = {("unchanged", "destination.emergency"): 0}  # there from the start: an alert sees the first call
BUILD_LABELS: Final = (build.version(), build.kind(), platform.python_version())


@dataclass(frozen=True)
class Row:
    """One metric: `kind` is `counter`, `gauge` or `histogram`; counters end in `_total`, times are seconds."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


TABLE: Final = (
    Row("npv_decisions_total", "counter", ("verdict", "rule"), "Decisions by verdict and by the rule that decided."),
    Row("npv_decision_warnings_total", "counter", ("rule",), "Hits of rules in mode warn, and notes such as repaired numbers."),
    Row("npv_decision_seconds", "histogram", (), "Time that one decision took."),
    Row("npv_identity_scrubbed_total", "counter", (), "Times the original number was taken out of a message at the last moment."),
    Row("npv_sip_requests_total", "counter", ("leg", "direction", "method"), "SIP requests; leg a faces platforms, b carriers."),
    Row("npv_sip_responses_total", "counter", ("leg", "direction", "method", "code"), "SIP responses."),
    Row("npv_sip_retransmissions_total", "counter", ("leg", "kind"), "Datagrams sent or received again."),
    Row("npv_sip_parse_errors_total", "counter", ("kind",), "Datagrams that could not be read as SIP."),
    Row("npv_sip_dropped_total", "counter", ("kind",), "SIP messages dropped, by reason."),
    Row("npv_datagrams_oversized_total", "counter", (), "Datagrams sent that may be fragmented on the way."),
    Row("npv_calls_active", "gauge", (), "Calls between INVITE and their last message."),
    Row("npv_transactions_active", "gauge", (), "SIP transactions in memory."),
    Row("npv_timers_active", "gauge", (), "Armed SIP timers."),
    Row("npv_platform_auth_total", "counter", ("outcome",), "Requests of platforms that must prove who they are, by what became of them."),
    Row("npv_carrier_challenges_total", "counter", ("carrier", "outcome"), "Challenges of carriers, by what became of them."),
    Row("npv_calls_started_total", "counter", (), "Calls offered to a carrier."),
    Row("npv_callbacks_total", "counter", ("outcome",), "Calls of carriers to numbers of the directory, by what became of them."),
    Row("npv_carrier_failovers_total", "counter", ("carrier", "cause"), "Calls that left a carrier for the next one, by status, `silent` or `no progress`."),
    Row("npv_carrier_probes_total", "counter", ("carrier", "outcome"), "OPTIONS to gateways of carriers: `serves` (any answer but 408, 503, 504) or `fails`."),
    Row("npv_carrier_gateways", "gauge", ("carrier", "state"), "Addresses of each carrier: up, down, resting, drained."),
    Row("npv_session_refreshes_total", "counter", ("leg", "outcome"), "Own questions inside calls without session timers: `alive`, `glare` (491, asked again) or `gone` (408, 481, silence: the call is ended)."),
    Row("npv_sessions_expired_total", "counter", (), "Calls ended because nobody refreshed their session in time."),
    Row("npv_calls_ended_total", "counter", ("carrier", "status_class"), "Calls offered to a carrier and over, by final status."),
    Row("npv_call_setup_seconds", "histogram", ("carrier",), "INVITE to answer."),
    Row("npv_pdd_seconds", "histogram", ("carrier",), "INVITE to the first sign of ringing (post-dial delay)."),
    Row("npv_call_duration_seconds", "histogram", ("carrier",), "Answer to the end of the call."),
    Row("npv_event_loop_lag_seconds", "histogram", (), "Delay of the event loop beyond the time asked for."),
    Row("npv_build_info", "gauge", ("version", "build", "python"), "1; the labels say what runs."),
    Row("npv_config_info", "gauge", ("hash",), "1; the label is the hash of all configuration files in force."),
    Row("npv_config_reloads_total", "counter", ("outcome",), "Reloads applied, and reloads refused with the old state kept."),
    Row("npv_draining", "gauge", (), "1 while no new call is taken."),
    Row("npv_conformance_trunks", "gauge", (), "Platforms with the profile `conformance`, for test suites: 0 wherever real calls are placed."),
    Row("npv_faults_total", "counter", (), "Defects of ours that ended a call."),
    *(Row(*row) for row in (*WRITTEN_ROWS, *STORE_ROWS, *OVERLOAD_ROWS, *STREAM_ROWS, *WORKER_ROWS)),
)  # fmt: skip


class RoutingView(Protocol):
    """What is read of `b2bua.routing.Routing`."""

    def states(self, now: float) -> Mapping[tuple[str, str], int]: ...
    def throttles(self, now: float) -> Sequence[tuple[str, float, int]]: ...


class EngineView(Protocol):
    """What is read of `b2bua.engine.Engine`."""

    @property
    def counters(self) -> Counters: ...
    def active_calls(self) -> int: ...
    def transaction_count(self) -> int: ...
    def timer_count(self) -> int: ...
    def retransmissions(self) -> Mapping[tuple[str, str], int]: ...
    @property
    def routing(self) -> RoutingView: ...
    @property
    def gate(self) -> GateView: ...


class LagView(Protocol):
    """What is read of `loop_lag.LoopLag`."""

    @property
    def seconds(self) -> Histogram: ...


class StreamView(Protocol):
    """What is read of `stream_counts.StreamCounts`."""

    def samples(self) -> Snapshot: ...


class TopologyView(Protocol):
    """What is read of `node_topology.NodeTopology`."""

    def conformance_trunks(self) -> int: ...


class Observed(Protocol):
    """The running process, as far as metrics look at it; `app.App` is one."""

    @property
    def engine(self) -> EngineView: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def journal(self) -> JournalView: ...
    @property
    def ahead(self) -> AheadView: ...
    @property
    def calls(self) -> CallsView: ...
    @property
    def lag(self) -> LagView: ...
    @property
    def reloads(self) -> Mapping[str, int]: ...
    @property
    def number(self) -> int: ...
    @property
    def handover(self) -> HandoverView | None: ...
    @property
    def digest(self) -> str: ...
    @property
    def draining(self) -> bool: ...
    @property
    def shared(self) -> SharedView: ...
    @property
    def streams(self) -> StreamView: ...
    @property
    def topology(self) -> TopologyView: ...


def snapshot(node: Observed) -> Snapshot:
    """Copy every value; call it on the loop, where nobody counts meanwhile."""
    counters, engine = node.engine.counters, node.engine
    return {
        "npv_decisions_total": by_two(NO_EMERGENCY | counters.decisions),
        "npv_decision_warnings_total": by_one(counters.warnings),
        "npv_decision_seconds": {(): Frozen(counters.decision_seconds)},
        "npv_identity_scrubbed_total": {(): counters.identity_scrubbed},
        "npv_sip_requests_total": requests(counters),
        "npv_sip_responses_total": responses(counters),
        "npv_sip_retransmissions_total": by_two(engine.retransmissions()),
        "npv_sip_parse_errors_total": by_one(counters.parse_errors),
        "npv_sip_dropped_total": by_one(counters.dropped),
        "npv_datagrams_oversized_total": {(): counters.oversized},
        "npv_calls_active": {(): engine.active_calls()},
        "npv_transactions_active": {(): engine.transaction_count()},
        "npv_timers_active": {(): engine.timer_count()},
        "npv_platform_auth_total": by_one(counters.auth),
        "npv_carrier_challenges_total": by_two(counters.challenges),
        "npv_calls_started_total": {(): counters.calls_started},
        "npv_callbacks_total": by_one(counters.call_backs),
        "npv_carrier_failovers_total": by_two(counters.failovers),
        "npv_carrier_probes_total": by_two(counters.probes),
        "npv_carrier_gateways": by_two(engine.routing.states(node.clock.monotonic())),
        "npv_session_refreshes_total": by_two(counters.refreshes),
        "npv_sessions_expired_total": {(): counters.sessions_expired},
        "npv_calls_ended_total": by_two(counters.calls_ended),
        "npv_call_setup_seconds": frozen(counters.setup_seconds),
        "npv_pdd_seconds": frozen(counters.pdd_seconds),
        "npv_call_duration_seconds": frozen(counters.duration_seconds),
        "npv_event_loop_lag_seconds": {(): Frozen(node.lag.seconds)},
        "npv_build_info": {BUILD_LABELS: 1},
        "npv_config_info": {(node.digest,): 1},
        "npv_config_reloads_total": by_one(node.reloads),
        "npv_draining": {(): float(node.draining)},
        "npv_conformance_trunks": {(): node.topology.conformance_trunks()},
        "npv_faults_total": {(): counters.faults},
        **written_samples(node.journal, node.ahead, node.calls),
        **store_samples(node.shared),
        **overload_samples(engine.gate, counters, engine.routing.throttles(node.clock.monotonic())),
        **node.streams.samples(),
        **worker_samples(node.number, counters, node.handover),
    }
