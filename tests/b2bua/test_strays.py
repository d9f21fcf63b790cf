"""Answers that belong to no transaction."""

from __future__ import annotations

from tests.ladder import ANSWER, Ladder, hang_up, reply, set_up


def test_a_2xx_that_comes_again_gets_its_ack(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.die()
    ladder.feed("b", talk.callee.reply(200, body=ANSWER))
    ack = ladder.one("b ACK")
    assert (ack.header("cseq"), ack.header("to")) == ("1 ACK", f"{talk.callee.invite.header('to')};tag=btag1")
    hang_up(talk)


def test_any_other_answer_is_dropped_and_counted(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.die(away=40.0)
    invite = talk.callee.invite
    for status, tag in ((180, "btag1"), (486, "btag1"), (200, "other")):
        ladder.feed("b", reply(invite, status, tag=tag))
        ladder.expect()
    assert ladder.engine.counters.dropped == {"stray response": 3}
    hang_up(talk)
