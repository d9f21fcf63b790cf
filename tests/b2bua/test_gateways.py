"""Gateways: shares, health, rest, and what stays of them."""

from __future__ import annotations

from collections import Counter

from proxy.b2bua.gateways import LONGEST_REST, REST, Gateway, Pool
from proxy.b2bua.rewrite import Face
from proxy.b2bua.trunks import CarrierTrunk
from proxy.sip.hop import UDP, Hop
from tests.ladder import OWN_UDP, carrier, topology


def gateway(number: int, trunk: CarrierTrunk, priority: int = 0, weight: int = 0) -> Gateway:
    return Gateway(trunk, Hop(UDP, f"10.2.0.{number}", 5080), Face(topology(), OWN_UDP, trunk), priority, weight)


def hosts(pool: Pool, calls: int) -> Counter[str]:
    chosen = [pool.choose([], 0.0) for _ in range(calls)]
    return Counter(one.hop.host for one in chosen if one is not None)


def test_weights_are_kept_exactly_and_evenly() -> None:
    trunk = carrier()
    pool = Pool(trunk, [gateway(1, trunk, 0, 59), gateway(2, trunk, 0, 29), gateway(3, trunk, 0, 9)])
    assert hosts(pool, 100) == {"10.2.0.1": 60, "10.2.0.2": 30, "10.2.0.3": 10}
    assert hosts(pool, 10) == {"10.2.0.1": 6, "10.2.0.2": 3, "10.2.0.3": 1}


def test_a_worse_priority_is_used_only_when_no_better_one_is_there() -> None:
    trunk = carrier()
    first, second = gateway(1, trunk, 10), gateway(2, trunk, 20)
    pool = Pool(trunk, [first, second])
    assert hosts(pool, 5) == {"10.2.0.1": 5}
    first.rest(0.0, 10.0)
    assert hosts(pool, 5) == {"10.2.0.2": 5}
    assert pool.choose([second], 0.0) is None
    assert pool.choose([second], 10.0) is first


def test_without_probes_a_gateway_that_fails_rests_and_is_tried_again() -> None:
    one = gateway(1, carrier(down_after=2))
    one.failed(100.0)
    assert one.state(100.0) == "up"
    one.failed(100.0)
    assert (one.state(100.0), one.state(100.0 + REST)) == ("resting", "up")
    assert (one.preferred(100.0), one.usable(100.0)) == (False, True)


def test_a_gateway_that_stands_alone_is_used_even_while_it_fails() -> None:
    trunk = carrier(down_after=1)
    one, two = gateway(1, trunk), gateway(2, trunk)
    alone, pair = Pool(trunk, [one]), Pool(trunk, [one, two])
    one.failed(0.0)
    assert alone.choose([], 0.0) is one
    assert [pair.choose([], 0.0) for _ in range(3)] == [two, two, two]
    assert pair.choose([two], 0.0) is one


def test_a_success_ends_a_row_of_failures() -> None:
    one = gateway(1, carrier(down_after=2))
    for _ in range(5):
        one.failed(0.0)
        one.worked()
    assert one.state(0.0) == "up"


def test_with_probes_it_stays_down_until_it_answered_often_enough() -> None:
    one = gateway(1, carrier(down_after=3, up_after=2, probe_every=10.0))
    for _ in range(3):
        one.failed(0.0)
    assert (one.state(1e6), one.usable(1e6)) == ("down", False)
    one.worked()
    one.failed(0.0)
    one.worked()
    assert one.state(0.0) == "down"  # the successes were not in a row
    one.worked()
    assert one.state(0.0) == "up"


def test_a_carrier_may_not_send_its_gateway_away_for_hours() -> None:
    one = gateway(1, carrier())
    one.rest(0.0, 1e9)
    assert one.rests_until == LONGEST_REST
    one.rest(0.0, 1.0)
    assert one.rests_until == LONGEST_REST


def test_a_drained_carrier_takes_no_call_whatever_its_health() -> None:
    one = gateway(1, carrier(drained=True, probe_every=1.0, down_after=1))
    one.failed(0.0)
    assert (one.state(0.0), one.usable(0.0)) == ("drained", False)
    one.renew(carrier(probe_every=1.0), one.face)
    assert one.state(0.0) == "down"
