"""What is shared inside one engine: faces and paces per carrier, answers, requests, dialogs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proxy.b2bua.fabric import Fabric, method_name
from proxy.policy.edition import Edition
from proxy.policy.inquiry import Inquiry
from proxy.sip.hop import UDP, Hop
from proxy.sip.transaction import ServerTransaction
from tests.ladder import ANSWER, OWN_UDP, Callee, Caller, CountedIds, Ladder, Ticks, carrier, topology


@pytest.fixture
def fabric(edition: Edition) -> Fabric:
    return Fabric(topology(), edition, CountedIds(), Ticks())


def server(fabric: Fabric, method: str) -> ServerTransaction:
    made = ServerTransaction(
        fabric.wire, fabric.a_pace, "a", b"k", method, b"Via: x\r\n", b"<sip:b>;tag=1", Hop(UDP, "10.1.0.1", 5070)
    )
    made.merge_key = b"m"
    fabric.servers[b"k"], fabric.merged[b"m"] = made, b"k"
    return made


def test_an_answer_is_sent_counted_and_returned(fabric: Fabric) -> None:
    data = fabric.reply(server(fabric, "INVITE"), 486, [b"X: 1"], b"", b"<sip:other>", b"Gone Fishing")
    assert data == b"SIP/2.0 486 Gone Fishing\r\nVia: x\r\nTo: <sip:other>\r\nX: 1\r\nContent-Length: 0\r\n\r\n"
    assert [send.data for send in fabric.wire.sends] == [data]
    assert fabric.counters.responses_out == {("a", "INVITE", 486): 1}


def test_without_a_memory_nobody_is_remembered(fabric: Fabric) -> None:
    assert fabric.memory.held(Inquiry("acme", "+33140000000", "", "a", 1.0)) is None


def test_big_datagrams_are_counted_in_both_directions(fabric: Fabric) -> None:
    fabric.reply(server(fabric, "INVITE"), 200, [], b"x" * 1300)
    fabric.ask(
        "b", fabric.a_pace, b"b", "INFO", b"INFO sip:x SIP/2.0\r\n" + b"x" * 1300, Hop(UDP, "10.2.0.1", 5080), None
    )
    assert fabric.counters.oversized == 2


def test_a_server_transaction_is_forgotten_with_its_merge_key(fabric: Fabric) -> None:
    fabric.forget_server(server(fabric, "INFO"))
    assert not fabric.servers
    assert not fabric.merged


def test_a_client_transaction_lets_its_owner_go(fabric: Fabric) -> None:
    client = fabric.ask(
        "b", fabric.a_pace, b"b", "BYE", b"BYE sip:x SIP/2.0\r\n\r\n", Hop(UDP, "10.2.0.1", 5080), fabric
    )
    assert fabric.clients == {b"b": client}
    fabric.forget_client(client)
    assert client.owner is None
    assert not fabric.clients


def test_each_carrier_has_its_own_face_and_pace(fabric: Fabric) -> None:
    slow = topology(carrier_trunk=carrier(name="slow", t1=1.0, t2=8.0, t4=10.0))
    fabric.use_topology(replace(slow, timers=(0.25, 2.0, 2.5)))
    assert (fabric.a_pace.t1, fabric.a_pace.t2, fabric.a_pace.t4) == (0.25, 2.0, 2.5)
    gateway = fabric.routing.choose("slow", [], 0.0)
    assert gateway is not None
    assert (gateway.carrier.t1, gateway.pace.t1, gateway.pace.long) == (1.0, 1.0, 64.0)
    assert gateway.face.trunk == gateway.carrier
    assert fabric.routing.choose("carrier-1", [], 0.0) is None


def test_methods_are_counted_by_names_that_we_know() -> None:
    assert (method_name(b"INVITE"), method_name(b"FOO"), method_name(b"invite")) == ("INVITE", "other", "other")


def test_a_caller_is_reached_from_the_own_port_of_the_worker(edition: Edition) -> None:
    shared, own = replace(OWN_UDP, way_out=1), replace(OWN_UDP, port=5071)
    ladder = Ladder(edition, topology(listeners=(shared, own)))
    caller = Caller(1)
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert (invite.header("contact"), invite.hop.listener) == ("<sip:10.0.0.1:5071>", 1)
    assert invite.header("via").startswith("SIP/2.0/UDP 10.0.0.1:5071;")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    answer, _ = ladder.expect("a 200 INVITE", "b ACK")
    assert (answer.header("contact"), answer.hop.listener) == ("<sip:10.0.0.1:5071>", 0)  # back by where it came in
    caller.learn(answer)
    ladder.feed("a", caller.ack())
    ladder.feed("b", callee.request("BYE"))
    _, bye = ladder.expect("b 200 BYE", "a BYE")
    assert (bye.hop.host, bye.hop.port, bye.hop.listener) == ("10.1.0.1", 5070, 1)
