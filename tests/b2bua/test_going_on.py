"""Answered calls after the death of their process: what was under way is done again, and what follows is as it was."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from proxy.b2bua.trunks import Limits
from tests.ladder import ANSWER, OFFER, A, B, Callee, Caller, CountedIds, Ladder, Talk, hang_up, reply, set_up, topology

MakeLadder = Callable[..., Ladder]


def test_a_2xx_without_its_ack_is_sent_again_until_it_comes(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    caller.learn(ok)
    ladder.die(away=0.2)
    again, _ = ladder.expect("a 200 INVITE", "b ACK")
    assert again.data == ok.data
    ladder.feed("a", caller.ack())
    ladder.expect()
    ladder.die()
    ladder.expect()
    hang_up(Talk(ladder, caller, callee))
    assert len(ladder.records()) == 1


def test_the_media_of_a_late_offer_reach_the_carrier_with_the_ack(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(body=b""))
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(200, body=OFFER))
    caller.learn(ladder.one("a 200 INVITE"))
    ladder.die()
    ladder.one("a 200 INVITE")
    ladder.feed("b", callee.reply(200, body=OFFER))
    ladder.expect()
    ladder.feed("a", caller.ack(body=ANSWER))
    assert ladder.one("b ACK").body
    hang_up(Talk(ladder, caller, callee))


def test_an_ack_that_must_have_come_long_ago_is_not_waited_for(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(200, body=ANSWER))
    caller.learn(ladder.expect("a 200 INVITE", "b ACK")[0])
    ladder.die(away=40.0)
    ladder.expect()
    ladder.advance(60.0)
    hang_up(Talk(ladder, caller, callee))


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_bye_under_way_is_said_again_to_the_leg_that_may_not_know(ladder: Ladder, side: str) -> None:
    talk = set_up(ladder)
    other = "b" if side == "a" else "a"
    who = talk.caller if side == "a" else talk.callee
    said = ['Reason: Q.850;cause=16;text="Terminated"']
    ladder.feed(side, who.request("BYE", extra=said))
    ladder.expect(f"{side} 200 BYE", f"{other} BYE")
    ladder.advance(0.1)
    ladder.die(away=1.0)
    bye = ladder.one(f"{other} BYE")
    assert bye.headers("reason") == [said[0].partition(": ")[2]]
    ladder.feed(other, reply(bye, 481))
    (record,) = ladder.records()
    assert (record.ended_by, record.status) == (side, 200)
    ladder.advance(70)
    ladder.assert_empty()


# -- the same bytes ----------------------------------------------------------


def steps(rng: Random, talk: Talk) -> list[Callable[[], None]]:
    """Things that happen in a call, each once it is its turn."""
    ladder, caller, callee = talk.ladder, talk.caller, talk.callee

    def crosses(side: str, method: str, body: bytes = b"", extra: tuple[str, ...] = ()) -> Callable[[], None]:
        def happen() -> None:
            who, other = (caller, "b") if side == "a" else (callee, "a")
            ladder.feed(side, who.request(method, body=body, extra=extra))
            sent = [seen for seen in ladder.unread if seen.label == f"{other} {method}"]
            ladder.expect(*[seen.label for seen in ladder.unread])
            for seen in sent:
                place = A if other == "a" else B
                contact = f"sip:moved{rng.randrange(9)}@{place[0]}:{place[1]}" if method != "INFO" else ""
                ladder.feed(other, reply(seen, 200, body=ANSWER if body else b"", contact=contact, extra=extra))
                ok = ladder.expect(f"{side} 200 {method}", *([f"{other} ACK"] if body else []))[0]
                if method == "INVITE":
                    ladder.feed(side, caller.ack() if side == "a" else callee.ack(ok))
                    ladder.expect()

        return happen

    def waits() -> None:
        end = ladder.now + rng.choice((1.0, 40.0, 700.0))
        while ladder.now < end:
            ladder.advance(min(ladder.engine.next_deadline(), end) - ladder.now)
            for seen in ladder.expect(*[seen.label for seen in ladder.unread]):
                ladder.feed(seen.side, reply(seen, 200))

    session = ("Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=" + "0" * 32,)
    timed = ("Session-Expires: 1800;refresher=uac", "Supported: timer")
    choices = [
        crosses("a", "INFO", extra=session), crosses("b", "INFO"), crosses("a", "INVITE", OFFER),
        crosses("b", "INVITE", OFFER), crosses("a", "UPDATE", extra=timed), crosses("b", "UPDATE"), waits,
    ]  # fmt: skip
    return [rng.choice(choices) for _ in range(6)]


@pytest.mark.parametrize("seed", range(40))
def test_what_follows_is_the_same_byte_for_byte(ladder_of: MakeLadder, seed: int) -> None:
    told: list[list[tuple[float, bytes]]] = []
    records: list[object] = []
    for dies in (False, True):
        rng = Random(seed)
        ladder = ladder_of(topology(limits=Limits(session_refresh=rng.choice((0.0, 600.0)))), ids=CountedIds())
        talk = set_up(ladder)
        wanted = steps(rng, talk)
        at = rng.randrange(len(wanted) + 1)
        for number, step in enumerate(wanted):
            if number == at and dies:
                assert ladder.die().calls == 1
            step()
        if at == len(wanted) and dies:
            ladder.die()
        hang_up(talk)
        (record,) = ladder.records()
        records.append([getattr(record, name) for name in ("called", "status", "ended_by", "reason", "ended_at")])
        told.append([(seen.at, seen.data) for seen in ladder.seen])
    assert told[0] == told[1]
    assert records[0] == records[1]
