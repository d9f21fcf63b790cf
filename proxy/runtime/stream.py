"""One TCP or TLS connection: bytes to messages, messages to bytes, and when it has to end.

It never waits for its peer: what the kernel does not take at once is kept up to `WAITING_MOST` bytes, and a peer that
lets more pile up is cut off. What happens is told to `Owner`, which knows all connections.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final, Protocol, cast, final

from proxy.runtime import stream_counts as why
from proxy.runtime.tls import proved_names
from proxy.sip.framing import Flaw, Framer
from proxy.sip.hop import Hop

WAITING_MOST: Final = 256 * 1024
STALL_MOST: Final = 10.0  # s for a message that has begun to become whole
SILENCE_MOST: Final = 30.0  # s for the first message of a peer that connected
CLOSE_MOST: Final = 5.0  # s for the last words to be taken
PONG: Final = b"\r\n"
_KEEPALIVE: Final = (  # a peer that is gone is noticed within a minute and a half, with unread data in 20 s
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 60),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 10),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", 20_000),
    (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
)


class Owner(Protocol):
    """Who is told what happens on a stream; `streams.Streams` is one."""

    def opened(self, stream: Stream) -> None:
        """It carries messages from now on."""

    def arrived(self, stream: Stream, messages: list[bytes], flaw: Flaw | None) -> None:
        """These messages came, and behind them something that is none."""

    def closed(self, stream: Stream, reason: str) -> None:
        """It carries none any more."""

    def left(self, stream: Stream) -> None:
        """Nothing of it is left."""

    def time(self) -> float:
        """Monotonic seconds."""
        ...


@final
class Stream(asyncio.Protocol):
    """One connection. `hop` leads to its peer; `asked` says that a request of ours went over it."""

    def __init__(self, owner: Owner, hop: Hop, direction: str, largest: int) -> None:
        self.hop = hop
        self.direction: Final = direction
        self.asked = False
        self._owner: Final = owner
        self._framer: Final = Framer(largest)
        self._transport: asyncio.Transport | None = None
        self._used = False
        self._at = 0.0  # when something last passed
        self._partial = 0.0  # since when a message waits for its rest, 0 when none does
        self._ended = ""
        self._ended_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there, for TLS after the handshake."""
        self._transport = made = cast("asyncio.Transport", transport)  # uvloop has a class of its own
        made.set_write_buffer_limits(high=WAITING_MOST)
        self._at = self._owner.time()
        self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of the peer."""
        if self._ended:
            return
        framer = self._framer
        messages = framer.feed(data)
        self._at = self._owner.time()
        pings = framer.take_pings()
        if pings:
            self._answer(pings)
        self._used = self._used or bool(messages) or pings > 0
        if not framer.waiting():
            self._partial = 0.0
        elif messages or not self._partial:
            self._partial = self._at
        if messages or framer.flaw is not None:
            self._owner.arrived(self, messages, framer.flaw)

    def _answer(self, pings: int) -> None:
        """A pong for each ping (RFC 5626 4.4.1), unless the peer reads nothing."""
        transport = self._transport
        if transport is not None and transport.get_write_buffer_size() < WAITING_MOST:
            transport.write(PONG * pings)

    def send(self, data: bytes) -> bool:
        """Send one message; False when the peer has let too much pile up, which ends the connection."""
        transport = self._transport
        if transport is None or self._ended:
            return False
        if transport.get_write_buffer_size() + len(data) > WAITING_MOST:
            self.abort(why.UNREAD)
            return False
        if data[:8] != b"SIP/2.0 ":
            self.asked = True
        self._at = self._owner.time()
        transport.write(data)
        return True

    def look(self, now: float, idle: float) -> None:
        """End the connection if it is due at `now`; `idle` is the longest time in which nothing passes."""
        if self._ended:
            if now - self._ended_at > CLOSE_MOST and self._transport is not None:
                self._transport.abort()
        elif self._partial and now - self._partial > STALL_MOST:
            self.abort(why.STALLED)
        elif not self._used and self.direction == why.INBOUND and now - self._at > min(SILENCE_MOST, idle):
            self.abort(why.SILENT)
        elif now - self._at > idle:
            self.close(why.IDLE)

    def close(self, reason: str) -> None:
        """End the connection once everything is sent."""
        if not self._ended and self._transport is not None:
            self._end(reason)
            self._transport.close()

    def abort(self, reason: str) -> None:
        """End the connection at once."""
        if not self._ended and self._transport is not None:
            self._end(reason)
            self._transport.abort()

    def _end(self, reason: str) -> None:
        self._ended, self._ended_at = reason, self._owner.time()
        self._owner.closed(self, reason)

    def eof_received(self) -> bool:
        """The peer will send no more: neither do we."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """It is over; the owner hears of it unless it was told before."""
        if not self._ended:
            self._end(why.BROKEN if error is not None else why.BY_PEER)
        self._transport = None
        self._owner.left(self)

    @property
    def refused(self) -> int:
        """How many bytes could not be cut into messages."""
        return self._framer.refused

    def proved(self) -> str:
        """The names that the peer proved by its certificate, comma-joined; empty when it did not."""
        transport = self._transport
        return proved_names(transport.get_extra_info("peercert")) if transport is not None else ""

    def cut(self) -> None:
        """Wait for nothing any more."""
        if self._transport is not None:
            self._transport.abort()


def keep_alive(opened: socket.socket) -> None:
    """Let the kernel notice a peer that is gone, and send small messages at once."""
    for level, name, value in _KEEPALIVE:
        option = getattr(socket, name, None)  # not every system has every one of them
        if option is not None:
            opened.setsockopt(level, option, value)
