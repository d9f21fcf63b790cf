"""A BYE that comes when a call which was taken up is over already."""

from __future__ import annotations

import pytest

from tests.ladder import Ladder, reply, set_up


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_bye_whose_answer_never_went_out_is_answered(ladder: Ladder, side: str) -> None:
    talk = set_up(ladder)
    other = "b" if side == "a" else "a"
    who = talk.caller if side == "a" else talk.callee
    data = who.request("BYE")
    ladder.feed(side, data)
    ladder.expect(f"{side} 200 BYE", f"{other} BYE")
    ladder.die(away=0.2)
    ladder.feed(other, reply(ladder.one(f"{other} BYE"), 200))
    assert len(ladder.records()) == 1
    assert ladder.engine.active_calls() == 0
    ladder.feed(side, data)
    ladder.one(f"{side} 200 BYE")
    ladder.feed(side, who.request("INFO"))
    ladder.one(f"{side} 481 INFO")
    ladder.feed(other, (talk.callee if side == "a" else talk.caller).request("BYE"))  # the two crossed
    ladder.one(f"{other} 200 BYE")
    ladder.advance(70)
    ladder.assert_empty()
    assert len(ladder.records()) == 1


def test_it_is_not_known_for_ever(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.die()
    ladder.feed("a", talk.caller.request("BYE"))
    ladder.feed("b", reply(ladder.expect("a 200 BYE", "b BYE")[1], 200))
    ladder.advance(40)
    ladder.feed("b", talk.callee.request("BYE"))
    ladder.one("b 481 BYE")
