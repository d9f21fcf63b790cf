"""A decision is counted and recorded once; an attempt stands when somebody was reached, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.outputs import Count, RefusalHeard, Release
from proxy.b2bua.trunks import Limits
from proxy.policy.edition import Edition
from proxy.policy.inquiry import Inquiry, PersonState
from tests.ladder import ANSWER, CALLED, Callee, Caller, Ladder, hang_up, platform, set_up, topology

MakeLadder = Callable[..., Ladder]
COUNTED = PersonState(reserved=True)


def releases(ladder: Ladder) -> list[str]:
    return [output.inquiry.attempt for output in ladder.outputs if isinstance(output, Release)]


def counts(ladder: Ladder) -> list[str]:
    return [output.inquiry.attempt for output in ladder.outputs if isinstance(output, Count)]


def asked(ladder: Ladder, state: PersonState = COUNTED) -> tuple[Caller, Callee]:
    """A call that was parked, and that the ledger let go on."""
    caller = Caller()
    ladder.feed("a", caller.invite())
    ladder.expect("a 100 INVITE")
    assert ladder.engine.state_arrived(ladder.fetches()[-1].call, state, ladder.now, ladder.epoch)
    ladder.advance(0)
    ladder.drain()
    return caller, Callee(ladder.one("b INVITE"))


def test_an_answered_call_keeps_its_attempt(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    _, callee = asked(ladder)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ladder.expect("a 200 INVITE", "b ACK")
    ladder.stop()
    ladder.expect("b BYE", "a BYE")
    assert (releases(ladder), counts(ladder)) == ([], [])


@pytest.mark.parametrize(("status", "taken_back"), [(408, True), (500, True), (503, True), (486, False), (404, False)])
def test_a_failure_of_the_carrier_takes_the_attempt_back_a_person_s_answer_does_not(
    ladder_of: MakeLadder, careful: Edition, status: int, taken_back: bool
) -> None:
    ladder = ladder_of(over=careful)
    _, callee = asked(ladder)
    ladder.feed("b", callee.reply(status))
    ladder.expect("b ACK", f"a {status} INVITE")
    assert bool(releases(ladder)) is taken_back


def test_after_ringing_a_failure_takes_nothing_back(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    _, callee = asked(ladder)
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    ladder.feed("b", callee.reply(500))
    ladder.expect("b ACK", "a 500 INVITE")
    assert releases(ladder) == []


def test_a_silent_carrier_takes_the_attempt_back(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    asked(ladder)
    ladder.advance(32)
    assert [seen.label for seen in ladder.unread][-1] == "a 408 INVITE"
    ladder.unread = []
    assert len(releases(ladder)) == 1


def test_a_stop_takes_the_attempt_back_of_a_call_that_nobody_had_given_up(
    ladder_of: MakeLadder, careful: Edition
) -> None:
    ladder = ladder_of(over=careful)
    asked(ladder)
    ladder.stop()
    ladder.expect("a 503 INVITE")
    assert len(releases(ladder)) == 1


def test_a_stop_takes_nothing_back_of_a_call_that_its_caller_had_given_up(
    ladder_of: MakeLadder, careful: Edition
) -> None:
    ladder = ladder_of(over=careful)
    caller, _ = asked(ladder)
    ladder.feed("a", caller.cancel())
    ladder.expect("a 200 CANCEL", "a 487 INVITE")
    ladder.stop()
    ladder.expect()
    assert releases(ladder) == []


def test_an_answer_that_comes_for_nobody_says_so(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    caller = Caller()
    ladder.feed("a", caller.invite())
    ladder.expect("a 100 INVITE")
    fetch = ladder.fetches()[-1]
    ladder.feed("a", caller.cancel())
    ladder.expect("a 200 CANCEL", "a 487 INVITE")
    assert not ladder.engine.state_arrived(fetch.call, COUNTED, ladder.now, ladder.epoch)


def test_a_call_that_goes_on_blind_is_counted_later(ladder_of: MakeLadder, lenient: Edition) -> None:
    ladder = ladder_of(over=lenient)
    ladder.feed("a", Caller().invite())
    ladder.expect("a 100 INVITE")
    ladder.advance(0.05)
    callee = Callee(ladder.one("b INVITE"))
    assert len(counts(ladder)) == 1
    assert ladder.engine.state_arrived(ladder.fetches()[-1].call, COUNTED, ladder.now, ladder.epoch)
    ladder.feed("b", callee.reply(503))
    ladder.expect("b ACK", "a 503 INVITE")
    assert len(releases(ladder)) == 1


class Remembered:
    """One refusal, of whoever is asked about."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.asked: list[str] = []

    def held(self, inquiry: Inquiry) -> PersonState | None:
        self.asked.append(inquiry.person)
        return PersonState(refusal_at=self.at)


