"""What Prometheus sees of the shared state: the ledger's desk and the directory's watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from proxy.b2bua.counters import Histogram
from proxy.policy.directory import Directory
from proxy.runtime.metric_samples import Frozen, Snapshot, by_one, by_two
from proxy.runtime.node_limits import OUTCOMES
from proxy.runtime.store.interface import SILENCES

STORE_ROWS: Final = (
    ("npv_store_operations_total", "counter", ("operation", "outcome"), "Questions and notes to the ledger."),
    ("npv_store_seconds", "histogram", (), "From a question to the ledger's answer."),
    ("npv_store_silences_total", "counter", ("reason",), "Times the ledger did not answer in time."),
    ("npv_store_waiting", "gauge", (), "Questions that wait to be sent."),
    (
        "npv_store_owed",
        "gauge",
        (),
        "Notes that the ledger must still be told, or rows that its file does not have yet.",
    ),
    (
        "npv_store_behind_age_seconds",
        "gauge",
        (),
        "Since the oldest row was counted that the file of the embedded store does not have yet.",
    ),
    ("npv_store_reachable", "gauge", (), "1 while the store answers when it is asked for the directory."),
    ("npv_store_notices_total", "counter", (), "Notices of the store that something has changed."),
    ("npv_store_notice_reconnects_total", "counter", (), "Times the way of the notices had to be made anew."),
    ("npv_store_key_info", "gauge", ("key",), "1; the label names the newest key for attempts that the node holds."),
    ("npv_directory_age_seconds", "gauge", (), "Since the store last said that there is no newer directory."),
    ("npv_directory_version", "gauge", (), "Version of the directory in force."),
    ("npv_refusals_held", "gauge", (), "Refusals in memory, for when the ledger is silent."),
    ("npv_refusals_dropped_total", "counter", (), "Refusals that found no room in memory."),
    ("npv_refusals_age_seconds", "gauge", (), "Since all refusals in the store were known here."),
    (
        "npv_limits_nodes",
        "gauge",
        (),
        "Other nodes whose calls count for the limits of customers, trunks and carriers.",
    ),
    (
        "npv_limits_messages_total",
        "counter",
        ("outcome",),
        "Messages between nodes about their limits: `sent`, `heard`, `silent` (Redis did not take it) or `unreadable`.",
    ),
    ("npv_limits_unplaced_total", "counter", (), "Counts of other nodes for which there was no room."),
)
NO_MESSAGES: Final = dict.fromkeys(OUTCOMES, 0)
NONE_YET: Final = Histogram((0.001,))
NO_SILENCE: Final = dict.fromkeys(SILENCES, 0)  # all are there from the start, so that an alert sees the first one


class DeskView(Protocol):
    """What is read of `store.ledger_desk.LedgerDesk` and `store.inline_ledger.InlineLedger`."""

    @property
    def operations(self) -> Mapping[tuple[str, str], int]: ...
    @property
    def silences(self) -> Mapping[str, int]: ...
    @property
    def seconds(self) -> Histogram: ...
    @property
    def queue(self) -> int: ...
    @property
    def owed(self) -> int: ...
    @property
    def behind(self) -> float: ...


class CountedView(Protocol):
    """What is read of `node_limits.NodeLimits`."""

    @property
    def nodes(self) -> int: ...
    @property
    def unplaced(self) -> int: ...


class LimitsView(Protocol):
    """What is read of `store.redis_limits.RedisLimits`."""

    @property
    def messages(self) -> Mapping[str, int]: ...
    @property
    def limits(self) -> CountedView: ...


class SharedView(Protocol):
    """What is read of `shared_state.SharedState`."""

    @property
    def desk(self) -> DeskView | None: ...
    @property
    def directory(self) -> tuple[Directory, int] | None: ...
    @property
    def notices(self) -> tuple[int, int]: ...
    @property
    def refusals(self) -> tuple[int, int, float]: ...
    @property
    def limits(self) -> LimitsView | None: ...
    @property
    def key(self) -> str: ...
    def reachable(self) -> bool: ...
    def directory_age(self) -> float: ...


def store_samples(shared: SharedView) -> Snapshot:
    """Every value by name and labels."""
    desk, held, limits = shared.desk, shared.directory, shared.limits
    count, dropped, age = shared.refusals
    return {
        "npv_store_operations_total": by_two(desk.operations) if desk else {},
        "npv_store_seconds": {(): Frozen(desk.seconds if desk else NONE_YET)},
        "npv_store_silences_total": by_one(NO_SILENCE | dict(desk.silences)) if desk else {},
        "npv_store_waiting": {(): desk.queue if desk else 0},
        "npv_store_owed": {(): desk.owed if desk else 0},
        "npv_store_behind_age_seconds": {(): desk.behind if desk else 0.0},
        "npv_store_reachable": {(): float(shared.reachable())},
        "npv_store_notices_total": {(): shared.notices[0]},
        "npv_store_notice_reconnects_total": {(): shared.notices[1]},
        "npv_store_key_info": {(shared.key,): 1} if shared.key else {},
        "npv_directory_age_seconds": {(): shared.directory_age()},
        "npv_directory_version": {(): held[1] if held else 0},
        "npv_refusals_held": {(): count},
        "npv_refusals_dropped_total": {(): dropped},
        "npv_refusals_age_seconds": {(): age},
        "npv_limits_nodes": {(): limits.limits.nodes if limits else 0},
        "npv_limits_messages_total": by_one(NO_MESSAGES | dict(limits.messages if limits else {})),
        "npv_limits_unplaced_total": {(): limits.limits.unplaced if limits else 0},
    }
