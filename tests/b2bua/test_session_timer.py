"""Session timers (RFC 4028): agreed on by both ends and watched here, or our own questions where they agreed on none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.session_timer import glare_wait, interval_of
from proxy.b2bua.trunks import Limits
from proxy.sip.parse import parse
from tests.ladder import ANSWER, OFFER, Callee, Caller, Ladder, Seen, Talk, hang_up, reply, set_up, topology

MakeLadder = Callable[..., Ladder]
TIMED = ["Supported: timer", "Session-Expires: 1800;refresher=uac"]
UPDATES = ["Allow: INVITE, ACK, BYE, UPDATE"]


def talk_of(ladder: Ladder, asked: list[str], agreed: list[str]) -> Talk:
    """A call that is up, with these lines in its INVITE and its 200."""
    caller = Caller()
    ladder.feed("a", caller.invite(extra=asked))
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(200, body=ANSWER, extra=agreed))
    caller.learn(ladder.expect("a 200 INVITE", "b ACK")[0])
    ladder.feed("a", caller.ack())
    ladder.expect()
    return Talk(ladder, caller, callee)


def ended(ladder: Ladder, reason: str) -> None:
    """Both legs get BYE, and the record says why."""
    for seen in ladder.expect("b BYE", "a BYE"):
        ladder.feed(seen.side, reply(seen, 200))
    (record,) = ladder.records()
    assert (record.ended_by, record.reason, record.status) == ("proxy", reason, 200)
    ladder.advance(70)
    ladder.expect()
    ladder.assert_empty()


def refresh(talk: Talk, side: str, method: str = "UPDATE", interval: str = "1800;refresher=uac") -> Seen:
    """One refresh of `side` that the other one grants; what crossed."""
    ladder, other = talk.ladder, "b" if side == "a" else "a"
    lines = [f"Session-Expires: {interval}", "Supported: timer"]
    who = talk.caller if side == "a" else talk.callee
    ladder.feed(side, who.request(method, extra=lines))
    crossed = ladder.one(f"{other} {method}")
    agreed = [f"Session-Expires: {interval}", "Require: timer"]
    ladder.feed(
        other, reply(crossed, 200, extra=agreed, contact=talk.caller.contact if other == "a" else talk.callee.contact)
    )
    ladder.one(f"{side} 200 {method}")
    return crossed


@pytest.mark.parametrize("refresher", ["uac", "uas"])
def test_interval_and_refresher_cross_both_ways(ladder: Ladder, refresher: str) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(extra=[*TIMED, "Min-SE: 120"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert (invite.header("session-expires"), invite.header("min-se")) == ("1800;refresher=uac", "120")
    assert invite.header("supported") == "timer"
    agreed = [f"Session-Expires: 900;refresher={refresher}", "Require: timer"]
    ladder.feed("b", Callee(invite).reply(200, body=ANSWER, extra=agreed))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    assert (ok.header("session-expires"), ok.header("require")) == (f"900;refresher={refresher}", "timer")


def test_an_interval_that_is_too_small_is_asked_for_again_and_counts_once(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(extra=["Supported: timer", "Session-Expires: 90"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(invite).reply(422, extra=["Min-SE: 600"]))
    _, small = ladder.expect("b ACK", "a 422 INVITE")
    assert small.header("min-se") == "600"
    ladder.feed("a", caller.ack_failure(small))
    caller.cseq = 2
    ladder.feed("a", caller.invite(extra=["Supported: timer", "Session-Expires: 600", "Min-SE: 600"]))
    _, again = ladder.expect("a 100 INVITE", "b INVITE")
    assert (again.header("session-expires"), again.header("min-se")) == ("600", "600")
    first, second = ladder.decisions()
    assert first.facts.attempt == second.facts.attempt


def test_a_session_that_nobody_refreshes_is_ended_on_both_legs(ladder: Ladder) -> None:
    talk_of(ladder, TIMED, ["Session-Expires: 1800;refresher=uac", "Require: timer"])
    ladder.advance(1799)
    ladder.expect()
    ladder.advance(1.2)
    ended(ladder, "session expired")
    assert ladder.engine.counters.sessions_expired == 1


@pytest.mark.parametrize(("side", "method"), [("a", "UPDATE"), ("b", "UPDATE"), ("a", "INVITE"), ("b", "INVITE")])
def test_a_refresh_of_either_side_begins_the_interval_anew(ladder: Ladder, side: str, method: str) -> None:
    talk = talk_of(ladder, TIMED, ["Session-Expires: 1800;refresher=uac", "Require: timer"])
    ladder.advance(1000)
    if method == "UPDATE":
        refresh(talk, side)
    else:
        who, other = (talk.caller, "b") if side == "a" else (talk.callee, "a")
        ladder.feed(side, who.request("INVITE", body=OFFER))
        crossed = ladder.one(f"{other} INVITE")
        agreed = ["Session-Expires: 1800;refresher=uac", "Require: timer"]
        ladder.feed(other, reply(crossed, 200, extra=agreed, body=ANSWER))
        ok, _ = ladder.expect(f"{side} 200 INVITE", f"{other} ACK")
        ladder.feed(side, talk.caller.ack() if side == "a" else talk.callee.ack(ok))
    ladder.advance(1799)
    ladder.expect()
    ladder.advance(1.2)
    ended(ladder, "session expired")


def test_a_refresh_that_failed_is_none(ladder: Ladder) -> None:
    talk = talk_of(ladder, TIMED, ["Session-Expires: 1800;refresher=uac", "Require: timer"])
    ladder.advance(1000)
    ladder.feed("a", talk.caller.request("UPDATE", extra=TIMED))
    ladder.feed("b", reply(ladder.one("b UPDATE"), 500))
    ladder.expect("a 500 UPDATE")
    ladder.advance(800.2)
    ended(ladder, "session expired")


def test_a_refresh_without_an_interval_ends_the_agreement_and_we_ask(ladder: Ladder) -> None:
    talk = talk_of(ladder, TIMED, ["Session-Expires: 600;refresher=uac", "Require: timer"])
    ladder.advance(500)
    ladder.feed("a", talk.caller.request("UPDATE"))
    ladder.feed("b", reply(ladder.one("b UPDATE"), 200))
    ladder.expect("a 200 UPDATE")
    ladder.advance(1799)
    ladder.expect()
    ladder.advance(1.2)
    ladder.expect("a OPTIONS", "b OPTIONS")


def test_an_interval_longer_than_the_longest_call_needs_no_watch(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(longest_call=600)))
    talk_of(ladder, TIMED, ["Session-Expires: 1800;refresher=uac", "Require: timer"])
    assert ladder.engine.fabric.timers.by_duration.get(1800.0) is None
    ladder.advance(600.2)
    ended(ladder, "longest call")


def test_without_timers_both_legs_are_asked_again_and_again(ladder: Ladder) -> None:
    talk = talk_of(ladder, UPDATES, [])
    for _ in range(3):
        ladder.advance(1800)
        update, options = ladder.expect("a UPDATE", "b OPTIONS")
        assert update.start == f"UPDATE {talk.caller.contact} SIP/2.0"
        assert (update.body, update.header("contact")) == (b"", "<sip:10.0.0.1:5060>")
        assert update.header("to").endswith(f";tag={talk.caller.tag}")
        assert (options.header("accept"), options.header("contact")) == ("application/sdp", "")
        ladder.feed("a", reply(update, 200, contact=talk.caller.contact))
        ladder.feed("b", reply(options, 200))
        ladder.expect()
    assert ladder.engine.counters.refreshes == {("a", "alive"): 3, ("b", "alive"): 3}
    hang_up(talk)
    ladder.advance(2000)
    ladder.assert_empty()


def test_a_peer_whose_allow_names_update_is_asked_so_until_it_says_no(ladder: Ladder) -> None:
    talk_of(ladder, [], UPDATES)
    ladder.advance(1800)
    options, update = ladder.expect("a OPTIONS", "b UPDATE")
    ladder.feed("a", reply(options, 405))
    ladder.feed("b", reply(update, 501))
    ladder.advance(1800)
    ladder.expect("a OPTIONS", "b OPTIONS")
    assert ladder.engine.counters.refreshes == {("a", "alive"): 1, ("b", "alive"): 1}


@pytest.mark.parametrize(("side", "who"), [("a", "platform"), ("b", "carrier")])
@pytest.mark.parametrize("status", [408, 481])
def test_a_leg_that_does_not_know_the_call_any_more_ends_it(ladder: Ladder, side: str, who: str, status: int) -> None:
    talk_of(ladder, [], [])
    ladder.advance(1800)
    first, second = ladder.expect("a OPTIONS", "b OPTIONS")
    gone, well = (first, second) if side == "a" else (second, first)
    ladder.feed(well.side, reply(well, 200))
    ladder.feed(gone.side, reply(gone, status))
    ended(ladder, f"{who} gone")
    assert ladder.engine.counters.refreshes[(side, "gone")] == 1


def test_a_silent_leg_ends_the_call(ladder: Ladder) -> None:
    talk_of(ladder, [], [])
    ladder.advance(1800)
    _, options = ladder.expect("a OPTIONS", "b OPTIONS")
    ladder.feed("b", reply(options, 200))
    ladder.advance(32.1)
    seen = ladder.expect(*["a OPTIONS"] * 10, "b BYE", "a BYE")
    for bye in seen[-2:]:
        ladder.feed(bye.side, reply(bye, 200))
    assert [record.reason for record in ladder.records()] == ["platform gone"]


def test_two_silent_legs_end_the_call_once(ladder: Ladder) -> None:
    talk_of(ladder, [], [])
    ladder.advance(1900)
    labels = [seen.label for seen in ladder.unread]
    ladder.unread = []
    assert (labels.count("a OPTIONS"), labels.count("b OPTIONS")) == (11, 11)
    assert [record.reason for record in ladder.records()] == ["platform gone"]
    ladder.assert_empty()


def test_a_491_is_asked_again_after_its_time(ladder: Ladder) -> None:
    talk = talk_of(ladder, UPDATES, UPDATES)
    ladder.advance(1800)
    for seen in ladder.expect("a UPDATE", "b UPDATE"):
        ladder.feed(seen.side, reply(seen, 491))
    ladder.advance(0.4)
    ladder.feed("a", reply(ladder.one("a UPDATE"), 200))
    ladder.advance(1.65)
    ladder.expect()
    ladder.advance(1.95)
    ladder.feed("b", reply(ladder.expect("b UPDATE", *["b UPDATE"] * (len(ladder.unread) - 1))[0], 200))
    counted = ladder.engine.counters.refreshes
    assert (counted["a", "glare"], counted["b", "glare"], counted["a", "alive"], counted["b", "alive"]) == (1, 1, 1, 1)
    hang_up(talk)


def test_a_call_that_ends_while_a_second_attempt_waits_leaves_nothing(ladder: Ladder) -> None:
    talk = talk_of(ladder, UPDATES, UPDATES)
    ladder.advance(1800)
    to_a, to_b = ladder.expect("a UPDATE", "b UPDATE")
    ladder.feed("b", reply(to_b, 491))
    hang_up(talk)
    ladder.feed("a", reply(to_a, 491))
    ladder.advance(40)
    ladder.expect()
    ladder.assert_empty()


def test_nobody_is_asked_when_the_operator_does_not_want_it(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(session_refresh=0)))
    talk = set_up(ladder)
    ladder.advance(7200)
    ladder.expect()
    hang_up(talk)


def test_the_waits_of_14_1(ladder: Ladder) -> None:
    ours = {glare_wait(b"%d" % number, True) for number in range(2000)}
    theirs = {glare_wait(b"%d" % number, False) for number in range(2000)}
    assert 2.1 <= min(ours) < 2.3 < 3.8 < max(ours) <= 4.0
    assert 0.0 <= min(theirs) < 0.2 < 1.8 < max(theirs) <= 2.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("1800;refresher=uac", 1800), ("90", 90), ("45 ;x=y", 45), ("1801", 1830), ("0", 0), ("many", 0), ("9999999999", 0)],
)  # fmt: skip
def test_intervals(ladder: Ladder, value: str, seconds: float) -> None:
    assert interval_of(parse(Caller().invite(extra=[f"x: {value}"]))) == seconds
    assert interval_of(parse(Caller().invite())) == 0


def test_an_emergency_call_is_not_asked(ladder: Ladder) -> None:
    talk = set_up(ladder, caller=Caller(called="112"))
    ladder.advance(7200)
    ladder.expect()
    hang_up(talk)
