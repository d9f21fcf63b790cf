"""A stop cuts calls off in an orderly way: both legs are told, and each call has its record."""

from __future__ import annotations

from tests.ladder import Callee, Caller, Ladder, set_up


def test_an_answered_call_is_hung_up_on_both_legs_and_recorded(ladder: Ladder) -> None:
    set_up(ladder)
    ladder.stop()
    ladder.expect("b BYE", "a BYE")
    assert [(record.status, record.ended_by, record.reason) for record in ladder.records()] == [
        (200, "proxy", "proxy stopped")
    ]
    assert ladder.engine.active_calls() == 0


def test_a_ringing_call_is_answered_503_and_cancelled(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(invite).reply(180))
    ladder.expect("a 180 INVITE")
    ladder.stop()
    ladder.expect("a 503 INVITE", "b CANCEL")
    assert [(record.status, record.reason) for record in ladder.records()] == [(503, "proxy stopped")]


def test_a_call_that_the_carrier_did_not_answer_yet_is_answered_503(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.stop()
    ladder.expect("a 503 INVITE")
    assert ladder.engine.active_calls() == 0


def test_nobody_new_comes_in_after_the_stop(ladder: Ladder) -> None:
    ladder.stop()
    ladder.feed("a", Caller().invite())
    ladder.expect("a 503 INVITE")
