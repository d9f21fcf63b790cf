"""A re-INVITE under way when its process dies: it goes on, or is over, as both ends know it."""

from __future__ import annotations

import pytest

from proxy.b2bua.call import Call
from proxy.b2bua.note_reading import Talk as TalkNote
from proxy.b2bua.reinvites import Reinvite
from proxy.b2bua.snapshot import note_again
from tests.ladder import ANSWER, OFFER, Ladder, Seen, Talk, hang_up, reply, set_up

BOTH = pytest.mark.parametrize("side", ["a", "b"])


def other(side: str) -> str:
    return "b" if side == "a" else "a"


def asked(talk: Talk, side: str, body: bytes = OFFER) -> tuple[bytes, Seen]:
    """The re-INVITE of that side, and what it became on the other."""
    data = (talk.caller if side == "a" else talk.callee).request("INVITE", body=body)
    talk.ladder.feed(side, data)
    return data, talk.ladder.one(f"{other(side)} INVITE")


def accepted(talk: Talk, side: str, crossed: Seen, body: bytes = ANSWER) -> bytes:
    """The 2xx of the other side."""
    contact = talk.callee.contact if side == "a" else talk.caller.contact
    return reply(crossed, 200, body=body, contact=contact)


def acked(talk: Talk, side: str, ok: Seen, body: bytes = b"") -> None:
    """The ACK of the side that asked."""
    talk.ladder.feed(side, talk.caller.ack(body=body) if side == "a" else talk.callee.ack(ok, body=body))


@BOTH
def test_it_is_asked_again_and_its_answer_crosses(ladder: Ladder, side: str) -> None:
    talk = set_up(ladder)
    data, crossed = asked(talk, side)
    ladder.die(away=1.0)
    again = ladder.one(f"{other(side)} INVITE")
    assert again.data == crossed.data
    ladder.feed(side, data)
    ladder.expect()
    ladder.feed(other(side), accepted(talk, side, crossed))
    ok, _ = ladder.expect(f"{side} 200 INVITE", f"{other(side)} ACK")
    acked(talk, side, ok)
    ladder.expect()
    ladder.advance(40)
    ladder.expect()
    hang_up(talk)
    ladder.advance(70)
    ladder.assert_empty()
    assert len(ladder.records()) == 1


@BOTH
def test_a_2xx_that_was_not_acknowledged_is_sent_again(ladder: Ladder, side: str) -> None:
    talk = set_up(ladder)
    _, crossed = asked(talk, side)
    ladder.feed(other(side), accepted(talk, side, crossed))
    ok, _ = ladder.expect(f"{side} 200 INVITE", f"{other(side)} ACK")
    ladder.die(away=1.0)
    again, _ = ladder.expect(f"{side} 200 INVITE", f"{other(side)} ACK")
    assert again.data == ok.data
    ladder.feed(other(side), accepted(talk, side, crossed))  # our ACK got lost
    ladder.one(f"{other(side)} ACK")
    acked(talk, side, ok)
    ladder.expect()
    ladder.die()
    ladder.expect()
    ladder.advance(40)
    ladder.expect()
    hang_up(talk)


@BOTH
def test_one_that_is_over_is_over(ladder: Ladder, side: str) -> None:
    talk = set_up(ladder)
    _, crossed = asked(talk, side)
    ladder.feed(other(side), accepted(talk, side, crossed))
    ok, _ = ladder.expect(f"{side} 200 INVITE", f"{other(side)} ACK")
    acked(talk, side, ok)
    _, crossed = asked(talk, side)
    ladder.feed(other(side), reply(crossed, 488))
    ladder.expect(f"{other(side)} ACK", f"{side} 488 INVITE")
    ladder.die()
    ladder.expect()
    _, crossed = asked(talk, other(side))  # nothing is pending
    assert crossed.side == side


def test_the_media_of_a_late_offer_cross_with_the_ack(ladder: Ladder) -> None:
    talk = set_up(ladder)
    _, crossed = asked(talk, "a", body=b"")
    ladder.feed("b", accepted(talk, "a", crossed, body=OFFER))
    ok = ladder.one("a 200 INVITE")
    ladder.die()
    ladder.one("a 200 INVITE")
    ladder.feed("b", accepted(talk, "a", crossed, body=OFFER))
    ladder.expect()
    acked(talk, "a", ok, body=ANSWER)
    assert ladder.one("b ACK").body
    hang_up(talk)


def test_what_nobody_answers_ends_as_it_would_have(ladder: Ladder) -> None:
    talk = set_up(ladder)
    asked(talk, "a")
    ladder.die()
    ladder.advance(33)
    assert {seen.label for seen in ladder.unread} == {"b INVITE", "a 408 INVITE"}
    ladder.unread = []


def test_a_bye_ends_it(ladder: Ladder) -> None:
    talk = set_up(ladder)
    asked(talk, "b")
    ladder.die()
    ladder.one("a INVITE")
    ladder.feed("a", talk.caller.request("BYE"))
    ladder.expect("a 200 BYE", "b 487 INVITE", "b BYE")


def test_a_note_says_it_only_while_it_is_under_way(ladder: Ladder) -> None:
    talk = set_up(ladder)
    (call,) = ladder.engine.fabric.calls.values()
    assert isinstance(call, Call)

    def noted() -> Reinvite | None:
        return TalkNote(call.number, note_again(ladder.engine.fabric, call.number)).reinvite

    assert noted() is None
    _, crossed = asked(talk, "b")
    found = noted()
    assert found is not None
    assert (found.from_a, found.offered, found.request, found.ok) == (False, True, crossed.data, b"")
    assert len(note_again(ladder.engine.fabric, call.number)) < 2400
    ladder.feed("a", accepted(talk, "b", crossed))
    ok, _ = ladder.expect("b 200 INVITE", "a ACK")
    found = noted()
    assert found is not None
    assert (found.request, found.ok) == (b"", ok.data)
    acked(talk, "b", ok)
    assert noted() is None


def test_a_note_of_it_that_is_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="its texts are not as many"):
        Reinvite(bytes(40))
