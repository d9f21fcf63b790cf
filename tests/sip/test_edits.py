"""Header edits: only what is allowed crosses, in wire order, behind the added lines."""

from __future__ import annotations

from proxy.sip.edits import HeaderEdits
from proxy.sip.message import Message
from proxy.sip.parse import parse

CROSS = frozenset((b"allow", b"supported", b"x-own"))
DATA = (
    b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\n"
    b"Call-ID: 1\r\nCSeq: 1 INVITE\r\nk: timer\r\nAllow: INVITE\r\nX-Secret: 1\r\nAllow: BYE,\r\n ACK\r\nX-Own: o\r\n\r\n"
)


def source() -> Message:
    return parse(DATA)


def test_only_the_allowed_cross_and_as_they_were_written() -> None:
    assert HeaderEdits(CROSS).lines(source()) == [b"k: timer", b"Allow: INVITE", b"Allow: BYE, ACK", b"X-Own: o"]


def test_nothing_crosses_an_empty_list() -> None:
    assert HeaderEdits(frozenset()).lines(source()) == []


def test_added_lines_stand_first_in_their_order() -> None:
    edits = HeaderEdits(frozenset((b"x-own",)))
    edits.line(b"Via: new")
    edits.line(b"Max-Forwards: 69")
    assert edits.lines(source()) == [b"Via: new", b"Max-Forwards: 69", b"X-Own: o"]


def test_a_dropped_header_stays_behind_with_all_its_lines() -> None:
    edits = HeaderEdits(CROSS)
    edits.drop(b"allow")
    assert edits.lines(source()) == [b"k: timer", b"X-Own: o"]


def test_a_set_header_shows_its_value_once_in_its_usual_spelling() -> None:
    edits = HeaderEdits(CROSS)
    edits.set(b"allow", b"INVITE, BYE")
    edits.set(b"supported", b"100rel")
    edits.set(b"x-own", b"other")
    assert edits.lines(source()) == [b"Supported: 100rel", b"Allow: INVITE, BYE", b"x-own: other"]


def test_the_last_edit_of_a_header_counts() -> None:
    edits = HeaderEdits(frozenset((b"x-own",)))
    edits.drop(b"x-own")
    edits.set(b"x-own", b"again")
    assert edits.lines(source()) == [b"x-own: again"]


def test_setting_a_header_that_is_absent_or_does_not_cross_does_nothing() -> None:
    edits = HeaderEdits(frozenset((b"x-own", b"reason")))
    edits.set(b"reason", b"Q.850;cause=16")
    edits.set(b"x-secret", b"2")
    assert edits.lines(source()) == [b"X-Own: o"]


def test_the_source_and_the_edits_stay_as_they_were() -> None:
    message = source()
    edits = HeaderEdits(CROSS)
    edits.line(b"Via: new")
    edits.drop(b"allow")
    once = edits.lines(message)
    assert edits.lines(message) == once
    assert message.all(b"allow") == [b"INVITE", b"BYE, ACK"]
