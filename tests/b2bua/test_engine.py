"""The engine dispatches, keeps its law, and contains its own faults."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.outputs import Fault
from proxy.b2bua.trunks import Limits
from proxy.policy.edition import Edition
from proxy.policy.inquiry import PersonState
from tests.ladder import (
    ANSWER,
    OFFER,
    Callee,
    Caller,
    CountedIds,
    Ladder,
    carrier,
    hang_up,
    platform,
    reply,
    set_up,
    topology,
)

MakeLadder = Callable[..., Ladder]


def test_a_stranger_is_403_and_never_becomes_a_call(ladder: Ladder) -> None:
    ladder.feed_from(("198.51.100.7", 5060), Caller().invite())
    ladder.expect("198.51.100.7:5060 403 INVITE")
    ladder.assert_empty()
    assert not ladder.outputs


def test_the_carrier_places_calls_to_our_numbers_only(ladder: Ladder) -> None:
    ladder.feed("b", Caller().invite())
    ladder.expect("b 404 INVITE")
    ladder.feed("b", Caller(2).invite().replace(b"INVITE", b"MESSAGE"))
    ladder.expect("b 403 MESSAGE")
    assert ladder.engine.counters.requests_in == {("a", "INVITE"): 1, ("b", "MESSAGE"): 1}


def test_stray_responses_and_acks_are_dropped_and_counted(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("b", reply(talk.callee.invite, 200).replace(b"z9hG4bKx", b"z9hG4bKy"))
    ladder.feed("b", talk.callee.reply(200).replace(b"1 INVITE", b"1 UPDATE"))
    ladder.feed("a", Caller(9).ack())
    assert ladder.engine.counters.dropped == {"stray response": 2, "stray ack": 1}
    hang_up(talk)


def test_a_reloaded_edition_decides_the_calls_to_come(ladder: Ladder, careful: Edition) -> None:
    talk = set_up(ladder)
    ladder.engine.use_edition(careful)
    ladder.feed("a", Caller(2).invite())
    ladder.expect("a 100 INVITE")
    assert len(ladder.fetches()) == 1
    hang_up(talk)
    ladder.advance(1)
    ladder.expect("a 480 INVITE", "a 480 INVITE")


def test_a_reloaded_topology_serves_the_calls_to_come(ladder: Ladder) -> None:
    talk = set_up(ladder)
    moved = topology(
        platform_trunk=platform(sources=("10.1.0.7",), carrier="second"),
        carrier_trunk=carrier(name="second", host="10.3.0.1", port=5090),
    )
    ladder.engine.use_topology(moved, ladder.now)
    ladder.feed("a", Caller(2).invite())
    ladder.expect("a 403 INVITE")
    ladder.feed_from(("10.1.0.7", 5060), Caller(3).invite())
    ladder.expect("10.1.0.7:5060 100 INVITE", "10.3.0.1:5090 INVITE")
    hang_up(talk)


def test_counters_tell_what_passed(ladder: Ladder) -> None:
    hang_up(set_up(ladder))
    counters = ladder.engine.counters
    assert counters.requests_in == {("a", "INVITE"): 1, ("a", "ACK"): 1, ("a", "BYE"): 1}
    assert counters.requests_out == {("b", "INVITE"): 1, ("b", "ACK"): 1, ("b", "BYE"): 1}
    assert counters.responses_in == {("b", "INVITE", 180): 1, ("b", "INVITE", 200): 1, ("b", "BYE", 200): 1}
    assert counters.responses_out == {
        ("a", "INVITE", 100): 1, ("a", "INVITE", 180): 1, ("a", "INVITE", 200): 1, ("a", "BYE", 200): 1,
    }  # fmt: skip
    assert counters.decisions == {("npv", "presentation.default"): 1}
    assert counters.calls_started == 1
    assert counters.calls_ended == {("carrier-1", "2xx"): 1}
    assert sum(counters.decision_seconds.buckets) == 1
    assert ladder.engine.retransmissions() == {}
    assert ladder.engine.timer_count() > 0
    assert ladder.engine.transaction_count() == 4


def test_what_is_sent_and_seen_again_is_counted(ladder: Ladder) -> None:
    first = Caller().invite()
    ladder.feed("a", first)
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("a", first)
    ladder.expect("a 100 INVITE")
    ladder.advance(0.5)
    ladder.expect("b INVITE")
    assert ladder.engine.retransmissions() == {("a", "sent"): 1, ("b", "sent"): 1, ("a", "received"): 1}


def test_a_big_datagram_is_counted(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite(body=OFFER + b"a=x\r\n" * 300))
    ladder.expect("a 100 INVITE", "b INVITE")
    assert ladder.engine.counters.oversized == 1


# -- our own faults ----------------------------------------------------------


def faulty(ladder_of: MakeLadder, **limits: float) -> tuple[Ladder, CountedIds]:
    ids = CountedIds()
    return ladder_of(topology(limits=Limits(**limits)), ids=ids), ids  # type: ignore[arg-type]  # floats only


def test_a_fault_before_there_is_a_call_is_500(ladder_of: MakeLadder) -> None:
    ladder, ids = faulty(ladder_of)
    ids.broken = True
    ladder.feed("a", Caller().invite())
    ladder.expect("a 500 INVITE")
    assert ladder.faults() == ["RuntimeError: no identifiers left"]
    assert ladder.engine.counters.faults == 1
    ladder.assert_empty()


class BreaksAt(CountedIds):
    """Identifiers of which the n-th fails, once."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def _next(self) -> int:
        self.broken = self.count + 1 == self.at
        if self.broken:
            self.count += 1
            raise RuntimeError("no identifiers left")
        return super()._next()


