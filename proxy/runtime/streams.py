"""All TCP and TLS connections: found again, opened when there is none, ended when nobody needs them.

A message goes on the connection that its hop names, else on one that we opened to the same place, else on a new one,
for which a bounded number of messages waits a bounded time (RFC 3261 18.1.1, 18.2.2; RFC 5923). What cannot be carried
is counted and the engine is told. One look a second finds what is idle, stalled or half open.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, final

from proxy.runtime import stream_counts as why
from proxy.runtime.acceptor import HANDSHAKE_MOST, Acceptor, refusal
from proxy.runtime.handover import Connections
from proxy.runtime.stream import Stream, keep_alive
from proxy.runtime.stream_counts import INBOUND, OUTBOUND, StreamCounts
from proxy.runtime.tasks import Tasks
from proxy.runtime.transports import Transports
from proxy.runtime.udp import Feed
from proxy.sip.framing import Flaw
from proxy.sip.hop import TLS, Hop
from proxy.sip.wire import Send

OPENING_MOST: Final = 64  # messages that wait for one connection
CONNECT_MOST: Final = 5.0  # s
HOLD_OFF: Final = 1.0  # s in which a place that could not be reached is not tried again
LOOK_EVERY: Final = 1.0  # s

Place = tuple[int, str, int, int, str]


def place_of(hop: Hop) -> Place:
    """What makes two streams that we open the same."""
    return hop.transport, hop.host, hop.port, hop.listener, hop.trunk


@final
class Streams:
    """The streams of one process. `doors` are its TCP and TLS listeners; `trunks` holds for each carrier its context
    and the name that its certificate must prove."""

    def __init__(self, transports: Transports, doors: Sequence[Acceptor], counts: StreamCounts, tasks: Tasks) -> None:
        self.counts: Final = counts
        self.trunks: Mapping[str, tuple[ssl.SSLContext, str]] = {}
        self._transports: Final = transports
        self._doors: Final = {door.number: door for door in doors}
        self._tasks: Final = tasks
        self._loop: Final = asyncio.get_running_loop()
        self._all: Final[dict[int, Stream]] = {}  # by connection id
        self._ours: Final[dict[Place, Stream]] = {}
        self._opening: Final[dict[Place, list[bytes]]] = {}
        self._failed: Final[dict[Place, float]] = {}
        self._leaving: Final[set[Stream]] = set()
        self._nobody: Final = asyncio.Event()
        self._closing = False
        self._last_id = 0
        self._feed: Feed = transports.engine
        self._away: Connections | None = None
        self._looking: asyncio.TimerHandle | None = None
        for door in doors:
            door.start(self, counts, tasks)

    def share(self, feed: Feed, away: Connections, before_first: int) -> None:
        """Among several workers: what stands before the engine, the connections of others, and how ours are numbered."""
        self._feed, self._away, self._last_id = feed, away, before_first

    def say(self, connection: int, data: bytes) -> bool:
        """Send a message of another worker on this connection; False when that is gone."""
        stream = self._all.get(connection)
        return stream is not None and stream.send(data)

    def time(self) -> float:
        """Monotonic seconds."""
        return self._transports.clock.monotonic()

    def open_count(self) -> int:
        """How many connections carry messages."""
        return len(self._all)

    # -- out -----------------------------------------------------------------

    def send(self, order: Send) -> None:
        """Send one message on the connection that suits; never blocks."""
        hop = order.hop
        stream = self._all.get(hop.connection)
        if stream is None:
            if hop.connection and self._away is not None and self._away.say(hop.connection, order.data):
                return
            place = place_of(hop)
            stream = self._ours.get(place)
            if stream is None:
                self._wait_for(place, hop, order.data)
                return
        if not stream.send(order.data):
            self._drop(hop.listener, why.UNREAD, order.data)

    def _wait_for(self, place: Place, hop: Hop, data: bytes) -> None:
        waiting = self._opening.get(place)
        if waiting is not None:
            if len(waiting) < OPENING_MOST:
                waiting.append(data)
            else:
                self._drop(hop.listener, "opening", data)
        elif self._closing or self.time() < self._failed.get(place, 0.0):
            self._drop(hop.listener, why.NO_ROUTE, data)
        else:
            self._opening[place] = [data]
            self._tasks.spawn(self._open(place, hop), "connect")

    def _drop(self, listener: int, reason: str, data: bytes) -> None:
        self.counts.dropped[listener, reason] += 1
        self._transports.undelivered(data)

    async def _open(self, place: Place, hop: Hop) -> None:
        """Connect; what waits is sent by `opened`, or told to have reached nobody."""
        reason = why.STOPPED
        try:
            async with asyncio.timeout(CONNECT_MOST):
                await self._connect(hop)
            reason = ""
        except OSError as error:
            reason = refusal(error)
        finally:
            if reason:
                self.counts.fail(hop.listener, OUTBOUND, reason)
                self._failed[place] = self.time() + HOLD_OFF
                self._look_later()
                for data in self._opening.pop(place, []):
                    self._drop(hop.listener, reason, data)

    async def _connect(self, hop: Hop) -> None:
        door = self._doors[hop.listener]
        context, name = self.trunks.get(hop.trunk, (None, "")) if hop.transport == TLS else (None, "")
        if hop.transport == TLS and context is None:
            context = ssl.create_default_context()
        opened = socket.socket(door.family, socket.SOCK_STREAM)
        try:
            opened.setblocking(False)
            keep_alive(opened)
            opened.bind((door.host, 0))
            await self._loop.sock_connect(opened, (hop.host, hop.port))
            await self._loop.create_connection(
                lambda: Stream(self, hop, OUTBOUND, door.largest),
                sock=opened,
                ssl=context,
                server_hostname=(name or hop.host) if context is not None else None,
                ssl_handshake_timeout=HANDSHAKE_MOST if context is not None else None,
            )
        except BaseException:
            opened.close()
            raise

    # -- what streams tell ---------------------------------------------------

    def opened(self, stream: Stream) -> None:
        """A connection is there: it gets its number, and its peer the names that it proved."""
        self._last_id += 1
        hop, number = stream.hop, self._last_id
        stream.hop = Hop(hop.transport, hop.host, hop.port, hop.listener, number, hop.trunk, stream.proved())
        self._all[self._last_id] = stream
        self.counts.begin(hop.listener, stream.direction)
        self._look_later()
        if stream.direction == OUTBOUND:
            self._ours[place_of(hop)] = stream
            for data in self._opening.pop(place_of(hop), []):  # before anything newer
                if not stream.send(data):
                    self._drop(hop.listener, why.UNREAD, data)

    def arrived(self, stream: Stream, messages: list[bytes], flaw: Flaw | None) -> None:
        """Messages came on a connection, and behind them perhaps something that is none."""
        transports, hop = self._transports, stream.hop
        engine, now, epoch = transports.engine, self.time(), transports.clock.epoch()
        for data in messages:
            self._feed.receive(data, hop, now, epoch)
            transports.flush()
        if flaw is not None:
            self.counts.bytes_refused[hop.listener] += stream.refused
            engine.unframed(flaw, hop, now, epoch)
            transports.flush()
            stream.close(why.UNFRAMED)
        transports.arm()

    def closed(self, stream: Stream, reason: str) -> None:
        """A connection carries nothing any more; requests of ours that went over it may have got lost."""
        hop = stream.hop
        if self._all.pop(hop.connection, None) is None:
            return
        if stream.direction == OUTBOUND and self._ours.get(place_of(hop)) is stream:
            del self._ours[place_of(hop)]
        self.counts.end(hop.listener, stream.direction, reason)
        self._leaving.add(stream)
        if stream.direction == INBOUND:
            self._doors[hop.listener].inside -= 1
        if stream.asked:
            self._transports.unreachable(hop)

    def left(self, stream: Stream) -> None:
        """Nothing of a connection is left."""
        self._leaving.discard(stream)
        if not self._leaving:
            self._nobody.set()

    # -- the end -------------------------------------------------------------

    def _look_later(self) -> None:
        if self._looking is None:
            self._looking = self._loop.call_later(LOOK_EVERY, self._look)

    def _look(self) -> None:
        """Find what is idle, stalled, half open, or does not take its last words."""
        self._looking, now = None, self.time()
        for stream in list(self._all.values()):
            stream.look(now, self._doors[stream.hop.listener].idle)
        for stream in list(self._leaving):
            stream.look(now, 0.0)
        for place in [place for place, until in self._failed.items() if until <= now]:
            del self._failed[place]
        if self._all or self._leaving or self._failed:
            self._look_later()

    def close(self) -> None:
        """Take no more connections and end those that there are, each once its last words are sent."""
        if self._closing:
            return
        self._closing = True
        for door in self._doors.values():
            door.close()
        for stream in list(self._all.values()):
            stream.close(why.STOPPED)
        if self._looking is not None:
            self._looking.cancel()

    async def gone(self, seconds: float) -> None:
        """Wait until every connection is gone, and cut off those that take longer."""
        self._nobody.clear()
        if self._leaving:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._nobody.wait()
        for stream in list(self._leaving):
            stream.cut()
