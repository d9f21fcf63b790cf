"""Streams are cut into the messages that were sent, however the network cuts them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.sip.framing import Framer
from proxy.sip.message import ParseError
from proxy.sip.parse import parse

LARGEST = 2000


def message(body: bytes = b"", length: bytes = b"Content-Length: %d") -> bytes:
    head = b"INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
    return head + (length % len(body) if b"%d" in length else length) + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "length",
    [
        b"Content-Length: %d",
        b"content-length:%d",
        b"CONTENT-LENGTH \t: %d ",
        b"l: %d",
        b"L:   %d",
        b"Content-Length:\r\n  %d",
        b"Content-Length:\r\n\t%d",
        b"Contact: <sip:x>\r\nContent-Length: %d\r\nContent-Length: %d",
        b"Subject: a\r\n Content-Length: 7\r\nContent-Length: %d",
    ],
)
def test_a_message_ends_where_its_length_says(length: bytes) -> None:
    body = b"v=0\r\n\r\nx"
    data = message(body, length.replace(b"%d", b"%d" % len(body)))
    framer = Framer(LARGEST)
    assert framer.feed(data + message()) == [data, message()]
    assert not framer.waiting()
    assert framer.flaw is None


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50])
def test_messages_come_whole_out_of_any_pieces(step: int) -> None:
    sent = [message(b"x" * size) for size in (0, 1, 40, 0, 300)]
    stream = b"".join(sent)
    framer, found = Framer(LARGEST), []
    for at in range(0, len(stream), step):
        found += framer.feed(stream[at : at + step])
    assert found == sent
    assert not framer.waiting()


@given(
    bodies=st.lists(st.binary(max_size=60), max_size=6),
    gaps=st.lists(st.integers(0, 3), min_size=6, max_size=6),
    cuts=st.lists(st.integers(1, 90), max_size=40),
)
def test_what_was_sent_is_what_is_found(bodies: list[bytes], gaps: list[int], cuts: list[int]) -> None:
    sent = [message(body) for body in bodies]
    stream = b"".join(b"\r\n" * gap + data for gap, data in zip(gaps, sent, strict=False))
    framer, found, at = Framer(LARGEST), [], 0
    for cut in [*cuts, len(stream)]:
        found += framer.feed(stream[at : at + cut])
        at += cut
    assert found == sent
    assert framer.take_pings() == sum(gap // 2 for gap in gaps[: len(sent)])


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_noise_ends_in_a_flaw_or_waits_within_bounds(pieces: list[bytes]) -> None:
    framer = Framer(500)
    for piece in pieces:
        for data in framer.feed(piece):
            with suppress(ParseError):
                parse(data)
        assert len(framer.rest) <= 500 + 200
        if framer.flaw is not None:
            assert framer.feed(message()) == []


@pytest.mark.parametrize("cut", range(5))
def test_two_line_ends_are_a_keep_alive_however_they_arrive(cut: int) -> None:
    framer = Framer(LARGEST)
    stream = b"\r\n\r\n"
    assert framer.feed(stream[:cut]) == framer.feed(stream[cut:]) == []
    assert (framer.take_pings(), framer.take_pings()) == (1, 0)
    assert not framer.waiting()
    assert framer.feed(message()) == [message()]


def test_one_line_end_in_front_of_a_message_is_nobodys() -> None:
    framer = Framer(LARGEST)
    assert framer.feed(b"\r\n" + message()) == [message()]
    assert framer.take_pings() == 0


def test_a_message_that_has_begun_is_waited_for() -> None:
    framer = Framer(LARGEST)
    framer.feed(message(b"xyz")[:-1])
    assert framer.waiting()


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (b"Subject: none", "one Content-Length"),
        (b"Content-Length: -1", "one Content-Length"),
        (b"Content-Length: 1x", "one Content-Length"),
        (b"Content-Length:", "one Content-Length"),
        (b"Content-Length: 1\r\nl: 2", "one Content-Length"),
        (b"Content-Length: 99999999999999999999", "one Content-Length"),
        (b"Content-Length: 2000", "at most 2000 bytes"),
    ],
)
def test_a_length_that_cannot_be_trusted_ends_the_stream(length: bytes, text: str) -> None:
    framer = Framer(LARGEST)
    assert framer.feed(message() + message(b"", length) + message()) == [message()]
    flaw = framer.flaw
    assert flaw is not None
    assert text in flaw.text
    assert flaw.status == (513 if "at most" in text else 400)
    assert flaw.head == message(b"", length)
    assert framer.feed(message()) == []


@pytest.mark.parametrize(
    ("noise", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\r\n", 400),
        (b"GET / HTTP/1.1\r\n", 400),
        (b"x" * 9000, 400),
        (b"\rx\r\n\r\n", 400),
        (b"INFO sip:a SIP/2.0\r\n" + b"X: y\r\n" * 2000, 513),
    ],
    ids=["tls", "http", "no line", "a bare return", "endless headers"],
)
def test_what_is_no_message_ends_the_stream(noise: bytes, status: int) -> None:
    framer = Framer(10_000)
    assert framer.feed(noise) == []
    assert framer.flaw is not None
    assert framer.flaw.status == status
    assert framer.rest == b""
