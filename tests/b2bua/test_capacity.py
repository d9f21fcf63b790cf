"""Calls are counted once and given back once; a look counts nothing."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from proxy.b2bua.capacity import FREE, KEPT_MOST, UNLIMITED, Capacity, Meter
from proxy.b2bua.trunks import Limits
from tests.ladder import Caller, Ladder, carrier, topology

MakeLadder = Callable[..., Ladder]


def test_a_call_taken_up_counts_as_one_at_once_and_takes_nothing_of_a_rate() -> None:
    capacity = Capacity()
    capacity.look("acme", (1.0, 2), "vms", (1.0, 2), 0.0)
    capacity.resume("acme", "vms", False, 0.0)
    assert capacity.look("acme", (1.0, 2), "vms", (1.0, 2), 0.0) is FREE
    capacity.resume("acme", "vms", False, 0.0)
    assert capacity.look("acme", (1.0, 2), "vms", (1.0, 2), 0.0).over == "customer"
    capacity.resume("acme", "vms", True, 0.0)
    assert (capacity.node.live, capacity.trunks["vms"].live) == (3, 2)
    capacity.end("acme", "vms")
    assert capacity.look("acme", (1.0, 2), "vms", (1.0, 2), 0.0) is FREE


def test_without_limits_everything_passes() -> None:
    capacity = Capacity()
    for _ in range(1000):
        assert capacity.look("acme", UNLIMITED, "vms", UNLIMITED, 0.0) is FREE
        capacity.begin("acme", "vms", 0.0)
    assert capacity.node.live == 1000


def test_calls_at_once_of_a_customer() -> None:
    capacity = Capacity()
    limits = (0.0, 2)
    for _ in range(2):
        assert not capacity.look("acme", limits, "vms", UNLIMITED, 0.0).over
        capacity.begin("acme", "vms", 0.0)
    load = capacity.look("acme", limits, "vms", UNLIMITED, 0.0)
    assert (load.over, load.retry_after) == ("customer", 1)
    assert not capacity.look("sonda", limits, "vms", UNLIMITED, 0.0).over
    capacity.end("acme", "vms")
    assert not capacity.look("acme", limits, "vms", UNLIMITED, 0.0).over


def test_calls_per_second_of_a_trunk_refill_with_time() -> None:
    capacity = Capacity()
    for _ in range(2):
        assert not capacity.look("acme", UNLIMITED, "vms", (2.0, 0), 10.0).over
        capacity.begin("acme", "vms", 10.0)
    assert capacity.look("acme", UNLIMITED, "vms", (2.0, 0), 10.1).over == "trunk"
    assert not capacity.look("acme", UNLIMITED, "vms", (2.0, 0), 10.5).over


def test_less_than_one_call_per_second_says_how_long_to_wait() -> None:
    capacity = Capacity()
    limits = (0.1, 0)
    assert not capacity.look("acme", limits, "vms", UNLIMITED, 0.0).over
    capacity.begin("acme", "vms", 0.0)
    assert capacity.look("acme", limits, "vms", UNLIMITED, 0.5).retry_after == 10
    assert capacity.look("acme", limits, "vms", UNLIMITED, 8.5).retry_after == 2
    assert not capacity.look("acme", limits, "vms", UNLIMITED, 10.5).over


def test_the_node_is_asked_last() -> None:
    capacity = Capacity()
    capacity.node.set(0.0, 1)
    capacity.begin("acme", "vms", 0.0)
    assert capacity.look("acme", UNLIMITED, "vms", UNLIMITED, 0.0).over == "node"
    assert capacity.look("acme", (0.0, 1), "vms", UNLIMITED, 0.0).over == "customer"


def test_new_limits_apply_to_the_calls_in_progress() -> None:
    capacity = Capacity()
    capacity.look("acme", (0.0, 5), "vms", UNLIMITED, 0.0)
    for _ in range(3):
        capacity.begin("acme", "vms", 0.0)
    assert not capacity.look("acme", (0.0, 4), "vms", UNLIMITED, 0.0).over
    assert capacity.look("acme", (0.0, 3), "vms", UNLIMITED, 0.0).over == "customer"


def test_idle_customers_beyond_the_most_are_forgotten() -> None:
    capacity = Capacity()
    for at in range(KEPT_MOST + 2):
        capacity.begin(str(at), "vms", 0.0)
    capacity.end("0", "vms")
    assert "0" not in capacity.customers
    assert "1" in capacity.customers


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(("a", "b", "c"))), max_size=60))
def test_whatever_begins_and_ends_the_counts_are_those_of_the_calls_in_progress(steps: list[tuple[bool, str]]) -> None:
    capacity = Capacity()
    live: list[str] = []
    for begin, name in steps:
        if begin:
            capacity.begin(name, "vms", 0.0)
            live.append(name)
        elif name in live:
            capacity.end(name, "vms")
            live.remove(name)
    assert capacity.node.live == len(live)
    assert {name: meter.live for name, meter in capacity.customers.items() if meter.live} == {
        name: live.count(name) for name in set(live)
    }


@given(st.floats(min_value=0.5, max_value=50), st.lists(st.floats(min_value=0.0, max_value=2.0), max_size=200))
def test_no_second_sees_more_calls_than_the_bucket_and_its_refill(rate: float, gaps: list[float]) -> None:
    meter = Meter(rate, 0, 0.0)
    now, taken = 0.0, []
    for gap in gaps:
        now += gap
        if not meter.wait(now):
            meter.take(now)
            taken.append(now)
    for start in taken:
        inside = [at for at in taken if start <= at < start + 1.0]
        assert len(inside) <= max(rate, 1.0) + rate + 1e-6


class Rivals:
    """Other workers, of which one takes a place right after we looked."""

    def __init__(self, *counts: int) -> None:
        self.counts = list(counts)
        self.told: list[int] = []

    def place(self, name: str) -> int:
        return 0

    def tell(self, place: int, live: int) -> None:
        self.told.append(live)

    def limit(self, place: int, rate: float, most: int) -> None:
        self.limits = (rate, most)

    def live(self, place: int) -> int:
        return self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]

    def due(self, place: int) -> float:
        return 0.0

    def defer(self, place: int, due: float) -> None:
        raise AssertionError("there is no rate")


def test_a_place_that_another_worker_takes_between_look_and_count_is_not_ours() -> None:
    rivals = Rivals(4, 5)
    meter = Meter(0.0, 5, 0.0)
    meter.share(rivals, "node")
    assert meter.wait(1.0) == 0
    assert not meter.take(1.0)
    meter.leave()
    assert meter.wait(1.0) == 1
    assert rivals.told == [0, 1, 0]  # ours is told before theirs is looked at


def test_a_call_that_lost_its_place_to_another_worker_is_refused_and_counted_nowhere(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(max_calls=5)))
    rivals = Rivals(4, 5)
    ladder.engine.fabric.capacity.node.share(rivals, "node")
    ladder.feed("a", Caller().invite())
    refused = ladder.one("a 503 INVITE")
    assert "capacity.node" in refused.header("reason")
    (record,) = ladder.decisions()
    assert record.ledger.load is not None
    assert (record.decision.rule, record.ledger.load.over) == ("capacity.node", "node")
    assert ladder.engine.fabric.capacity.node.live == 0
    assert rivals.told[-1] == 0


def test_a_carrier_whose_last_place_another_worker_took_is_passed_over(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(carrier_trunk=carrier(most_calls=5)))
    (meter,) = [pool.meter for pool in ladder.engine.routing.pools.values()]
    assert meter is not None
    meter.share(Rivals(4, 4, 4, 5), "carrier")
    ladder.feed("a", Caller().invite())
    ladder.expect("a 100 INVITE", "a 503 INVITE")
    assert meter.live == 0
