"""A gateway that asks for less gets less; the others and calls for help do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.gate import Gate
from proxy.b2bua.throttle import Throttle
from proxy.b2bua.trunks import Limits, Route, RouteLeg
from proxy.sip.feedback import OFFER, Feedback
from proxy.sip.hop import Hop
from tests.b2bua.test_gate import flood, shut
from tests.ladder import C, Callee, Caller, Ladder, Seen, carrier, platform, topology

CONTROLLED = carrier(overload_control=True)
SAID = ';oc=%d;oc-algo="loss";oc-validity=%d;oc-seq=%d.0'


def answer(ladder: Ladder, invite: Seen, percent: int, valid: int = 60_000, sequence: int = 1) -> None:
    """A 486 of the carrier with what it says of overload."""
    data = Callee(invite).reply(486)
    ladder.feed("b" if invite.side == "b" else "c", data.replace(OFFER, (SAID % (percent, valid, sequence)).encode()))
    ladder.unread = []


def call(ladder: Ladder, number: int, called: str = "+33140000000") -> list[Seen]:
    ladder.feed("a", Caller(number, called=called).invite())
    seen, ladder.unread = ladder.unread, []
    return seen


def test_the_part_adds_up_to_whole_calls() -> None:
    throttle = Throttle()
    throttle.heard(Feedback(0.25, 10.0, 1.0), 100.0)
    blocked = [throttle.blocks(101.0) for _ in range(100)]
    assert sum(blocked) == throttle.held_back == 25
    assert blocked[:4] == [False, False, False, True]
    assert not any(throttle.blocks(110.0) for _ in range(10))  # it is over


def test_older_news_are_no_news() -> None:
    throttle = Throttle()
    throttle.heard(Feedback(1.0, 10.0, 7.0), 0.0)
    throttle.heard(Feedback(0.0, 10.0, 6.5), 0.0)
    assert throttle.loss(1.0) == 1.0
    throttle.heard(Feedback(0.0, 0.0, 7.5), 1.0)
    assert throttle.loss(1.0) == 0.0
    throttle.heard(Feedback(0.5, 10.0, 0.0), 1.0)  # without a number each counts
    assert throttle.loss(1.0) == 0.5


def test_only_a_carrier_that_is_asked_to_is_offered_it(ladder_of: Callable[..., Ladder]) -> None:
    for offered in (CONTROLLED, carrier()):
        ladder = ladder_of(topology(carrier_trunk=offered))
        invite = call(ladder, 1)[1]
        via = invite.header("via")
        assert (OFFER.decode() in via) == offered.overload_control
        assert invite.message.branch.startswith(b"z9hG4bK")
        answer(ladder, invite, 100)
        (throttled,) = ladder.engine.routing.throttles(ladder.now) or [("", 0.0, 0)]
        assert (throttled[1] == 1.0) == offered.overload_control
        ladder.unread = []


def test_a_carrier_alone_that_asks_for_less_gets_less(ladder_of: Callable[..., Ladder]) -> None:
    ladder = ladder_of(topology(carrier_trunk=CONTROLLED))
    answer(ladder, call(ladder, 1)[1], 50)
    seen = [[one.label for one in call(ladder, number)] for number in range(2, 12)]
    assert seen.count(["a 100 INVITE", "b INVITE"]) == 5
    assert seen.count(["a 100 INVITE", "a 503 INVITE"]) == 5
    last = call(ladder, 13)[1]
    assert last.header("retry-after") in ("", "1")
    answer(ladder, call(ladder, 14, "112")[1], 100, sequence=2)
    for number in range(15, 20):
        assert [one.label for one in call(ladder, number, "112")] == ["a 100 INVITE", "b INVITE"]
        assert [one.label for one in call(ladder, 100 + number)][-1] == "a 503 INVITE"
    ladder.advance(61.0)
    ladder.unread = []
    assert [one.label for one in call(ladder, 30)] == ["a 100 INVITE", "b INVITE"]


def test_what_it_does_not_take_goes_to_the_next_of_the_route(ladder_of: Callable[..., Ladder]) -> None:
    other = carrier(name="carrier-2", host=C[0], port=C[1])
    route = Route("both", (RouteLeg("carrier-1", 1), RouteLeg("carrier-2", 2)))
    ladder = ladder_of(
        topology(platform_trunk=platform(carrier="", route="both"), carriers=(CONTROLLED, other), routes=(route,))
    )
    answer(ladder, call(ladder, 1)[1], 75)
    ways = [call(ladder, number)[1].label for number in range(2, 10)]
    assert ways.count("b INVITE") == 2
    assert ways.count("c INVITE") == 6


def test_a_broken_word_changes_nothing(ladder_of: Callable[..., Ladder]) -> None:
    ladder = ladder_of(topology(carrier_trunk=CONTROLLED))
    invite = call(ladder, 1)[1]
    ladder.feed("b", Callee(invite).reply(486).replace(OFFER, b';oc=999;oc-algo="loss"'))
    ladder.unread = []
    assert ladder.engine.routing.throttles(ladder.now) == []


@pytest.mark.parametrize("offer", ['oc;oc-algo="loss"', 'oc;oc-algo="rate,loss"'])
def test_a_platform_that_can_send_less_is_told_how_much(ladder_of: Callable[..., Ladder], offer: str) -> None:
    ladder = ladder_of(topology(limits=Limits(queue_delay=0.05)))
    invite = Caller(1).invite().replace(b";rport", f";{offer};rport".encode())
    ladder.feed("a", invite)
    calm = ladder.expect("a 100 INVITE", "b INVITE")[0].header("via")
    assert 'oc=0;oc-algo="loss";oc-validity=0;oc-seq=' in calm
    shut(ladder)
    gate: Gate = ladder.engine.gate
    for step in range(40):
        flood(ladder, 5, 5000 + 10 * step)
        ladder.advance(0.05)
        ladder.unread = []
        gate.observe(0, 0.05, ladder.now)
    ladder.feed("a", Caller(2).request("OPTIONS").replace(b";rport", f";{offer};rport".encode()))
    told = ladder.one("a 200 OPTIONS").header("via")
    percent = int(told.partition(";oc=")[2].partition(";")[0])
    assert 20 <= percent <= 98
    assert ";oc-validity=1000;" in told
    assert ladder.engine.counters.feedback == {"vms": 1}
    assert gate.loss_of(Hop(0, "10.99.0.1", 5060)) == 0.0


def test_who_offers_something_else_is_told_nothing(ladder_of: Callable[..., Ladder]) -> None:
    ladder = ladder_of(topology())
    ladder.feed("a", Caller(1).invite().replace(b";rport", b';oc;oc-algo="rate";rport'))
    via = ladder.expect("a 100 INVITE", "b INVITE")[0].header("via")
    assert "oc;" in via
    assert "oc=" not in via
