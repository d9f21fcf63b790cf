"""The 2xx of an INVITE and its ACK, for a re-INVITE of either side."""

from __future__ import annotations

import pytest

from tests.ladder import ANSWER, OFFER, Ladder, hang_up, reply, set_up


@pytest.mark.parametrize("side", ["a", "b"])
def test_the_2xx_is_repeated_until_its_ack_and_the_other_leg_is_acknowledged_once(ladder: Ladder, side: str) -> None:
    talk = set_up(ladder)
    other, who = ("b", talk.caller) if side == "a" else ("a", talk.callee)
    ladder.feed(side, who.request("INVITE", body=OFFER))
    crossed = ladder.one(f"{other} INVITE")
    ladder.feed(other, reply(crossed, 200, body=ANSWER))
    ok, ack = ladder.expect(f"{side} 200 INVITE", f"{other} ACK")
    ladder.advance(1.6)
    assert [seen.data for seen in ladder.expect(f"{side} 200 INVITE", f"{side} 200 INVITE")] == [ok.data] * 2
    ladder.feed(side, talk.caller.ack() if side == "a" else talk.callee.ack(ok))
    ladder.advance(40)
    ladder.expect()
    assert ack.header("cseq") == crossed.header("cseq").replace("INVITE", "ACK")
    hang_up(talk)


def test_a_2xx_that_comes_again_is_answered_with_the_same_ack(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.reply(200, to=again, body=ANSWER))
    _, ack = ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("b", talk.callee.reply(200, to=again, body=ANSWER))
    assert ladder.one("b ACK").data == ack.data
    ladder.feed("a", talk.caller.ack())
    hang_up(talk)
