"""A UDP socket: datagrams in batches to the engine, its messages to the wire.

`add_reader` with a drain loop costs a fifth of asyncio's datagram protocol and takes a bounded share of the loop: after
`BATCH` datagrams everybody else has a turn. What the kernel will not take at once waits in a bounded queue; what does
not fit is dropped and counted, as a full network would (RFC 3261 17 repeats it).
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Final, Protocol, final

from proxy.b2bua.counters import Counters
from proxy.b2bua.engine import Engine
from proxy.runtime.datagrams import datagrams
from proxy.runtime.queue_delay import NEVER, QueueDelay
from proxy.runtime.transports import Transports
from proxy.sip.hop import UDP, Hop
from proxy.sip.wire import Send

BATCH: Final = 64
BUFFER: Final = 4 << 20
WAITING_MOST: Final = 4096


class Feed(Protocol):
    """What datagrams are fed to: the engine, or what stands before it (`handover.Sorter`)."""

    @property
    def counters(self) -> Counters: ...
    def receive(self, data: bytes, source: Hop, now: float, epoch: float) -> None:
        """One message."""


@final
class UdpPort:
    """One bound socket, which it owns; `listener` is its number, `feed` gets what arrives (default: the engine)."""

    def __init__(
        self, bound: socket.socket, transports: Transports, listener: int = 0, feed: Feed | None = None
    ) -> None:
        self._socket: Final = bound
        self._transports: Final = transports
        self._engine: Final[Feed] = transports.engine if feed is None else feed
        self._own: Final = self._engine if isinstance(self._engine, Engine) else None
        self._clock: Final = transports.clock
        self._listener: Final = listener
        self._datagrams: Final = datagrams(bound, self._met)
        self._loop: Final = asyncio.get_running_loop()
        self._waiting: Final[deque[Send]] = deque()
        self._watch: Final = QueueDelay(bound, transports.gate, listener) if transports.gate is not None else None
        self._look_at = 0.0 if self._watch is not None else NEVER
        self._loop.add_reader(self._socket, self._readable)

    def close(self) -> None:
        """Stop reading and give the port back."""
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()

    def _readable(self) -> None:
        own, engine, transports = self._own, self._engine, self._transports
        now, epoch = self._clock.monotonic(), self._clock.epoch()
        try:
            for data, source in self._datagrams.receive(BATCH):
                if own is not None:
                    own.receive(data, source, now, epoch)
                else:
                    engine.receive(data, source, now, epoch)
                transports.flush()
        except OSError:
            engine.counters.count_drop("refused by peer")  # an ICMP error of an earlier datagram
        transports.arm()
        if now >= self._look_at and self._watch is not None:
            self._look_at = self._watch.look(now)

    def _met(self, host: str, port: int) -> Hop:
        return Hop(UDP, host, port, self._listener)

    def send(self, order: Send) -> None:
        """Send one datagram, behind those that wait."""
        if self._waiting:
            self._queue(order)
            return
        try:
            self._datagrams.send(order)
        except (BlockingIOError, InterruptedError):
            self._queue(order)
            self._loop.add_writer(self._socket, self._writable)
        except (OSError, OverflowError):
            self._engine.counters.count_drop("unsendable")

    def _queue(self, order: Send) -> None:
        if len(self._waiting) >= WAITING_MOST:
            self._engine.counters.count_drop("send queue full")
        else:
            self._waiting.append(order)

    def _writable(self) -> None:
        while self._waiting:
            order = self._waiting[0]
            try:
                self._datagrams.send(order)
            except (BlockingIOError, InterruptedError):
                return
            except (OSError, OverflowError):
                self._engine.counters.count_drop("unsendable")
            self._waiting.popleft()
        self._loop.remove_writer(self._socket)


def bound_socket(host: str, port: int, shared: bool = False) -> socket.socket:
    """A socket on that address that never blocks; `shared`: one of several there. Raises OSError when it cannot be had."""
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            opened.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        if ":" in host:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened
