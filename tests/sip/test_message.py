"""A received message answers from its lines and never changes them."""

from __future__ import annotations

from proxy.sip.message import Message, ParseError


def message() -> Message:
    made = Message(b"INVITE", b"sip:a@b", 0)
    for name, line in (
        (b"via", b"Via: SIP/2.0/UDP one"),
        (b"subject", b"s:"),
        (b"via", b"v :  SIP/2.0/UDP two \t"),
        (b"x-time", b"X-Time: 10:20:30"),
    ):
        made.index.setdefault(name, line.partition(b":")[2].strip())
        made.names.append(name)
        made.lines.append(line)
    return made


def test_a_new_message_is_empty() -> None:
    made = Message(b"ACK", b"sip:x", 0)
    assert (made.method, made.uri, made.status, made.version, made.body) == (b"ACK", b"sip:x", 0, b"SIP/2.0", b"")
    assert made.cseq == -1
    assert not made.rport
    assert [
        made.via,
        made.branch,
        made.sent_by,
        made.call_id,
        made.from_value,
        made.from_tag,
        made.to_value,
        made.to_tag,
    ] == [b""] * 8


def test_has() -> None:
    assert message().has(b"via")
    assert not message().has(b"route")


def test_first_takes_the_first_line_and_strips_it() -> None:
    assert message().first(b"via") == b"SIP/2.0/UDP one"


def test_first_of_an_empty_or_absent_header_is_empty() -> None:
    assert message().first(b"subject") == b""
    assert message().first(b"route") == b""


def test_all_keeps_wire_order() -> None:
    assert message().all(b"via") == [b"SIP/2.0/UDP one", b"SIP/2.0/UDP two"]
    assert message().all(b"route") == []


def test_a_parse_error_says_status_kind_and_text() -> None:
    error = ParseError(416, "scheme", "expected another")
    assert (error.status, error.kind, error.text, str(error)) == (416, "scheme", "expected another", "expected another")
    assert error.message is None
    assert isinstance(error, ValueError)
