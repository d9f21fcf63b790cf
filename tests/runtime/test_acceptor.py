"""The door of a listener: TLS with and without a wanted certificate, exchanged while it is open."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop

from proxy.b2bua.trunks import TlsClient
from proxy.runtime import acceptor
from proxy.runtime.acceptor import listening_socket, refusal
from proxy.runtime.tls import Certificate, ServerTls, client_context, server_context
from proxy.sip.hop import TLS
from proxy.sip.wire import Send
from tests.runtime.certificates import Authority
from tests.runtime.sockets import HOST, until
from tests.runtime.stream_peers import ANSWER, Stage, listener, message, stage


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def ours(authority: Authority, *, required: bool = False) -> ssl.SSLContext:
    path = authority.certificate("edge.example", HOST)
    return server_context(ServerTls((Certificate(path, path),), authority.file, required))


def theirs(authority: Authority, certificate: Path | None = None) -> ssl.SSLContext:
    return client_context(TlsClient("", str(authority.file), str(certificate or "")))


async def told(one: Stage, data: bytes) -> None:
    await until(lambda: data in one.machine.fed)


async def test_a_peer_is_known_by_the_names_that_it_proved(authority: Authority) -> None:
    async with stage(context=ours(authority, required=True)) as one:
        peer = await one.connected(theirs(authority, authority.certificate("vms.example")))
        peer.send(message())
        await told(one, message())
        hop = one.machine.hops[0]
        assert (hop.transport, hop.peer) == (TLS, "vms.example")
        one.order(Send(ANSWER, hop))
        await peer.take(ANSWER)


async def test_a_wrong_certificate_or_none_is_turned_away_and_counted(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger").certificate("vms.example")
    async with stage(context=ours(authority, required=True)) as one:
        for certificate in (stranger, None):
            with suppress(OSError):  # TLS 1.3: the client learns of it when it reads
                peer = await one.connected(theirs(authority, certificate))
                peer.send(message())
                assert await peer.ended() == b""
        await until(lambda: one.counts.handshakes.total() == 2)
        assert one.counts.handshakes == {(0, "in", "certificate"): 2}
        assert one.machine.fed == []
        assert one.door.inside == 0


async def test_what_is_no_handshake_is_turned_away_and_holds_up_nobody(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(context=ours(authority)) as one:
        with monkeypatch.context() as quick:
            quick.setattr(acceptor, "HANDSHAKE_MOST", 0.3)
            silent = await one.connected()
            await until(lambda: one.door.inside == 1)
        plain = await one.connected()
        plain.send(message())
        peer = await one.connected(theirs(authority))
        peer.send(message(2))
        await told(one, message(2))
        await silent.ended()
        await until(lambda: one.counts.failed.total() == 2)
        assert one.counts.failed == {(0, "in", "protocol"): 1, (0, "in", "timeout"): 1}


async def test_a_new_certificate_is_shown_to_who_comes_next(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    async with stage(context=ours(authority)) as one:
        before = await one.connected(theirs(authority))
        one.door.context = ours(other)
        after = await one.connected(theirs(other))
        with pytest.raises(ssl.SSLCertVerificationError):
            await one.connected(theirs(authority))
        for number, peer in enumerate((before, after)):
            peer.send(message(number))
            await told(one, message(number))


async def test_as_a_client_we_judge_the_carrier_and_show_what_it_asks_for(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    own = authority.certificate("edge.example")
    async with stage(context=ours(authority)) as one, listener(ours(authority, required=True)) as carrier:
        one.streams.trunks = {
            "right": (theirs(authority, own), ""),
            "name": (theirs(authority, own), "carrier.example"),
            "stranger": (theirs(stranger, own), ""),
        }
        for number, trunk in enumerate(("right", "name", "stranger", "unknown")):
            one.order(Send(message(number), carrier.hop(TLS, trunk)))
        await until(lambda: len(one.machine.lost) == 3)
        assert sorted(one.machine.lost) == [message(1), message(2), message(3)]
        assert one.counts.handshakes == {(0, "out", "certificate"): 3}
        await until(lambda: carrier.peers)
        await carrier.peers[0].take(message(0))


def test_a_port_that_is_taken_is_an_error() -> None:
    with listening_socket(HOST, 0) as first, pytest.raises(OSError, match="in use"):
        listening_socket(HOST, first.getsockname()[1])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(), "timeout"),
        (ConnectionAbortedError("SSL handshake is taking longer than 5 seconds"), "timeout"),
        (ConnectionRefusedError(), "refused"),
        (OSError(101, "no network"), "no route"),
        (ssl.SSLError(1, "wrong version"), "protocol"),
        (ssl.SSLCertVerificationError(1, "expired"), "certificate"),
    ],
)
def test_reasons_have_one_word(error: OSError, reason: str) -> None:
    assert refusal(error) == reason


async def test_nothing_is_taken_before_the_start() -> None:
    bound = listening_socket(HOST, 0)
    door = acceptor.Acceptor(bound, 0, TLS, idle=1.0, most=1, largest=2000)
    with socket.create_connection(bound.getsockname()):
        await asyncio.sleep(0.01)
        assert door.inside == 0
    door.close()


def test_the_same_on_the_loop_that_the_proxy_runs_on(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test_a_peer_is_known_by_the_names_that_it_proved(authority))
        runner.run(test_a_wrong_certificate_or_none_is_turned_away_and_counted(authority, tmp_path))
        runner.run(test_as_a_client_we_judge_the_carrier_and_show_what_it_asks_for(authority, tmp_path))
        runner.run(test_what_is_no_handshake_is_turned_away_and_holds_up_nobody(authority, monkeypatch))
