"""One connection: pieces and bundles of messages, keep-alives, and the ends of what hangs."""

from __future__ import annotations

import asyncio

import pytest

from proxy.runtime import stream as module
from proxy.runtime import streams
from proxy.sip.wire import Send
from tests.runtime.sockets import until
from tests.runtime.stream_peers import ANSWER, message, stage


async def test_messages_in_pieces_and_in_bundles() -> None:
    async with stage() as one:
        peer = await one.connected()
        sent = b"".join(message(number) for number in range(4))
        for at in range(0, len(sent), 37):
            peer.send(sent[at : at + 37])
            await asyncio.sleep(0)
        await until(lambda: len(one.machine.fed) == 4)
        peer.send(sent)
        await until(lambda: len(one.machine.fed) == 8)
        assert one.machine.fed == [message(number) for number in range(4)] * 2


async def test_a_keep_alive_is_answered_and_keeps_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK_EVERY", 0.02)
    async with stage(idle=4000.0) as one:
        peer = await one.connected()
        for _ in range(4):
            peer.send(b"\r\n\r\n")
            await peer.take(b"\r\n")
            one.clock.ahead += 1500.0
            await asyncio.sleep(0.05)
        peer.send(message())
        await until(lambda: one.machine.fed)
        assert one.counts.closed == {}


async def test_a_message_that_never_becomes_whole_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK_EVERY", 0.02)
    async with stage(idle=4000.0) as one:
        peer = await one.connected()
        peer.send(message() + message(2)[:-1])
        await until(lambda: one.machine.fed)
        one.clock.ahead = module.STALL_MOST + 1
        assert await peer.ended() == b""
        assert one.counts.closed == {(0, "stalled"): 1}
        assert one.machine.fed == [message()]


async def test_whoever_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK_EVERY", 0.02)
    async with stage(idle=4000.0) as one:
        silent, speaking = await one.connected(), await one.connected()
        speaking.send(message())
        await until(lambda: one.machine.fed)
        one.clock.ahead = module.SILENCE_MOST + 1
        assert await silent.ended() == b""
        assert one.counts.closed == {(0, "silent"): 1}
        one.order(Send(ANSWER, one.machine.hops[0]))
        await speaking.take(ANSWER)


async def test_a_connection_that_is_reset_is_counted_as_broken() -> None:
    async with stage() as one:
        peer = await one.connected()
        peer.send(message())
        await until(lambda: one.machine.fed)
        one.order(Send(message(5), one.machine.hops[0]))
        await peer.take(message(5))
        peer.writer.get_extra_info("socket").setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # SO_LINGER 0
        peer.writer.transport.abort()
        await until(lambda: one.machine.gone)
        assert one.counts.closed.total() == 1
        assert {reason for _, reason in one.counts.closed} <= {"broken", "peer"}


async def test_a_closed_half_closes_the_whole() -> None:
    async with stage() as one:
        peer = await one.connected()
        peer.send(message())
        peer.writer.write_eof()
        assert await peer.ended() == b""
        assert one.machine.fed == [message()]
        assert one.counts.closed == {(0, "peer"): 1}