def test_a_fault_anywhere_ends_its_own_call_only(ladder_of: MakeLadder) -> None:
    for at in range(1, 16):
        ids = BreaksAt(8 + at)
        ladder = ladder_of(ids=ids)
        other = set_up(ladder, 1)
        assert ids.count <= 8
        ids.count = 8
        caller = Caller(2)
        said: list[str] = []

        def say(side: str, data: bytes) -> None:
            ladder.feed(side, data)  # noqa: B023 - called inside this round only
            for seen in ladder.expect(*[one.label for one in ladder.unread]):  # noqa: B023 - the same
                said.append(seen.label)  # noqa: B023 - the same
                if seen.label == "b INVITE" and seen.header("cseq") == "1 INVITE":
                    callee = Callee(seen, "b2")
                    say("b", callee.reply(183, body=ANSWER))
                    say("b", callee.reply(200, body=ANSWER))
                elif seen.label == "a 200 INVITE" and not caller.to_tag:  # noqa: B023 - the same
                    caller.learn(seen)  # noqa: B023 - the same
                    say("a", caller.ack())  # noqa: B023 - the same
                    say("a", caller.request("INFO"))  # noqa: B023 - the same
                    say("a", caller.request("BYE"))  # noqa: B023 - the same
                elif seen.side == "b" and seen.label in ("b BYE", "b INFO", "b CANCEL"):
                    say("b", reply(seen, 200))
                elif seen.label == "a BYE":
                    say("a", reply(seen, 200))

        say("a", caller.invite())
        faults = [output for output in ladder.outputs if isinstance(output, Fault)]
        if ids.count < 8 + at:
            assert not faults
        else:
            assert len(faults) == 1, said
        assert any(label.startswith("a ") and label[2:5].isdigit() and label[2:5] != "100" for label in said), (
            at,
            said,
        )
        ids.at = 0
        hang_up(other)
        ladder.unread = []
        ladder.advance(200 + 70)
        ladder.unread = []
        ladder.assert_empty()
        ids.broken = True  # the fault was meant


def test_a_fault_during_the_call_hangs_up_both_legs(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(ids=BreaksAt(100))
    talk = set_up(ladder)
    ladder.ids.count = 99
    ladder.feed("a", talk.caller.request("INFO"))
    to_b, to_a, _ = ladder.expect("b BYE", "a BYE", "a 500 INFO")
    ladder.feed("b", reply(to_b, 200))
    ladder.feed("a", reply(to_a, 200))
    (record,) = ladder.records()
    assert (record.reason, record.ended_by, record.status) == ("internal error", "proxy", 200)
    ladder.advance(70)
    ladder.assert_empty()
    ladder.ids.broken = True  # the fault was meant


def test_a_fault_while_ringing_cancels_at_the_carrier(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(ids=BreaksAt(100))
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(invite, "b1").reply(180))
    ladder.expect("a 180 INVITE")
    ladder.ids.count = 99
    ladder.feed("b", Callee(invite, "b2").reply(180))  # its early dialog needs a tag
    failed, cancel = ladder.expect("a 500 INVITE", "b CANCEL")
    ladder.feed("a", caller.ack_failure(failed))
    ladder.feed("b", reply(cancel, 200))
    ladder.feed("b", Callee(invite, "b1").reply(487))
    ladder.expect("b ACK")
    assert [record.status for record in ladder.records()] == [500]
    ladder.advance(70)
    ladder.assert_empty()
    ladder.ids.broken = True  # the fault was meant


def test_a_fault_that_lasts_leaves_nothing_behind(ladder_of: MakeLadder) -> None:
    ladder = ladder_of()
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    ladder.feed("b", reply(ladder.one("b INVITE"), 183, tag="x"))
    ladder.expect("a 183 INVITE")
    ladder.ids.broken = True
    ladder.feed("a", talk.caller.request("INFO"))
    assert ladder.faults()[1].startswith("while ending the call")
    assert len(ladder.records()) == 1
    ladder.unread = []
    ladder.advance(70)
    ladder.unread = []
    ladder.assert_empty()


def test_a_fault_in_a_timer_ends_its_call(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(longest_call=60)))
    set_up(ladder)
    ladder.ids.broken = True
    ladder.advance(60)
    assert ladder.faults()
    assert len(ladder.records()) == 1
    ladder.ids.broken = False
    other = set_up(ladder, 2)
    hang_up(other)
    ladder.advance(70)
    ladder.assert_empty()
    ladder.ids.broken = True  # the fault was meant


@pytest.mark.parametrize("in_time", [True, False])
def test_a_fault_after_the_ledger_answered_is_500(ladder_of: MakeLadder, lenient: Edition, in_time: bool) -> None:
    ladder = ladder_of(over=lenient)
    caller = Caller()
    ladder.feed("a", caller.invite())
    ladder.expect("a 100 INVITE")
    ladder.ids.broken = True
    if in_time:
        ladder.arrived(ladder.fetches()[0].call, PersonState())
    else:
        ladder.advance(0.05)
    failed = ladder.one("a 500 INVITE")
    assert len(ladder.faults()) == 1
    ladder.feed("a", caller.ack_failure(failed))
    ladder.advance(10)
    ladder.assert_empty()
