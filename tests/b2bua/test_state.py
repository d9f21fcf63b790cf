"""What a call remembers: its timer, its early dialogs, its own answers."""

from __future__ import annotations

import pytest

from proxy.b2bua.fabric import Fabric
from proxy.b2bua.legs import a_leg
from proxy.b2bua.state import ANSWER_DUE, LONGEST, CallState
from proxy.policy.edition import Edition
from proxy.sip.hop import UDP, Hop
from proxy.sip.message import Message
from proxy.sip.parse import parse
from tests.ladder import Caller, CountedIds, Ticks, topology


@pytest.fixture
def call(edition: Edition) -> CallState:
    fabric = Fabric(topology(), edition, CountedIds(), Ticks())
    leg = a_leg(parse(Caller().invite()), b"ours", Hop(UDP, "10.1.0.1", 5070))
    made = CallState(fabric, 1, fabric.topology.platforms[0], leg)
    gateway = fabric.routing.choose("carrier-1", [], 0.0)
    assert gateway is not None
    made.gateway, made.b_face, made.b_hop = gateway, gateway.face, gateway.hop
    made.b_call_id, made.b_tag, made.b_from = b"c9", b"t9", b"<sip:x>;tag=t9"
    return made


def answer(status: int, tag: str) -> Message:
    to = f"<sip:b>;tag={tag}" if tag else "<sip:b>"
    head = f"SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:x>;tag=t9\r\nTo: {to}\r\n"
    return parse((head + "Call-ID: c9\r\nCSeq: 1 INVITE\r\nContact: <sip:gw@10.2.0.1>\r\n\r\n").encode())


def test_a_call_runs_one_timer_at_a_time(call: CallState) -> None:
    call.start_timer(10.0, ANSWER_DUE)
    call.start_timer(20.0, LONGEST)
    assert call.fabric.timers.armed() == 1
    assert call.fabric.timers.pop_due(30.0) == (call, LONGEST)
    call.stop_timer()
    call.stop_timer()
    assert call.fabric.timers.armed() == 0


def test_each_tag_has_its_early_dialog(call: CallState) -> None:
    first = call.fork_of(answer(180, "b1"))
    second = call.fork_of(answer(183, "b2"))
    assert first is not None
    assert second is not None
    assert call.fork_of(answer(180, "b1")) is first
    assert call.fork_of(answer(183, "b2")) is second
    assert (first.a.local_tag, second.a.local_tag) == (b"ours", b"t1")
    assert second.a.local == b"<sip:+33140000000@10.0.0.1>;tag=t1"
    assert (second.b.target, second.b.local_cseq) == (b"sip:gw@10.2.0.1", 1)
    assert len(call.fabric.dialogs) == 4
    call.keep_only(second)
    assert len(call.fabric.dialogs) == 2
    assert call.fabric.dialogs.find(second.a.call_id, b"t1", second.a.remote_tag) is second
    assert call.fabric.dialogs.find(second.b.call_id, second.b.local_tag, b"b2") is second
    assert call.stray_of(answer(200, "b1")) is first


def test_a_provisional_without_a_tag_makes_no_dialog_an_answer_does(call: CallState) -> None:
    assert call.fork_of(answer(180, "")) is None
    made = call.fork_of(answer(200, ""))
    assert made is not None
    assert made.b.remote_tag == b""


def test_a_stray_answer_is_remembered_but_found_by_no_request(call: CallState) -> None:
    stray = call.stray_of(answer(200, "b7"))
    assert call.stray_of(answer(200, "b7")) is stray
    assert not call.fabric.dialogs


def test_a_final_answer_before_the_platform_was_heard_only_notes_why(call: CallState) -> None:
    call.final(480, "proxy", "no answer")
    assert (call.status, call.ended_by, call.reason) == (480, "proxy", "no answer")
    assert not call.fabric.wire.sends
