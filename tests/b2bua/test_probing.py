"""OPTIONS to gateways: when they go out, what their answers mean, and what becomes of them when trunks change."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.gateways import Place
from proxy.b2bua.trunks import Route, RouteLeg, Topology
from tests.ladder import Callee, Caller, Ladder, Seen, carrier, platform, reply, topology

LadderOf = Callable[..., Ladder]


def probed(**changes: object) -> Topology:
    return topology(carrier_trunk=carrier(probe_every=30.0, down_after=2, up_after=2, **changes))


def running(ladder_of: LadderOf, given: Topology) -> Ladder:
    """An engine that was given its trunks, as a running node is."""
    ladder = ladder_of(given)
    ladder.engine.use_topology(given, ladder.now)
    return ladder


def states(ladder: Ladder) -> dict[str, int]:
    told = ladder.engine.routing.states(ladder.now)
    return {state: count for (_, state), count in told.items() if count}


def asked(ladder: Ladder, seconds: float, side: str = "b") -> Seen:
    ladder.advance(seconds)
    return ladder.one(f"{side} OPTIONS")


def test_a_gateway_is_asked_by_a_message_that_stands_by_itself(ladder_of: LadderOf) -> None:
    ladder = running(ladder_of, probed())
    first = asked(ladder, 30)
    assert first.start == "OPTIONS sip:10.2.0.1:5080 SIP/2.0"
    assert first.header("max-forwards") == "70"
    assert first.header("cseq") == "1 OPTIONS"
    assert first.header("contact") == "<sip:10.0.0.1:5060>"
    ladder.feed("b", reply(first, 200))
    second = asked(ladder, 30)
    assert second.header("call-id") != first.header("call-id")
    assert second.header("via") != first.header("via")


def test_it_goes_down_and_up_by_its_thresholds_and_calls_follow(ladder_of: LadderOf) -> None:
    ladder = running(ladder_of, probed())
    seen = []
    for status in (503, 503, 200, 200):
        ladder.feed("b", reply(asked(ladder, 30), status))
        seen.append(states(ladder))
    assert seen == [{"up": 1}, {"down": 1}, {"down": 1}, {"up": 1}]
    assert ladder.engine.counters.probes == {("carrier-1", "fails"): 2, ("carrier-1", "serves"): 2}


@pytest.mark.parametrize(
    ("status", "serves"), [(200, True), (404, True), (405, True), (501, True), (408, False), (504, False)]
)
def test_any_answer_but_that_calls_would_fail_is_service(ladder_of: LadderOf, status: int, serves: bool) -> None:
    ladder = running(ladder_of, probed())
    ladder.feed("b", reply(asked(ladder, 30), status))
    assert ladder.engine.counters.probes == {("carrier-1", "serves" if serves else "fails"): 1}


def test_silence_counts_once_for_each_question(ladder_of: LadderOf) -> None:
    ladder = running(ladder_of, probed())
    asked(ladder, 30)
    ladder.advance(31.9)
    assert {seen.label for seen in ladder.unread} == {"b OPTIONS"}
    assert len({seen.header("call-id") for seen in ladder.unread}) == 1  # the next question waits for this one's end
    ladder.unread.clear()
    ladder.advance(0.2)
    assert ladder.engine.counters.probes == {("carrier-1", "fails"): 1}


def test_a_call_avoids_a_gateway_that_probes_found_down(ladder_of: LadderOf) -> None:
    second = carrier(name="carrier-2", host="10.2.0.2")
    first = carrier(probe_every=30.0, down_after=1)
    route = Route("r", (RouteLeg("carrier-1", 1), RouteLeg("carrier-2", 2)))
    given = topology(platform_trunk=platform(carrier="", route="r"), carriers=(first, second), routes=(route,))
    ladder = running(ladder_of, given)
    ladder.feed("b", reply(asked(ladder, 30), 503))
    ladder.feed("a", Caller().invite())
    _, invite = ladder.expect("a 100 INVITE", "c INVITE")
    ladder.feed("c", Callee(invite).reply(486))
    ladder.expect("c ACK", "a 486 INVITE")


def test_the_gateways_of_a_name_are_asked_spread_over_the_interval(ladder_of: LadderOf) -> None:
    ladder = running(ladder_of, probed(host="", address="sip.carrier.example"))
    ladder.engine.use_places("carrier-1", [Place("udp", "10.2.0.1", 5080), Place("udp", "10.2.0.2", 5080)], ladder.now)
    ladder.feed("b", reply(asked(ladder, 15), 200))
    ladder.feed("c", reply(asked(ladder, 15, "c"), 200))


def test_a_carrier_that_is_gone_or_wants_no_probes_is_asked_no_more(ladder_of: LadderOf) -> None:
    ladder = running(ladder_of, probed())
    ladder.engine.use_topology(topology(), ladder.now)
    ladder.advance(2000)
    ladder.expect()
    ladder.assert_empty()


def test_a_test_by_hand_asks_at_once_and_tells(ladder_of: LadderOf) -> None:
    ladder = running(ladder_of, topology())
    assert ladder.engine.probes.now("carrier-9") == 0
    assert ladder.engine.probes.now("carrier-1") == 1
    ladder.drain()
    question = ladder.one("b OPTIONS")
    ladder.advance(0.25)
    ladder.feed("b", reply(question, 200))
    (told,) = ladder.engine.probes.told
    assert (told.carrier, told.hop.host, told.status, told.serves, told.seconds) == (
        "carrier-1",
        "10.2.0.1",
        200,
        True,
        0.25,
    )
    assert ladder.engine.timer_count() == 1  # only timer K of the question
