"""Streams under test around a machine that writes down what it is fed, and peers that speak to them."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from proxy.runtime.acceptor import Acceptor, listening_socket
from proxy.runtime.clock import FixedClock
from proxy.runtime.stream_counts import StreamCounts
from proxy.runtime.streams import Streams
from proxy.runtime.tasks import Tasks
from proxy.runtime.transports import Transports
from proxy.sip.hop import TCP, TLS, Hop
from proxy.sip.wire import Send
from tests.runtime.sockets import EPOCH, HOST, PATIENCE, Machine, Recorder

MESSAGE = b"INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK%d\r\nContent-Length: 0\r\n\r\n"
ANSWER = b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"


def message(number: int = 1) -> bytes:
    return MESSAGE % number


class LeapingClock(FixedClock):
    """Its monotonic side is `ahead` of the real one by what a test lets pass at once."""

    ahead = 0.0

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic() + self.ahead


@dataclass
class Stage:
    """Streams behind one door. `port` is its own, `failures` what tasks broke of, `clock` says what is overdue."""

    machine: Machine
    transports: Transports
    streams: Streams
    counts: StreamCounts
    door: Acceptor
    port: int
    peers: list[Peer]
    clock: LeapingClock

    def order(self, *sends: Send) -> None:
        """Let the engine order these now."""
        self.machine.orders += sends
        self.transports.flush()

    async def connected(self, context: ssl.SSLContext | None = None, name: str = "") -> Peer:
        """Somebody who connects to the door."""
        server = (name or HOST) if context is not None else None
        peer = Peer(*await asyncio.open_connection(self.door.host, self.port, ssl=context, server_hostname=server))
        self.peers.append(peer)
        return peer


class Peer:
    """The other end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def take(self, data: bytes) -> None:
        """Exactly these bytes come next."""
        assert await asyncio.wait_for(self.reader.readexactly(len(data)), PATIENCE) == data

    async def ended(self) -> bytes:
        """The connection ends; what came before."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE)

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def stage(
    *, context: ssl.SSLContext | None = None, host: str = HOST, idle: float = 60.0, most: int = 50, largest: int = 65535
) -> AsyncIterator[Stage]:
    """Streams behind a door on a free port; at the end nothing of them is left."""
    machine, failures = Machine(), list[str]()
    clock = LeapingClock(EPOCH)
    transports, tasks = Transports(machine, clock, Recorder()), Tasks(failures.append)
    bound = listening_socket(host, 0)
    counts, transport = StreamCounts(["door"]), TCP if context is None else TLS
    door = Acceptor(bound, 0, transport, idle=idle, most=most, largest=largest, context=context)
    port = int(bound.getsockname()[1])
    streams = Streams(transports, [door], counts, tasks)
    transports.ways.append(streams)
    peers: list[Peer] = []
    try:
        yield Stage(machine, transports, streams, counts, door, port, peers, clock)
    finally:
        transports.stop()
        await streams.gone(1.0)
        await tasks.cancel()
        for peer in peers:
            await peer.close()
    assert failures == []
    assert streams.open_count() == 0
    assert not any(counts.open.values())


class Listener:
    """A peer that we connect to: the connections that came, in order."""

    def __init__(self, port: int, server: asyncio.Server, peers: list[Peer]) -> None:
        self.port = port
        self.server = server
        self.peers = peers

    def hop(self, transport: int = TCP, trunk: str = "") -> Hop:
        """The way there."""
        return Hop(transport, HOST, self.port, 0, 0, trunk)


@asynccontextmanager
async def listener(context: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    """Somebody to connect to."""
    peers: list[Peer] = []

    def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(Peer(reader, writer))

    server = await asyncio.start_server(met, HOST, 0, ssl=context)
    try:
        yield Listener(int(server.sockets[0].getsockname()[1]), server, peers)
    finally:
        server.close()
        for peer in peers:
            await peer.close()


def reasons(table: dict[tuple[int, str], int], wanted: Sequence[str]) -> dict[str, int]:
    """The counts of these reasons."""
    return {reason: table.get((0, reason), 0) for reason in wanted}
