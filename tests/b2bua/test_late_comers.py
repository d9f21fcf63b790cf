"""What comes after everybody has given up: answers and copies that a bad network kept back for long."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from tests.ladder import ANSWER, Callee, Caller, Ladder, Seen, reply, set_up

MakeLadder = Callable[..., Ladder]


def cancelled(ladder: Ladder) -> Callee:
    """A call that its caller gave up, at a carrier that heeds no CANCEL."""
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    ladder.feed("a", caller.cancel())
    _, ended, cancel = ladder.expect("a 200 CANCEL", "a 487 INVITE", "b CANCEL")
    ladder.feed("a", caller.ack_failure(ended))
    ladder.feed("b", reply(cancel, 200))
    ladder.expect()
    return callee


def test_a_200_after_a_cancel_was_given_up_is_acknowledged_and_hung_up(ladder: Ladder) -> None:
    callee = cancelled(ladder)
    ladder.advance(33)
    assert len(ladder.records()) == 1
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ack, bye = ladder.expect("b ACK", "b BYE")
    assert ack.header("cseq") == "1 ACK"
    assert ack.header("to").endswith(";tag=btag1")
    assert bye.header("cseq") == "2 BYE"
    ladder.feed("b", callee.reply(200, body=ANSWER))
    assert ladder.one("b ACK").header("cseq") == "1 ACK"
    ladder.feed("b", reply(bye, 200))
    ladder.advance(40)
    assert len(ladder.records()) == 1
    ladder.assert_empty()


def test_a_200_after_the_carrier_was_silent_is_acknowledged_and_hung_up(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.advance(32.1)
    silent = ladder.expect(*["b INVITE"] * 6, "a 408 INVITE")[-1]
    ladder.feed("a", caller.ack_failure(silent))
    callee = Callee(invite)
    ladder.feed("b", callee.reply(180))
    ladder.expect()
    ladder.feed("b", callee.reply(200, body=ANSWER))
    _, bye = ladder.expect("b ACK", "b BYE")
    ladder.feed("b", reply(bye, 200))
    ladder.advance(40)
    assert [record.status for record in ladder.records()] == [408]
    ladder.assert_empty()


def test_a_set_up_that_was_given_up_is_forgotten_in_the_end(ladder: Ladder) -> None:
    callee = cancelled(ladder)
    ladder.advance(66)
    ladder.assert_empty()
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ladder.expect()
    assert ladder.engine.counters.dropped["stray response"] == 1


def test_another_forks_200_that_comes_again_after_the_call_is_not_hung_up_twice(ladder: Ladder) -> None:
    talk = set_up(ladder)
    other = Callee(talk.callee.invite, "btag2")
    ladder.feed("b", other.reply(200, body=ANSWER))
    _, stray = ladder.expect("b ACK", "b BYE")
    ladder.feed("b", reply(stray, 200))
    ladder.feed("a", talk.caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    ladder.feed("b", reply(bye, 200))
    assert len(ladder.records()) == 1
    ladder.feed("b", other.reply(200, body=ANSWER))
    assert ladder.one("b ACK").header("to").endswith(";tag=btag2")
    ladder.advance(70)
    ladder.assert_empty()


def test_a_text_that_nobody_answered_is_not_sent_twice_when_a_copy_of_it_comes_late(ladder: Ladder) -> None:
    caller = Caller(user="+33162000001")
    copy = caller.invite(body=b"bonjour", extra=["Content-Type: text/plain"], contact=False).replace(
        b"INVITE", b"MESSAGE"
    )
    ladder.feed("a", copy)
    ladder.expect("b MESSAGE")
    ladder.advance(32.1)
    ladder.expect(*["b MESSAGE"] * 10)
    assert [record.status for record in ladder.records()] == [408]
    ladder.feed("a", copy)
    ladder.expect()
    ladder.advance(33)
    ladder.assert_empty()


def test_a_request_inside_a_call_that_nobody_answered_is_not_sent_twice_either(ladder: Ladder) -> None:
    talk = set_up(ladder)
    copy = talk.caller.request("INFO")
    ladder.feed("a", copy)
    ladder.expect("b INFO")
    ladder.advance(32.1)
    ladder.expect(*["b INFO"] * 10)
    ladder.feed("a", copy)
    ladder.expect()


def test_a_stop_does_not_forget_the_bye_that_waits_for_an_ack(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("b", callee.request("BYE"))
    ladder.expect("b 200 BYE")
    ladder.stop()
    ladder.one("a BYE")
    (record,) = ladder.records()
    assert (record.status, record.ended_by) == (200, "b")


ORDERS = sorted(
    {order[:length] for order in permutations(("100", "180", "cancel", "200", "487")) for length in (2, 3, 4, 5)}
)


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_a_cancel_and_the_carriers_answers_may_come_in_any_order(ladder: Ladder, order: tuple[str, ...]) -> None:
    caller, seen = Caller(), list[Seen]()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])

    def play() -> None:
        """Look at what left; the carrier answers CANCEL and BYE, the platform acknowledges."""
        while ladder.unread:
            batch, ladder.unread = ladder.unread, []
            seen.extend(batch)
            for one in batch:
                waiting, ladder.unread = ladder.unread, []
                if one.label in ("b CANCEL", "b BYE"):
                    ladder.feed("b", reply(one, 200))
                elif one.label == "a 487 INVITE":
                    ladder.feed("a", caller.ack_failure(one))
                elif one.label == "a 200 INVITE":
                    caller.learn(one)
                    ladder.feed("a", caller.ack())
                ladder.unread = waiting + ladder.unread

    for step in order:
        if step == "cancel":
            ladder.feed("a", caller.cancel())
        else:
            ladder.feed("b", callee.reply(int(step), body=ANSWER if step == "200" else b""))
        play()
    talking = "a 200 INVITE" in {one.label for one in seen}
    if talking:
        ladder.feed("a", caller.request("BYE"))
        play()
    for _ in range(1000):
        ladder.advance(1.0)
        play()
        if not ladder.engine.active_calls() and not ladder.engine.timer_count():
            break
    labels = [one.label for one in seen]
    finals = {
        one.message.status
        for one in seen
        if one.label.endswith("INVITE") and one.side == "a" and one.message.status >= 200
    }
    assert len(finals) == 1
    taken = "200" in order and ("487" not in order or order.index("200") < order.index("487"))
    assert ("b BYE" in labels) == taken
    assert len(ladder.records()) == 1
    ladder.assert_empty()
