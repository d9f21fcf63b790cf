"""Failover as it is seen on the wire: when a call goes to the next carrier, and when it must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.outputs import Release
from proxy.b2bua.trunks import Route, RouteLeg, Topology
from proxy.policy.edition import Edition
from proxy.policy.inquiry import PersonState
from proxy.sip.hop import TCP, UDP
from tests.ladder import ANSWER, OWN_TCP, OWN_UDP, Callee, Caller, Ladder, carrier, platform, reply, topology

LadderOf = Callable[..., Ladder]
SECOND = carrier(name="carrier-2", host="10.2.0.2", numbers="00", hidden="unavailable")
ROUTE = Route("france", (RouteLeg("carrier-1", 1, 1), RouteLeg("carrier-2", 2, 1)))


def two(**changes: object) -> Topology:
    """Two carriers, the second only when the first fails."""
    first = carrier(**changes)
    return topology(platform_trunk=platform(carrier="", route="france"), carriers=(first, SECOND), routes=(ROUTE,))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_carrier_that_cannot_serve_is_followed_by_the_next(ladder_of: LadderOf, status: int) -> None:
    ladder, caller = ladder_of(two()), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(first).reply(status))
    _, second = ladder.expect("b ACK", "c INVITE")
    assert second.header("call-id") != first.header("call-id")
    assert second.header("from").split("tag=")[1] != first.header("from").split("tag=")[1]
    assert second.start.startswith("INVITE sip:0033140000000@10.2.0.2:5080")  # as this carrier writes numbers
    assert second.body == first.body
    callee = Callee(second)
    callee.contact = "sip:gw@10.2.0.2:5080"
    ladder.feed("c", callee.reply(200, body=ANSWER))
    answered, _ = ladder.expect("a 200 INVITE", "c ACK")
    caller.learn(answered)
    ladder.feed("a", caller.ack())
    ladder.feed("a", caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "c BYE")
    ladder.feed("c", callee.reply(200, to=bye))
    (record,) = ladder.records()
    assert (record.carrier, record.status, record.ended_by) == ("carrier-2", 200, "a")
    assert len(ladder.decisions()) == 1
    assert ladder.engine.counters.failovers == {("carrier-1", str(status)): 1}
    ladder.advance(40)
    ladder.assert_empty()


@pytest.mark.parametrize("status", [404, 480, 486, 488, 501, 513, 600, 603, 604, 607, 608])
def test_what_was_said_finally_is_never_asked_again(ladder_of: LadderOf, status: int) -> None:
    ladder, caller = ladder_of(two()), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(first).reply(status))
    _, final = ladder.expect("b ACK", f"a {status} INVITE")
    ladder.feed("a", caller.ack_failure(final))
    ladder.advance(40)
    ladder.assert_empty()


@pytest.mark.parametrize("status", [180, 183])
def test_after_a_18x_nobody_else_is_called(ladder_of: LadderOf, status: int) -> None:
    ladder, caller = ladder_of(two()), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(first)
    ladder.feed("b", callee.reply(status))
    ladder.one(f"a {status} INVITE")
    ladder.feed("b", callee.reply(503))
    _, final = ladder.expect("b ACK", "a 503 INVITE")
    ladder.feed("a", caller.ack_failure(final))
    ladder.advance(40)
    ladder.assert_empty()


def test_a_silent_carrier_is_left_after_its_patience(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(two(silent_after=3.0)), Caller()
    ladder.feed("a", caller.invite())
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.advance(2.9)
    ladder.expect("b INVITE", "b INVITE")
    ladder.advance(0.2)
    second = ladder.one("c INVITE")
    ladder.feed("c", Callee(second).reply(486))
    _, final = ladder.expect("c ACK", "a 486 INVITE")
    ladder.feed("a", caller.ack_failure(final))
    assert ladder.engine.counters.failovers == {("carrier-1", "silent"): 1}
    ladder.advance(40)
    ladder.assert_empty()


def test_a_100_is_life_so_the_call_stays(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(two(silent_after=3.0)), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(first).reply(100))
    ladder.advance(60)
    ladder.expect()
    ladder.feed("b", Callee(first).reply(486))
    _, final = ladder.expect("b ACK", "a 486 INVITE")
    ladder.feed("a", caller.ack_failure(final))
    ladder.advance(40)
    ladder.assert_empty()


def test_the_attempt_counts_once_and_is_taken_back_only_when_nobody_was_reached(
    ladder_of: LadderOf, careful: Edition
) -> None:
    ladder, caller = ladder_of(two(), over=careful), Caller()
    ladder.feed("a", caller.invite())
    ladder.one("a 100 INVITE")
    (fetch,) = ladder.fetches()
    ladder.arrived(fetch.call, PersonState(reserved=True))
    first = ladder.one("b INVITE")
    ladder.feed("b", Callee(first).reply(503))
    _, second = ladder.expect("b ACK", "c INVITE")
    assert not [one for one in ladder.outputs if isinstance(one, Release)]
    ladder.feed("c", Callee(second).reply(503))
    _, final = ladder.expect("c ACK", "a 503 INVITE")
    ladder.feed("a", caller.ack_failure(final))
    assert [one.inquiry for one in ladder.outputs if isinstance(one, Release)] == [fetch.inquiry]
    assert len(ladder.fetches()) == 1


def test_a_cancel_reaches_the_carrier_that_is_being_asked(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(two()), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(first).reply(503))
    _, second = ladder.expect("b ACK", "c INVITE")
    callee = Callee(second)
    ladder.feed("c", callee.reply(100))
    ladder.feed("a", caller.cancel())
    _, final, cancel = ladder.expect("a 200 CANCEL", "a 487 INVITE", "c CANCEL")
    assert cancel.header("call-id") == second.header("call-id")
    ladder.feed("c", callee.reply(200, to=cancel))
    ladder.feed("c", callee.reply(503))  # even this leads nowhere now
    ladder.one("c ACK")
    ladder.feed("a", caller.ack_failure(final))
    ladder.advance(40)
    ladder.assert_empty()


def test_retry_after_keeps_later_calls_away_for_that_long(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(two()), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(first).reply(503, extra=["Retry-After: 18 (maintenance);duration=60"]))
    _, second = ladder.expect("b ACK", "c INVITE")
    ladder.feed("c", Callee(second).reply(100))
    ladder.advance(17)
    ladder.feed("a", Caller(2).invite())
    _, other = ladder.expect("a 100 INVITE", "c INVITE")
    ladder.feed("c", Callee(other).reply(100))
    ladder.advance(1.1)
    ladder.feed("a", Caller(3).invite())
    ladder.expect("a 100 INVITE", "b INVITE")


@pytest.mark.parametrize("why", [{"drained": True}, {"host": "", "address": "sip.carrier.example"}])
def test_without_any_gateway_the_platform_hears_when_to_come_back(ladder_of: LadderOf, why: dict[str, object]) -> None:
    ladder, caller = ladder_of(topology(carrier_trunk=carrier(**why))), Caller()
    ladder.feed("a", caller.invite())
    _, final = ladder.expect("a 100 INVITE", "a 503 INVITE")
    assert final.header("retry-after") == "30"
    (record,) = ladder.records()
    assert (record.carrier, record.status, record.reason) == ("none", 503, "no carrier")
    ladder.feed("a", caller.ack_failure(final))
    ladder.advance(40)
    ladder.assert_empty()


@pytest.mark.parametrize("trying", [True, False])
@pytest.mark.parametrize("last", ["487", "200", "none"])
def test_an_invite_without_progress_is_cancelled_and_the_call_goes_to_the_next(
    ladder_of: LadderOf, trying: bool, last: str
) -> None:
    ladder, caller = ladder_of(two(no_progress=20.0)), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    slow = Callee(first, "slow")
    if trying:
        ladder.feed("b", slow.reply(100))
    ladder.advance(20.1)
    seen = ladder.expect(*(["b CANCEL"] if trying else ["b INVITE"] * 5), "c INVITE")
    second = seen[-1]
    if trying:
        ladder.feed("b", slow.reply(200, to=seen[0]))
    assert ladder.engine.counters.failovers == {("carrier-1", "no progress"): 1}
    ladder.feed("b", slow.reply(180))  # it does not count any more
    ladder.expect()
    if last == "487":
        ladder.feed("b", slow.reply(487))
        ladder.one("b ACK")
    elif last == "200":
        ladder.feed("b", slow.reply(200, body=ANSWER))
        _, bye = ladder.expect("b ACK", "b BYE")
        ladder.feed("b", reply(bye, 200))
    callee = Callee(second)
    callee.contact = "sip:gw@10.2.0.2:5080"
    ladder.feed("c", callee.reply(180))
    ladder.one("a 180 INVITE")
    ladder.feed("a", caller.cancel())
    _, final, cancel = ladder.expect("a 200 CANCEL", "a 487 INVITE", "c CANCEL")
    ladder.feed("a", caller.ack_failure(final))
    ladder.feed("c", callee.reply(200, to=cancel))
    ladder.feed("c", callee.reply(487))
    ladder.one("c ACK")
    ladder.advance(70)
    ladder.assert_empty()
    assert len(ladder.records()) == 1


def test_the_last_gateway_without_progress_is_cancelled_and_the_call_ends(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(topology(carrier_trunk=carrier(no_progress=20.0))), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(first)
    ladder.feed("b", callee.reply(100))
    ladder.advance(20.1)
    final, cancel = ladder.expect("a 480 INVITE", "b CANCEL")
    assert final.header("reason") == 'Q.850;cause=18;text="no progress"'
    ladder.feed("b", callee.reply(200, to=cancel))
    ladder.feed("b", callee.reply(487))
    ladder.one("b ACK")
    ladder.feed("a", caller.ack_failure(final))
    ladder.advance(40)
    ladder.assert_empty()


def test_progress_gives_the_answer_timeout_its_time(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(two(no_progress=20.0)), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(first).reply(180))
    ladder.one("a 180 INVITE")
    ladder.advance(179.9)
    ladder.expect()
    ladder.advance(0.2)
    final, _ = ladder.expect("a 480 INVITE", "b CANCEL")
    assert final.header("reason") == 'Q.850;cause=19;text="no answer"'


BIG = b"v=0\r\no=alice 1 1 IN IP4 10.1.0.9\r\ns=-\r\nt=0 0\r\n" + b"a=rtpmap:0 PCMU/8000\r\n" * 60


def both(**changes: object) -> Topology:
    return topology(carrier_trunk=carrier(**changes), listeners=(OWN_UDP, OWN_TCP))


def test_a_large_invite_goes_over_tcp_where_the_trunk_allows_it(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(both(large_over_tcp=True)), Caller()
    ladder.feed("a", caller.invite(body=BIG))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert (invite.hop.transport, invite.hop.port) == (TCP, 5080)
    assert invite.header("via").startswith("SIP/2.0/TCP 10.0.0.1:5060;")
    assert ladder.engine.counters.oversized == 0
    ladder.feed_from(invite.hop, Callee(invite).reply(486))
    ack, final = ladder.expect("b ACK", "a 486 INVITE")
    assert ack.hop.transport == TCP
    ladder.feed("a", caller.ack_failure(final))
    ladder.advance(40)
    ladder.assert_empty()


def test_without_tcp_at_the_carrier_it_goes_over_udp_after_all(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(both(large_over_tcp=True)), Caller()
    ladder.feed("a", caller.invite(body=BIG))
    _, refused = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.engine.unreachable(refused.hop, ladder.now, ladder.epoch)
    ladder.drain()
    invite = ladder.one("b INVITE")
    assert (invite.hop.transport, invite.body) == (UDP, refused.body)
    assert ladder.engine.counters.oversized == 1
    assert ladder.engine.routing.states(ladder.now)["carrier-1", "up"] == 1
    ladder.feed("b", Callee(invite).reply(503))
    _, final = ladder.expect("b ACK", "a 503 INVITE")
    ladder.feed("a", caller.ack_failure(final))
    ladder.advance(40)
    ladder.assert_empty()


@pytest.mark.parametrize(("large", "body"), [(False, BIG), (True, b"")])
def test_what_fits_or_may_not_move_stays_on_udp(ladder_of: LadderOf, large: bool, body: bytes) -> None:
    ladder = ladder_of(both(large_over_tcp=large))
    ladder.feed("a", Caller().invite(body=body))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.hop.transport == UDP


def answered(ladder: Ladder, caller: Caller, side: str) -> Callee:
    """The call gets its answer on that side."""
    ladder.feed("a", caller.invite())
    _, offered = ladder.expect("a 100 INVITE", f"{side} INVITE")
    callee = Callee(offered)
    if side == "c":
        callee.contact = "sip:gw@10.2.0.2:5080"
    ladder.feed(side, callee.reply(200, body=ANSWER))
    final, _ = ladder.expect("a 200 INVITE", f"{side} ACK")
    caller.learn(final)
    ladder.feed("a", caller.ack())
    return callee


def test_a_carrier_at_its_limit_is_left_out_until_a_call_of_it_ends(ladder_of: LadderOf) -> None:
    ladder, callers = ladder_of(two(most_calls=1)), [Caller(number) for number in range(1, 4)]
    callees = [answered(ladder, callers[0], "b"), answered(ladder, callers[1], "c")]
    ladder.feed("a", callers[0].request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    ladder.feed("b", callees[0].reply(200, to=bye))
    ladder.advance(40)
    answered(ladder, callers[2], "b")
    assert ladder.engine.counters.failovers == {}


def test_a_full_carrier_alone_answers_503_by_the_rule_on_capacity(ladder_of: LadderOf) -> None:
    ladder, callers = (
        ladder_of(topology(carriers=(carrier(most_calls=1),))),
        [Caller(1), Caller(2), Caller(3, called="15")],
    )
    answered(ladder, callers[0], "b")
    ladder.feed("a", callers[1].invite())
    refused = ladder.one("a 503 INVITE")
    assert "capacity.trunk" in refused.header("reason")
    assert refused.header("retry-after") == "1"
    ladder.feed("a", callers[1].ack_failure(refused))
    ladder.feed("a", callers[2].invite())
    ladder.expect("a 100 INVITE", "b INVITE")


def test_a_failed_carrier_gives_its_place_back_at_once(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(two(most_calls=1)), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(first).reply(503))
    ladder.expect("b ACK", "c INVITE")
    meter = ladder.engine.fabric.routing.pools["carrier-1"].meter
    assert meter is not None
    assert meter.live == 0
