"""Connections: found again, opened, bounded and ended; nobody waits for a peer that does not read."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress

import pytest
import uvloop

from proxy.runtime import streams as module
from proxy.runtime.streams import OPENING_MOST
from proxy.sip.hop import TCP, Hop
from proxy.sip.wire import Send
from tests.runtime.sockets import HOST, until
from tests.runtime.stream_peers import ANSWER, listener, message, stage

LOOKED_FOR = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)


async def test_an_answer_goes_back_on_the_connection_of_its_request() -> None:
    async with stage() as one:
        first, second = await one.connected(), await one.connected()
        second.send(message(2))
        await until(lambda: one.machine.fed == [message(2)])
        hop = one.machine.hops[0]
        assert (hop.transport, hop.host, hop.listener) == (TCP, HOST, 0)
        assert hop.connection
        assert hop.port == second.writer.get_extra_info("sockname")[1]
        one.order(Send(ANSWER, Hop(TCP, HOST, 5060, 0, hop.connection)))
        await second.take(ANSWER)
        await first.close()
        await second.close()
        await until(lambda: one.streams.open_count() == 0)
        assert one.machine.gone == []  # no request of ours went over it
        assert one.counts.closed == {(0, "peer"): 2}


async def test_requests_to_one_place_share_one_connection() -> None:
    async with stage() as one, listener() as peer:
        one.order(*(Send(message(number), peer.hop()) for number in range(3)))
        await until(lambda: peer.peers)
        (far,) = peer.peers
        await far.take(b"".join(message(number) for number in range(3)))
        one.order(Send(message(3), peer.hop()))
        await far.take(message(3))
        far.send(ANSWER)
        await until(lambda: one.machine.fed == [ANSWER])
        assert one.machine.hops[0].connection
        assert one.counts.opened == {(0, "out"): 1}
        await far.close()
        await until(lambda: one.machine.gone)
        assert one.machine.gone[0].same_place(peer.hop())


async def test_an_answer_whose_connection_is_gone_opens_another() -> None:
    async with stage() as one, listener() as peer:
        one.order(Send(ANSWER, Hop(TCP, HOST, peer.port, 0, 999)))
        await until(lambda: peer.peers)
        await peer.peers[0].take(ANSWER)


async def test_a_place_that_refuses_is_told_for_each_message_and_left_alone_for_a_while() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))  # bound, but nobody listens
        hop = Hop(TCP, HOST, taken.getsockname()[1])
        async with stage() as one:
            one.order(Send(message(1), hop), Send(message(2), hop))
            await until(lambda: one.machine.lost == [message(1), message(2)])
            one.order(Send(message(3), hop))
            await until(lambda: len(one.machine.lost) == 3)
            assert one.counts.failed == {(0, "out", "refused"): 1}
            assert one.counts.dropped == {(0, "refused"): 2, (0, "no route"): 1}


async def test_a_place_that_never_answers_ends_in_time_and_its_queue_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CONNECT_MOST", 0.2)
    with socket.socket() as deaf, socket.socket() as filler:
        deaf.bind((HOST, 0))
        deaf.listen(0)
        filler.connect(deaf.getsockname())  # the backlog is full now
        hop = Hop(TCP, HOST, deaf.getsockname()[1])
        more = [socket.socket() for _ in range(4)]
        for one_more in more:
            one_more.setblocking(False)
            one_more.connect_ex(deaf.getsockname())
        async with stage() as one:
            one.order(*(Send(message(number), hop) for number in range(OPENING_MOST + 2)))
            await until(lambda: len(one.machine.lost) == OPENING_MOST + 2)
            assert one.counts.dropped == {(0, "opening"): 2, (0, "timeout"): OPENING_MOST}
        for one_more in more:
            one_more.close()


async def test_a_peer_that_does_not_read_is_cut_off_and_nobody_else_waits() -> None:
    async with stage() as one, listener() as peer:
        deaf = await one.connected()
        raw: socket.socket = deaf.writer.get_extra_info("socket")
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads can stop to
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.send(message())
        await until(lambda: one.machine.fed)
        hop = one.machine.hops[0]
        big = b"INFO sip:a SIP/2.0\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60_000
        one.order(Send(message(0), peer.hop()))
        await until(lambda: peer.peers)
        sent = 1
        while not one.machine.lost:
            assert sent < 200
            one.order(Send(big, hop), Send(message(sent), peer.hop()))
            sent += 1
            await asyncio.sleep(0)
        await peer.peers[0].take(b"".join(message(number) for number in range(sent)))
        assert set(one.machine.lost) == {big}
        assert one.counts.closed == {(0, "unread"): 1}
        assert one.machine.gone[0].connection == hop.connection


async def test_when_there_are_enough_the_next_is_turned_away() -> None:
    async with stage(most=2) as one:
        first, second = await one.connected(), await one.connected()
        first.send(message())
        second.send(message())
        await until(lambda: len(one.machine.fed) == 2)
        third = await one.connected()
        with suppress(ConnectionResetError):
            assert await third.ended() == b""
        assert one.counts.failed == {(0, "in", "too many"): 1}
        await first.close()
        await until(lambda: one.streams.open_count() == 1)
        fourth = await one.connected()
        fourth.send(message(4))
        await until(lambda: message(4) in one.machine.fed)


async def test_what_cannot_be_framed_is_told_and_the_connection_ends_after_the_answer() -> None:
    async with stage() as one:
        peer = await one.connected()
        one.machine.orders = []
        broken = b"INFO sip:a SIP/2.0\r\nSubject: no length\r\n\r\n"
        peer.send(message() + broken + message(2))
        await until(lambda: one.machine.flaws)
        flaw, hop = one.machine.flaws[0]
        assert (flaw.status, flaw.head) == (400, broken)
        assert hop.connection == one.machine.hops[0].connection
        assert await peer.ended() == b""
        assert one.machine.fed == [message()]
        assert one.counts.closed == {(0, "unframed"): 1}
        assert one.counts.bytes_refused == {0: len(broken + message(2))}


async def test_version_six() -> None:
    try:
        async with stage(host="::1") as one:
            peer = await one.connected()
            peer.send(message())
            await until(lambda: one.machine.fed)
            assert one.machine.hops[0].host == "::1"
            one.order(Send(ANSWER, one.machine.hops[0]))
            await peer.take(ANSWER)
    except OSError:
        pytest.skip("this machine has no IPv6")


async def test_what_is_idle_is_looked_for_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)
    async with stage(idle=4000.0) as one:
        peer = await one.connected()
        peer.send(message())
        await until(lambda: one.machine.fed)
        one.clock.ahead = 4001.0
        assert await peer.ended() == b""
        assert one.counts.closed == {(0, "idle"): 1}


async def test_the_kernel_looks_for_peers_that_are_gone_without_a_word() -> None:
    async with stage() as one, listener() as peer:
        await one.connected()
        one.order(Send(message(), peer.hop()))
        await until(lambda: one.streams.open_count() == 2)
        for stream in one.streams._all.values():
            assert stream._transport is not None
            watched = stream._transport.get_extra_info("socket")
            assert watched.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle, every, tries, unread = (watched.getsockopt(socket.IPPROTO_TCP, option) for option in LOOKED_FOR)
            assert (idle + every * tries, unread) == (90, 20_000)  # seconds; milliseconds


async def test_at_the_end_last_words_are_sent_and_nothing_is_opened_any_more() -> None:
    async with stage() as one:
        peer = await one.connected()
        peer.send(message())
        await until(lambda: one.machine.fed)
        one.machine.orders = [Send(ANSWER, one.machine.hops[0])]
        one.transports.stop()
        assert await peer.ended() == ANSWER
        one.order(Send(message(9), Hop(TCP, HOST, 9)))
        assert one.counts.dropped == {(0, "no route"): 1}
        await one.streams.gone(1.0)


@pytest.mark.parametrize(
    "played",
    [
        test_an_answer_goes_back_on_the_connection_of_its_request,
        test_requests_to_one_place_share_one_connection,
        test_a_place_that_refuses_is_told_for_each_message_and_left_alone_for_a_while,
        test_a_peer_that_does_not_read_is_cut_off_and_nobody_else_waits,
        test_what_cannot_be_framed_is_told_and_the_connection_ends_after_the_answer,
        test_at_the_end_last_words_are_sent_and_nothing_is_opened_any_more,
    ],
)
def test_the_same_on_the_loop_that_the_proxy_runs_on(played: Callable[[], Coroutine[None, None, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(played())
