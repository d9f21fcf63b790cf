"""Calls over streams, and what becomes of them when a stream breaks."""

from __future__ import annotations

import pytest

from proxy.b2bua.lost_ways import broken_frame, sender_of, waiting_on
from proxy.policy.edition import Edition
from proxy.sip.framing import Flaw
from proxy.sip.hop import TCP, Hop
from tests.ladder import (
    A_STREAM,
    ANSWER,
    B_STREAM,
    OFFER,
    OWN_TCP,
    OWN_UDP,
    B,
    Callee,
    Caller,
    Ladder,
    Seen,
    Talk,
    carrier,
    topology,
)


@pytest.fixture
def streams(edition: Edition) -> Ladder:
    """A platform and a carrier that are reached over TCP."""
    return Ladder(edition, topology(carrier_trunk=carrier(transport="tcp"), listeners=(OWN_UDP, OWN_TCP)))


def invited(ladder: Ladder) -> tuple[Caller, Seen, Seen]:
    caller = Caller()
    ladder.feed_from(A_STREAM, caller.invite())
    trying, invite = ladder.expect("a 100 INVITE", "b INVITE")
    return caller, trying, invite


def talking(ladder: Ladder) -> Talk:
    caller, _, invite = invited(ladder)
    callee = Callee(invite)
    ladder.feed_from(B_STREAM, callee.reply(200, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    caller.learn(ok)
    ladder.feed_from(A_STREAM, caller.ack())
    ladder.expect()
    return Talk(ladder, caller, callee)


def test_a_call_over_streams_shows_its_transport_and_stays_on_its_connections(streams: Ladder) -> None:
    caller, trying, invite = invited(streams)
    assert (trying.hop.connection, trying.hop.port) == (7, 5070)  # 5070, the sent-by, should the connection be gone
    assert (invite.hop.transport, invite.hop.host, invite.hop.port, invite.hop.listener) == (TCP, *B, 1)
    assert invite.header("via").startswith("SIP/2.0/TCP 10.0.0.1:5060;")
    assert invite.header("contact") == "<sip:10.0.0.1:5060;transport=tcp>"
    callee = Callee(invite)
    streams.feed_from(B_STREAM, callee.reply(200, body=ANSWER))
    ok, ack = streams.expect("a 200 INVITE", "b ACK")
    assert ok.header("contact") == "<sip:10.0.0.1:5060;transport=tcp>"
    assert ok.hop.connection == 7
    caller.learn(ok)
    streams.feed_from(A_STREAM, caller.ack())
    streams.feed_from(B_STREAM, callee.request("BYE"))
    answered, bye = streams.expect("b 200 BYE", "a BYE")
    assert (answered.hop.connection, bye.hop.connection) == (8, 7)
    assert bye.header("via").startswith("SIP/2.0/TCP ")
    streams.feed_from(A_STREAM, Callee(invite).reply(200, to=bye))
    streams.advance(32.1)
    streams.expect()
    streams.assert_empty()
    assert ack.hop.same_place(invite.hop)


def test_a_platform_over_udp_reaches_a_carrier_over_tcp(streams: Ladder) -> None:
    streams.feed("a", Caller().invite())
    trying, invite = streams.expect("a 100 INVITE", "b INVITE")
    assert not trying.hop.reliable
    streams.advance(10)
    streams.expect()  # nothing is repeated towards the carrier
    assert invite.hop.reliable


def test_the_2xx_is_repeated_over_a_stream_too(streams: Ladder) -> None:
    _, _, invite = invited(streams)
    streams.feed_from(B_STREAM, Callee(invite).reply(200, body=ANSWER))
    streams.expect("a 200 INVITE", "b ACK")
    streams.advance(0.6)
    streams.expect("a 200 INVITE")


def test_a_peer_that_comes_back_on_another_connection_is_reached_there(streams: Ladder) -> None:
    talk = talking(streams)
    streams.feed_from(Hop(TCP, *B, 1, 9), talk.callee.request("INVITE", body=OFFER))
    again = streams.one("a INVITE")
    streams.feed_from(Hop(TCP, A_STREAM.host, 41_009, 1, 10), talk.caller.request("INFO"))
    assert streams.one("b INFO").hop.connection == 9
    assert again.hop.connection == 7
    streams.feed_from(B_STREAM, talk.callee.request("INFO"))
    assert streams.one("a INFO").hop.connection == 10


def test_an_invite_that_cannot_be_sent_is_503_at_once(streams: Ladder) -> None:
    _, _, invite = invited(streams)
    streams.engine.undelivered(invite.data, streams.now, streams.epoch)
    streams.drain()
    streams.expect("a 503 INVITE")
    (record,) = streams.records()
    assert (record.status, record.ended_by, record.reason) == (503, "proxy", "carrier unreachable")


def test_a_connection_that_breaks_ends_what_heard_nothing(streams: Ladder) -> None:
    invited(streams)
    streams.engine.unreachable(B_STREAM, streams.now, streams.epoch)
    streams.drain()
    streams.expect("a 503 INVITE")
    assert len(streams.records()) == 1


def test_an_invite_that_was_heard_survives_its_connection(streams: Ladder) -> None:
    _, _, invite = invited(streams)
    streams.feed_from(B_STREAM, Callee(invite).reply(100))
    streams.engine.unreachable(B_STREAM, streams.now, streams.epoch)
    streams.drain()
    streams.expect()
    streams.feed_from(Hop(TCP, B[0], 50_000, 1, 9), Callee(invite).reply(180))
    streams.expect("a 180 INVITE")


def test_a_request_inside_the_call_that_cannot_be_sent_is_503(streams: Ladder) -> None:
    talk = talking(streams)
    streams.feed_from(A_STREAM, talk.caller.request("INFO"))
    info = streams.one("b INFO")
    streams.engine.undelivered(info.data, streams.now, streams.epoch)
    streams.drain()
    streams.expect("a 503 INFO")


def test_a_bye_that_cannot_be_sent_ends_the_call_all_the_same(streams: Ladder) -> None:
    talk = talking(streams)
    streams.feed_from(A_STREAM, talk.caller.request("BYE"))
    _, bye = streams.expect("a 200 BYE", "b BYE")
    streams.engine.undelivered(bye.data, streams.now, streams.epoch)
    streams.drain()
    streams.advance(32.1)
    streams.expect()
    streams.assert_empty()
    assert len(streams.records()) == 1


def test_a_lost_response_ack_or_cancel_disturbs_nobody(streams: Ladder) -> None:
    _, trying, invite = invited(streams)
    fabric = streams.engine.fabric
    assert sender_of(fabric, trying.data) == []
    assert sender_of(fabric, invite.data.replace(b"z9hG4bKx", b"z9hG4bKy")) == []
    (client,) = sender_of(fabric, invite.data)
    assert waiting_on(fabric, client.hop) == [client]
    assert waiting_on(fabric, Hop(TCP, B[0], 9, 1, 99)) == []


def test_what_cannot_be_framed_is_answered_400_where_possible(streams: Ladder) -> None:
    head = Caller().invite().partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    for data in (head, b"noise", head.replace(b"From: ", b"From ")):
        streams.engine.unframed(Flaw(400, "expected Content-Length", data), A_STREAM, streams.now, streams.epoch)
    streams.drain()
    first, second = streams.expect("a 400 INVITE", "a 400 ")
    assert first.start == "SIP/2.0 400 Bad Request (expected Content-Length)"
    assert second.hop.connection == 7
    assert streams.engine.counters.parse_errors == {"framing": 3}


def test_the_start_of_a_message_tells_who_asked() -> None:
    assert broken_frame(Flaw(400, "x", b"noise")).message is None
    found = broken_frame(Flaw(513, "x", Caller().invite())).message
    assert found is not None
    assert found.method == b"INVITE"