@pytest.mark.parametrize("passes", [False, True])
def test_a_remembered_refusal_holds_when_the_ledger_is_silent(
    ladder_of: MakeLadder, careful: Edition, lenient: Edition, passes: bool
) -> None:
    ladder = ladder_of(over=lenient if passes else careful)
    memory = ladder.engine.fabric.memory = Remembered(ladder.epoch - 60)
    caller = Caller()
    ladder.feed("a", caller.invite())
    ladder.expect("a 100 INVITE")
    assert memory.asked == []
    ladder.advance(0.05)
    refused = ladder.one("a 403 INVITE")
    assert "refusal.recorded" in refused.header("warning")
    assert (memory.asked, counts(ladder), releases(ladder)) == ([CALLED], [], [])
    ladder.feed("a", caller.ack_failure(refused))


def test_what_the_ledger_says_goes_before_what_is_remembered(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    memory = ladder.engine.fabric.memory = Remembered(ladder.epoch - 60)
    asked(ladder)
    assert memory.asked == []


def attempt_of(ladder: Ladder, caller: Caller) -> str:
    """What the ledger would know the call of this INVITE by; the call is given up."""
    ladder.feed("a", caller.invite())
    ladder.expect("a 100 INVITE")
    ladder.feed("a", caller.cancel())
    ladder.expect("a 200 CANCEL", "a 487 INVITE")
    return ladder.fetches()[-1].inquiry.attempt


def test_a_call_that_is_offered_again_is_the_same_attempt(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder, caller = ladder_of(over=careful), Caller()
    first = attempt_of(ladder, caller)
    caller.cseq += 1  # as after a challenge: RFC 3261 22.2 keeps Call-ID and From tag
    assert attempt_of(ladder, caller) == first


def test_a_call_id_that_is_used_again_is_another_attempt(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder, caller, other = ladder_of(over=careful), Caller(1), Caller(2)
    other.call_id = caller.call_id
    assert attempt_of(ladder, caller) != attempt_of(ladder, other)


def test_607_is_a_refusal_of_this_customer(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(607))
    ladder.expect("b ACK", "a 607 INVITE")
    heard = [output for output in ladder.outputs if isinstance(output, RefusalHeard)]
    assert [(one.customer, one.person, one.at) for one in heard] == [("acme", CALLED, ladder.epoch)]


def test_limits_of_a_trunk_refuse_and_are_given_back(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(platform_trunk=platform(most_calls=1)))
    talk = set_up(ladder)
    ladder.feed("a", Caller(2).invite())
    refused = ladder.one("a 503 INVITE")
    assert "capacity.trunk" in refused.header("reason")
    assert refused.header("retry-after") == "1"
    hang_up(talk)
    ladder.feed("a", Caller(3).invite())
    ladder.expect("a 100 INVITE", "b INVITE")


def test_calls_per_second_of_the_node(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(calls_per_second=1)))
    set_up(ladder)
    second = Caller(2)
    ladder.feed("a", second.invite())
    refused = ladder.one("a 503 INVITE")
    assert "capacity.node" in refused.header("reason")
    ladder.feed("a", second.ack_failure(refused))
    ladder.advance(1)
    ladder.feed("a", Caller(3).invite())
    ladder.expect("a 100 INVITE", "b INVITE")
