"""What fuzzing asks of framing: however the network cuts a stream, the same messages come out, and each is one."""

from __future__ import annotations

from proxy.sip.framing import Framer
from proxy.sip.message import ParseError
from proxy.sip.parse import parse

LARGEST = 8192


def read_stream(data: bytes) -> str:
    """A stream whose first byte says in which steps it arrives.

    Whole, in those steps and byte by byte it is the same messages, keep-alives and end; a message that can be read has
    the length that the framing saw.
    """
    step, stream = (data[0] % 61 + 1, data[1:]) if data else (1, b"")
    whole = framed(stream, max(len(stream), 1))
    assert framed(stream, step) == whole
    if len(stream) < 512:
        assert framed(stream, 1) == whole
    messages, pings, flaw = whole
    for message in messages:
        assert len(message) <= LARGEST
        try:
            read = parse(message)
        except ParseError:
            continue
        assert message.endswith(b"\r\n\r\n" + read.body), "the parser saw another boundary"
    return f"{min(len(messages), 4)} {min(pings, 3)} {flaw}"


def framed(stream: bytes, step: int) -> tuple[list[bytes], int, int]:
    """What comes out of a stream that arrives in such steps: messages, keep-alives, status of the flaw."""
    framer, messages, pings = Framer(LARGEST), list[bytes](), 0
    for at in range(0, len(stream), step):
        messages += framer.feed(stream[at : at + step])
        pings += framer.take_pings()
        assert len(framer.rest) <= LARGEST + step
    return messages, pings, framer.flaw.status if framer.flaw is not None else 0
