"""The way out keeps the order and counts what is repeated, per leg."""

from __future__ import annotations

from proxy.sip.hop import UDP, Hop
from proxy.sip.timers import Timers
from proxy.sip.wire import Wire


def test_datagrams_leave_in_order_and_repeats_are_counted_per_leg() -> None:
    wire = Wire(Timers())
    wire.send(b"1", Hop(UDP, "192.0.2.1", 5060))
    wire.send_again("a", b"1", Hop(UDP, "192.0.2.1", 5060))
    wire.send_again("a", b"1", Hop(UDP, "192.0.2.1", 5060))
    wire.send_again("b", b"2", Hop(UDP, "2001:db8::1", 5070))
    assert [(send.data, send.hop.host, send.hop.port) for send in wire.sends] == [
        (b"1", "192.0.2.1", 5060),
        (b"1", "192.0.2.1", 5060),
        (b"1", "192.0.2.1", 5060),
        (b"2", "2001:db8::1", 5070),
    ]
    assert wire.sent_again == {"a": 2, "b": 1}
    assert wire.seen_again == {}


def test_what_arrives_again_is_counted_and_sends_nothing() -> None:
    wire = Wire(Timers())
    wire.note_repeat("b")
    wire.note_repeat("b")
    assert wire.seen_again == {"b": 2}
    assert wire.sends == []
    assert wire.timers.armed() == 0
