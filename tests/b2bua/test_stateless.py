"""Answers that need no call: OPTIONS, methods that we do not serve, what cannot be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ladder import A, Caller, Ladder, datagram, topology

OURS = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE"


def request(method: str, *extra: str, hops: str = "70") -> bytes:
    lines = [f"Via: SIP/2.0/UDP {A[0]}:{A[1]};branch=z9hG4bKs1", f"Max-Forwards: {hops}", "From: <sip:a@b>;tag=1"]
    lines += ["To: <sip:10.0.0.1>", "Call-ID: s1", f"CSeq: 7 {method}", *extra]
    return datagram(f"{method} sip:10.0.0.1 SIP/2.0", lines)


def test_options_tells_what_we_carry(ladder: Ladder) -> None:
    ladder.feed("a", request("OPTIONS"))
    told = ladder.one("a 200 OPTIONS")
    assert [told.header(name) for name in ("allow", "supported", "accept")] == [
        OURS,
        "100rel, timer",
        "application/sdp",
    ]
    assert ";tag=" in told.header("to")
    ladder.feed("b", request("OPTIONS").replace(b"10.1.0.1:5070", b"10.2.0.1:5080"))
    ladder.expect("b 200 OPTIONS")
    ladder.assert_empty()


def test_options_while_draining_is_503(ladder: Ladder) -> None:
    ladder.engine.drain()
    ladder.feed("a", request("OPTIONS"))
    assert ladder.one("a 503 OPTIONS").header("retry-after") == "30"


def test_options_without_hops_or_with_unknown_extensions(ladder: Ladder) -> None:
    ladder.feed("a", request("OPTIONS", hops="0"))
    ladder.expect("a 483 OPTIONS")
    ladder.feed("a", request("OPTIONS", "Require: foo"))
    assert ladder.one("a 420 OPTIONS").header("unsupported") == "foo"


def test_of_a_crowd_of_extensions_the_first_are_named(ladder: Ladder) -> None:
    names = [f"extension-{n}" for n in range(400)]
    ladder.feed("a", request("OPTIONS", "Require: " + ", ".join(names)))
    named = ladder.one("a 420 OPTIONS").header("unsupported").split(", ")
    assert named == names[: len(named)]
    assert 50 < len(named) < 80
    ladder.feed("a", request("OPTIONS", "Require: " + "x" * 8000))
    assert ladder.one("a 420 OPTIONS").header("unsupported") == "x" * 99


@pytest.mark.parametrize("method", ["REGISTER", "SUBSCRIBE", "PUBLISH", "REFER", "NOTIFY", "FOO"])
def test_methods_that_make_no_call_are_405_with_allow(ladder: Ladder, method: str) -> None:
    ladder.feed("a", request(method))
    assert ladder.one(f"a 405 {method}").header("allow") == OURS
    ladder.assert_empty()


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "PRACK", "INFO"])
def test_requests_that_need_a_call_are_481_without_one(ladder: Ladder, method: str) -> None:
    ladder.feed("a", request(method))
    ladder.expect(f"a 481 {method}")
    ladder.feed("a", request(method).replace(b"To: <sip:10.0.0.1>", b"To: <sip:10.0.0.1>;tag=gone"))
    assert ladder.one(f"a 481 {method}").header("to") == "<sip:10.0.0.1>;tag=gone"
    ladder.assert_empty()


def test_each_copy_of_a_request_gets_the_same_answer(ladder: Ladder) -> None:
    ladder.feed("a", request("REGISTER"))
    first = ladder.one("a 405 REGISTER")
    ladder.feed("a", request("REGISTER"))
    assert ladder.one("a 405 REGISTER").data == first.data


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (b"Call-ID: call-1@platform\r\n", b"", "expected a Call-ID header"),
        (b"CSeq: 1 INVITE", b"CSeq: one INVITE", "expected `number METHOD` in CSeq".replace("`", "'")),
        (b"Content-Length: ", b"Content-Length: 9", "bytes of body"),
        (b";tag=atag1", b";tag=atag1\r\nP-Asserted-Identity: <sip:x", "closing angle bracket"),
        (b"INVITE sip:+33140000000@10.0.0.1 ", b"INVITE sip:+33140000000@10.0.0.1@x ", "one '@' in a URI"),
    ],
)
def test_what_cannot_be_read_is_400_and_the_phrase_says_why(ladder: Ladder, old: bytes, new: bytes, text: str) -> None:
    ladder.feed("a", Caller().invite().replace(old, new))
    refused = ladder.unread[0]
    ladder.unread = []
    assert refused.start.startswith("SIP/2.0 400 Bad Request (")
    assert text in refused.start
    assert not ladder.decisions()
    ladder.assert_empty()
    assert sum(ladder.engine.counters.parse_errors.values()) == 1


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\x00"])
def test_no_bare_line_end_is_ever_sent_back(ladder: Ladder, end: bytes) -> None:
    ladder.feed("a", Caller().invite().replace(b";tag=atag1", b";x=a" + end + b"X-Evil: 1;tag=atag1"))
    for seen in ladder.unread:
        assert b"Evil" not in seen.data
    ladder.unread = []


def test_a_broken_ack_or_response_is_never_answered(ladder: Ladder) -> None:
    ladder.feed("a", request("ACK").replace(b"Call-ID: s1\r\n", b""))
    ladder.feed("b", b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x\r\n\r\n")
    ladder.feed("b", b"garbage")
    ladder.feed("b", b"\r\n\r\n")
    ladder.expect()


def test_the_server_name_stands_in_our_own_answers(ladder_of: Callable[..., Ladder]) -> None:
    ladder = ladder_of(topology(server_name="edge"))
    ladder.feed("a", request("OPTIONS"))
    assert ladder.one("a 200 OPTIONS").header("server") == "edge"
