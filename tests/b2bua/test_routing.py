"""Routes: priority, weight, what was tried, and gateways that come and go."""

from __future__ import annotations

from collections import Counter

from proxy.b2bua.gateways import Gateway, Place
from proxy.b2bua.routing import RETRY_LATER, Routing
from proxy.b2bua.trunks import Route, RouteLeg, route_key
from proxy.sip.hop import TCP, UDP
from tests.ladder import OWN_TCP, OWN_UDP, carrier, topology

ONE, TWO, THREE = (carrier(name=f"c{number}", host=f"10.2.0.{number}") for number in (1, 2, 3))
WAY = route_key("france")


def routing(*legs: RouteLeg) -> Routing:
    return Routing(topology(carriers=(ONE, TWO, THREE), routes=(Route("france", legs),)))


def names(table: Routing, calls: int) -> Counter[str]:
    return Counter(one.carrier.name for one in (table.choose(WAY, [], 0.0) for _ in range(calls)) if one is not None)


def test_calls_are_shared_by_weight_within_the_best_priority() -> None:
    table = routing(RouteLeg("c3", 2, 1), RouteLeg("c1", 1, 3), RouteLeg("c2", 1, 1))
    assert names(table, 40) == {"c1": 30, "c2": 10}


def test_what_was_tried_is_not_tried_again_and_then_nothing_is_left() -> None:
    table = routing(RouteLeg("c1", 1, 1), RouteLeg("c2", 2, 1))
    tried: list[Gateway] = []
    order = []
    while (gateway := table.choose(WAY, tried, 0.0)) is not None:
        order.append(gateway.carrier.name)
        tried.append(gateway)
    assert order == ["c1", "c2"]
    assert table.another(WAY, tried, 0.0) is None


def test_a_carrier_by_itself_is_a_way_too_and_an_unknown_one_is_none() -> None:
    table = routing(RouteLeg("c1", 1, 1))
    chosen = table.choose("c2", [], 0.0)
    assert chosen is not None
    assert chosen.carrier == TWO
    assert table.choose("c9", [], 0.0) is None
    assert table.choose(route_key("c1"), [], 0.0) is None


def test_the_gateways_of_a_name_come_and_go_and_keep_their_health() -> None:
    named = carrier(name="named", host="", address="sip.example")
    table = Routing(topology(carriers=(named,)))
    assert table.choose("named", [], 0.0) is None
    table.use_places("named", [Place("udp", "192.0.2.1", 5060, 10, 5), Place("udp", "192.0.2.2", 5060, 20, 5)])
    first = table.choose("named", [], 0.0)
    assert first is not None
    assert (first.hop.host, first.hop.transport) == ("192.0.2.1", UDP)
    first.rest(0.0, 60.0)
    table.use_places("named", [Place("udp", "192.0.2.1", 5060, 30, 5), Place("udp", "192.0.2.3", 5060, 40, 5)])
    assert [one.hop.host for one in table.gateways()] == ["192.0.2.1", "192.0.2.3"]
    assert table.gateways()[0] is first
    assert (first.priority, first.rests_until) == (30, 60.0)
    table.use_places("named", [])
    assert len(table.gateways()) == 2  # an empty answer takes nothing away
    table.use_topology(topology(carriers=(carrier(name="named", host="", address="sip.example", drained=True),)))
    assert table.gateways()[0] is first
    assert first.state(0.0) == "drained"
    table.use_topology(topology(carriers=(carrier(name="named", host="", address="other.example"),)))
    assert table.gateways() == []


def test_a_place_that_no_listener_reaches_is_left_out() -> None:
    named = carrier(name="named", host="", address="sip.example")
    table = Routing(topology(carriers=(named,), listeners=(OWN_UDP, OWN_TCP)))
    places = [Place("udp", "2001:db8::1", 5060), Place("tcp", "192.0.2.1", 5060), Place("tls", "192.0.2.1", 5061)]
    table.use_places("named", places)
    assert [(one.hop.transport, one.hop.host, one.hop.listener) for one in table.gateways()] == [(TCP, "192.0.2.1", 1)]


def test_states_are_told_for_every_carrier() -> None:
    table = routing(RouteLeg("c1", 1, 1))
    table.gateways()[0].rest(0.0, 10.0)
    told = table.states(5.0)
    assert (told["c1", "resting"], told["c1", "up"], told["c2", "up"]) == (1, 0, 1)
    assert table.states(11.0)["c1", "up"] == 1


def test_a_platform_is_told_when_the_first_gateway_is_back() -> None:
    table = routing(RouteLeg("c1", 1, 1), RouteLeg("c2", 2, 1))
    assert table.retry_after(WAY, 0.0) == RETRY_LATER
    for gateway, seconds in zip(table.gateways(), (60.0, 20.5), strict=False):
        gateway.rest(0.0, seconds)
    assert table.retry_after(WAY, 0.0) == 21


def test_a_carrier_at_its_limit_is_passed_over_and_the_wait_is_that_of_the_first_to_be_free() -> None:
    first = carrier(name="c1", host="10.2.0.1", most_calls=1)
    second = carrier(name="c2", host="10.2.0.2", calls_per_second=0.25)
    way = Route("france", (RouteLeg("c1", 1, 1), RouteLeg("c2", 2, 1)))
    table = Routing(topology(carriers=(first, second, THREE), routes=(way,)))

    def chosen(now: float, bounded: bool = True) -> str:
        gateway = table.choose(WAY, [], now, bounded)
        return "" if gateway is None else gateway.carrier.name

    meters = [table.pools[name].meter for name in ("c1", "c2", "c3")]
    assert meters[2] is None
    one, two = meters[:2]
    assert one is not None
    assert two is not None
    assert (chosen(0.0), table.wait(WAY, 0.0)) == ("c1", 0)
    one.take(0.0)
    assert (chosen(0.0), table.wait(WAY, 0.0)) == ("c2", 0)
    two.take(0.0)
    assert (chosen(0.0), table.another(WAY, [], 0.0), table.wait(WAY, 0.0)) == ("", None, 1)
    assert table.wait("c2", 0.0) == 5
    assert chosen(0.0, bounded=False) == "c1"
    assert table.another(WAY, [], 0.0, bounded=False) is not None
    assert chosen(4.0) == "c2"
    one.live -= 1
    assert chosen(0.0) == "c1"
    assert table.wait("c3", 0.0) == table.wait("c9", 0.0) == 0
    table.use_topology(topology(carriers=(first, THREE)))
    assert table.pools["c1"].meter is one
    table.use_topology(topology(carriers=(carrier(name="c1", host="10.2.0.1"),)))
    assert [pool.meter for pool in table.pools.values()] == [None]
    assert not table.limited
