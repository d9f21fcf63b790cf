"""A process that is killed, and another one that takes up its calls: what follows is as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from proxy.b2bua.engine import Engine
from proxy.b2bua.outputs import Fault
from proxy.b2bua.take_up import NO_CARRIER, NO_LISTENER, NO_PLATFORM, UNREADABLE
from proxy.b2bua.trunks import Limits
from proxy.sip.hop import UDP, Hop
from tests.ladder import (
    OWN_TCP,
    OWN_UDP,
    A,
    Caller,
    CountedIds,
    Ladder,
    Ticks,
    carrier,
    hang_up,
    platform,
    reply,
    set_up,
    topology,
)

MakeLadder = Callable[..., Ladder]


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_bye_after_the_death_of_the_process_is_answered_and_crosses(ladder: Ladder, side: str) -> None:
    talk = set_up(ladder)
    taken = ladder.die(away=3.0)
    assert (taken.calls, taken.early, taken.refused) == (1, 0, {})
    ladder.expect()
    other = "b" if side == "a" else "a"
    ladder.feed(side, (talk.caller if side == "a" else talk.callee).request("BYE"))
    _, bye = ladder.expect(f"{side} 200 BYE", f"{other} BYE")
    ladder.feed(other, reply(bye, 200))
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.reason) == (200, side, "")
    assert (record.answered_at, record.ended_at - record.answered_at) == (record.started, 3.0)
    ladder.advance(70)
    ladder.assert_empty()
    assert ladder.die().calls == 0


def test_a_call_takes_its_place_among_those_at_once_again(ladder_of: MakeLadder) -> None:
    given = topology(
        limits=Limits(max_calls=2), carrier_trunk=carrier(most_calls=2), platform_trunk=platform(most_calls=2)
    )
    ladder = ladder_of(given)
    talks = [set_up(ladder, 1), set_up(ladder, 2)]
    ladder.die()
    capacity = ladder.engine.fabric.capacity
    meter = ladder.engine.fabric.routing.pools["carrier-1"].meter
    assert meter is not None
    live = [capacity.node.live, capacity.trunks["vms"].live, capacity.customers["acme"].live, meter.live]
    assert live == [2, 2, 2, 2]
    ladder.feed("a", Caller(3).invite())
    assert ladder.expect("a 503 INVITE")[0].header("retry-after") == "1"
    for talk in talks:
        hang_up(talk)
    live = [capacity.node.live, capacity.trunks["vms"].live, capacity.customers["acme"].live, meter.live]
    assert live == [0, 0, 0, 0]


def test_the_longest_time_goes_on_by_the_clock(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(longest_call=600.0, session_refresh=0.0)))
    set_up(ladder)
    ladder.advance(100.0)
    ladder.die(away=100.0)
    ladder.advance(399.0)
    ladder.expect()
    ladder.advance(1.0)
    for seen in ladder.expect("b BYE", "a BYE"):
        ladder.feed(seen.side, reply(seen, 200))
    assert [record.reason for record in ladder.records()] == ["longest call"]


def test_what_became_due_meanwhile_is_done_at_once(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(longest_call=600.0, session_refresh=0.0)))
    set_up(ladder)
    ladder.die(away=700.0)
    ladder.advance(0.0)
    for seen in ladder.expect("b BYE", "a BYE"):
        ladder.feed(seen.side, reply(seen, 200))
    assert [record.reason for record in ladder.records()] == ["longest call"]


def test_a_refused_call_leaves_no_note(ladder: Ladder) -> None:
    ladder.feed("a", Caller(user="0612345678").invite())
    ladder.expect("a 403 INVITE")
    assert ladder.notes == []


def test_a_trunk_that_is_gone_ends_the_call_with_that_reason(ladder_of: MakeLadder) -> None:
    for given, reason in (
        (topology(platform_trunk=platform(name="other")), NO_PLATFORM),
        (topology(carrier_trunk=carrier(name="other"), platform_trunk=platform(carrier="other")), NO_CARRIER),
    ):
        ladder = ladder_of()
        set_up(ladder)
        taken = ladder.die(given=given)
        assert (taken.calls, taken.refused) == (0, {reason: 1})
        for seen in ladder.expect("b BYE", "a BYE"):
            ladder.feed(seen.side, reply(seen, 200))
        assert [(record.reason, record.status) for record in ladder.records()] == [(reason, 200)]
        assert ladder.engine.fabric.capacity.node.live == 0
        ladder.advance(70)
        ladder.assert_empty()


def test_a_listener_that_is_gone_leaves_a_record(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(listeners=(OWN_UDP, OWN_TCP)))
    set_up(ladder)
    taken = ladder.die(given=replace(topology(), listeners=(OWN_TCP,)))
    assert taken.refused == {NO_LISTENER: 1}
    assert [record.reason for record in ladder.records()] == [NO_LISTENER]
    ladder.expect()


def test_notes_that_cannot_be_read_are_counted_and_told(ladder: Ladder) -> None:
    talk = set_up(ladder)
    hang_up(talk)
    ladder.advance(70)
    set_up(ladder, 2)
    (note,) = [data for data in ladder.notes if data[1] == 2][-1:]
    for broken in (b"", note[:9], b"\x09" + note[1:], note[:-30], note[:100]):
        ladder.notes = [broken]
        taken = ladder.die()
        assert (taken.calls, taken.refused) == (0, {UNREADABLE: 1})
        assert len([one for one in ladder.outputs if isinstance(one, Fault)]) == 1
        ladder.outputs.clear()
        ladder.expect()


@pytest.mark.parametrize("seed", range(20))
def test_no_bytes_of_a_note_stop_the_others(ladder_of: MakeLadder, seed: int) -> None:
    rng = Random(seed)
    ladder = ladder_of()
    set_up(ladder, 1)
    ladder.feed("a", Caller(2).invite())
    ladder.expect("a 100 INVITE", "b INVITE")
    notes = [*ladder.notes]
    good = set_up(ladder, 3)
    kept = ladder.notes[len(notes) :]
    bye, epoch = good.caller.request("BYE", cseq=2), ladder.epoch
    for _ in range(30):
        broken = []
        for note in notes:
            data = bytearray(note)
            for _ in range(rng.choice((1, 2, 20))):
                data[rng.randrange(len(data))] = rng.randrange(256)
            broken.append(bytes(data[: rng.choice((len(data), rng.randrange(len(data) + 1)))]))
        engine = Engine(topology(), ladder.edition, CountedIds(), Ticks())
        assert engine.restore(broken + kept, 5.0, epoch).calls >= 1
        engine.take_sends()
        engine.receive(bye, Hop(UDP, *A), 5.0, epoch)
        assert [send for send in engine.take_sends() if send.data.startswith(b"SIP/2.0 200 OK") and b"3@" in send.data]
        for step in range(200):
            engine.tick(5.0 + step * 100, epoch + step * 100)
        told = [one.text for one in engine.take_outputs() if isinstance(one, Fault)]
        assert [text for text in told if not text.startswith("a call was not taken up: ")] == []
