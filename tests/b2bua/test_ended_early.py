"""Calls that nobody had answered when their process died."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.outputs import Count, Release
from proxy.policy.edition import Edition
from proxy.policy.inquiry import PersonState
from tests.ladder import ANSWER, Callee, Caller, Ladder, reply


def early(ladder: Ladder, ringing: bool) -> tuple[Caller, Callee]:
    """A call that nobody has answered."""
    caller = Caller()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    if ringing:
        ladder.feed("b", callee.reply(180))
        ladder.expect("a 180 INVITE")
    return caller, callee


@pytest.mark.parametrize("ringing", [False, True])
def test_an_early_call_gets_its_final_answer_and_its_cancel(ladder: Ladder, ringing: bool) -> None:
    caller, callee = early(ladder, ringing)
    taken = ladder.die(away=2.0)
    assert (taken.calls, taken.early) == (0, 1)
    failed, cancel = ladder.expect("a 503 INVITE", "b CANCEL")
    assert failed.header("retry-after") == "1"
    assert failed.header("via").startswith(caller.last_via.partition(": ")[2].partition(";")[0])
    ladder.feed("a", caller.ack_failure(failed))
    ladder.feed("b", reply(cancel, 200))
    ladder.feed("b", callee.reply(487))
    ladder.one("b ACK")
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.reason) == (503, "proxy", "proxy restarted")
    assert (record.ringing_at > 0, record.ended_at - record.started) == (ringing, 2.0)
    ladder.advance(70)
    ladder.assert_empty()
    assert ladder.die().early == 0


def test_a_carrier_that_answers_an_early_call_all_the_same_is_hung_up(ladder: Ladder) -> None:
    caller, callee = early(ladder, True)
    ladder.die()
    failed, cancel = ladder.expect("a 503 INVITE", "b CANCEL")
    ladder.feed("a", caller.ack_failure(failed))
    ladder.feed("b", reply(cancel, 481))
    ladder.feed("b", callee.reply(200, body=ANSWER))
    _, bye = ladder.expect("b ACK", "b BYE")
    ladder.feed("b", reply(bye, 200))
    ladder.advance(70)
    ladder.assert_empty()


def test_the_invite_of_an_early_call_that_comes_again_is_no_new_call(ladder: Ladder) -> None:
    caller = Caller()
    invite = caller.invite()
    ladder.feed("a", invite)
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.die()
    ladder.expect("a 503 INVITE", "b CANCEL")
    ladder.feed("a", invite)
    ladder.one("a 503 INVITE")
    ladder.feed("a", caller.cancel())
    ladder.one("a 200 CANCEL")
    ladder.feed("a", invite.replace(b"z9hG4bKa1-1", b"z9hG4bKother"))  # by another way (RFC 3261 8.2.2.2)
    ladder.one("a 482 INVITE")


def test_a_caller_who_had_given_up_gets_the_same_answer_again(ladder: Ladder) -> None:
    caller, _ = early(ladder, True)
    ladder.feed("a", caller.cancel())
    ladder.expect("a 200 CANCEL", "a 487 INVITE", "b CANCEL")
    ladder.die()
    ladder.expect("a 487 INVITE", "b CANCEL")
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.reason) == (487, "a", "cancelled")


@pytest.mark.parametrize("answers", [False, True])
def test_an_attempt_that_was_taken_back_counts_when_the_carrier_answers_after_all(
    ladder_of: Callable[..., Ladder], careful: Edition, answers: bool
) -> None:
    ladder = ladder_of(over=careful)
    ladder.feed("a", Caller().invite())
    ladder.one("a 100 INVITE")
    (fetch,) = ladder.fetches()
    ladder.arrived(fetch.call, PersonState(0.0, reserved=True))
    callee = Callee(ladder.one("b INVITE"))
    ladder.die()
    _, cancel = ladder.expect("a 503 INVITE", "b CANCEL")
    ladder.feed("b", reply(cancel, 200))
    for _ in range(2):  # the second one is the same again
        ladder.feed("b", callee.reply(200, body=ANSWER) if answers else callee.reply(487))
        ladder.expect(*[seen.label for seen in ladder.unread])
    told = [one for one in ladder.outputs if isinstance(one, Release | Count)]
    assert [type(one) for one in told] == [Release, Count][: 1 + answers]
    assert {one.inquiry.attempt for one in told} == {fetch.inquiry.attempt}
