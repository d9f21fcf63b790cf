"""Messages that one worker read and another owns, passed on by one hop over Unix datagram sockets.

The supervisor makes a pair of sockets for each worker and keeps both ends open: what is sent to a worker that is gone
waits there for its successor. A datagram goes with its source address and the listener that it came in by, so that the
owner answers as if it had read it, through its own file of the same public address. A message inside a call that came
over a connection of another worker, because its peer connected anew, goes with the number of that connection, and what
the owner sends on it comes back by the same way. Who gets a message keeps it: there is never a second hop. What a full
socket does not take waits here, bounded; what finds no room is counted.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Sequence
from struct import Struct
from typing import Final, Protocol, final

from proxy.runtime.udp import Feed
from proxy.runtime.worker_marks import Marks
from proxy.sip.hop import UDP, Hop

KIND: Final = Struct(">B")
READ: Final = 0  # a datagram of a shared address
HEARD: Final = 1  # a message that a connection of the sender brought
SAY: Final = 2  # to be sent on a connection of the receiver
UNSAID: Final = 3  # it could not be
WORDS: Final = 4  # of one ledger to another
HEAD: Final = Struct(">BBHB")  # kind, listener, port of the source, length of its address
STREAM: Final = Struct(
    ">BBBHQBH"
)  # kind, transport, listener, port, connection, lengths of the address and of the names
TO: Final = Struct(">BBQ")  # kind, sender, connection
LARGEST: Final = 1 << 17
BATCH: Final = 64
WAITING_MOST: Final = 4096
REMEMBERED_MOST: Final = 65536
BUFFER: Final = 4 << 20
NO_ROOM: Final = "handover full"


class Around(Protocol):
    """What stands around the engine; `transports.Transports` is one."""

    def fed(self, data: bytes, source: Hop) -> None:
        """One message out of turn: feed it, carry out what is ordered, arm the timer."""

    def undelivered(self, data: bytes) -> None:
        """This message reached nobody."""


class Connections(Protocol):
    """The connections of one worker; `streams.Streams` has them."""

    def say(self, connection: int, data: bytes) -> bool:
        """Send it on this connection; False when that is gone."""


def pair() -> tuple[socket.socket, socket.socket]:
    """The end that a worker reads and the one that the others write. Raises OSError."""
    read, write = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in (read, write):
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    return read, write


@final
class Handover:
    """The ways from worker `number` to each other one: `doors` by their numbers, `inbox` its own. It owns the sockets."""

    def __init__(self, number: int, inbox: socket.socket, doors: Sequence[socket.socket], around: Around) -> None:
        self.hops = 0
        self.connections: Connections | None = None
        self.told: Callable[[bytes], None] | None = None  # who gets the words of other ledgers
        self.number: Final = number
        self._inbox: Final = inbox
        self._doors: Final = tuple(doors)
        self._around: Final = around
        self._waiting: Final[dict[int, deque[bytes]]] = {}
        self._sources: Final[dict[tuple[int, str, int], Hop]] = {}
        self._loop: Final = asyncio.get_running_loop()
        self._loop.add_reader(inbox, self._readable)

    def close(self) -> None:
        """Read and write no more."""
        self._loop.remove_reader(self._inbox)
        for worker in self._waiting:
            self._loop.remove_writer(self._doors[worker])
        for end in (self._inbox, *self._doors):
            end.close()

    def pass_on(self, owner: int, data: bytes, source: Hop) -> bool:
        """Give the message to its owner, or keep it until there is room; False: there is none, and it is lost."""
        host = source.host.encode("ascii")
        if source.reliable:
            names = source.peer.encode("utf-8")
            head = STREAM.pack(
                HEARD, source.transport, source.listener, source.port, source.connection, len(host), len(names)
            )
            return self._put(owner, head + host + names + data)
        return self._put(owner, HEAD.pack(READ, source.listener, source.port, len(host)) + host + data)

    def say(self, connection: int, data: bytes) -> bool:
        """Send the message on a connection of another worker; False when it is none, or there is no room."""
        worker = worker_of(connection)
        if worker == self.number or worker >= len(self._doors):
            return False
        return self._put(worker, TO.pack(SAY, self.number, connection) + data)

    def tell(self, worker: int, text: bytes) -> bool:
        """Give these words to the ledger of another worker; False when there is no room."""
        return self._put(worker, KIND.pack(WORDS) + text)

    def _put(self, owner: int, note: bytes) -> bool:
        waiting = self._waiting.get(owner)
        if waiting is not None:
            if len(waiting) >= WAITING_MOST:
                return False
            waiting.append(note)
        elif not self._sent(owner, note):
            self._waiting[owner] = deque((note,))
            self._loop.add_writer(self._doors[owner], self._writable, owner)
        self.hops += 1
        return True

    def _sent(self, owner: int, note: bytes) -> bool:
        try:
            self._doors[owner].send(note)
        except (BlockingIOError, InterruptedError):
            return False
        return True

    def _writable(self, owner: int) -> None:
        waiting = self._waiting[owner]
        while waiting:
            if not self._sent(owner, waiting[0]):
                return
            waiting.popleft()
        del self._waiting[owner]
        self._loop.remove_writer(self._doors[owner])

    def _readable(self) -> None:
        for _ in range(BATCH):
            try:
                note = self._inbox.recv(LARGEST)
            except (BlockingIOError, InterruptedError):
                return
            self._taken(note)

    def _taken(self, note: bytes) -> None:
        """One note of another worker."""
        kind = note[0]
        if kind == READ:
            _, listener, port, length = HEAD.unpack_from(note)
            begin = HEAD.size + length
            self._around.fed(note[begin:], self._source(listener, note[HEAD.size : begin].decode("ascii"), port))
        elif kind == HEARD:
            _, transport, listener, port, connection, length, named = STREAM.unpack_from(note)
            begin = STREAM.size + length
            host, names = note[STREAM.size : begin].decode("ascii"), note[begin : begin + named].decode("utf-8")
            self._around.fed(note[begin + named :], Hop(transport, host, port, listener, connection, "", names))
        elif kind == SAY:
            _, sender, connection = TO.unpack_from(note)
            data = note[TO.size :]
            if self.connections is None or not self.connections.say(connection, data):
                self._put(sender, KIND.pack(UNSAID) + data)
        elif kind == WORDS and self.told is not None:
            self.told(note[KIND.size :])
        elif kind == UNSAID:
            self._around.undelivered(note[KIND.size :])

    def _source(self, listener: int, host: str, port: int) -> Hop:
        """The hop of that source: the same object each time, as `udp` does it."""
        known = self._sources.get((listener, host, port))
        if known is None:
            if len(self._sources) >= REMEMBERED_MOST:
                self._sources.clear()
            known = self._sources[listener, host, port] = Hop(UDP, host, port, listener)
        return known


def first_connection(worker: int, now: float) -> int:
    """The number before that of the first connection of this process: none comes twice, whoever had the place before."""
    return worker << 52 | (int(now * 1000) & 0xFFFFFFFF) << 20


def worker_of(connection: int) -> int:
    """Whose connection that is."""
    return connection >> 52


@final
class Sorter:
    """Stands before the engine at an address that workers share: what is another's goes to him.

    Of what `streams` bring, only what carries the mark of another: a new call stays where its connection is.
    """

    def __init__(self, engine: Feed, marks: Marks, handover: Handover, streams: bool = False) -> None:
        self.counters: Final = engine.counters
        self._receive: Final = engine.receive
        self._owner: Final = marks.marked if streams else marks.owner
        self._handover: Final = handover
        self._number: Final = handover.number

    def receive(self, data: bytes, source: Hop, now: float, epoch: float) -> None:
        """One message."""
        owner = self._owner(data)
        if owner == self._number or owner < 0:
            self._receive(data, source, now, epoch)
        elif not self._handover.pass_on(owner, data, source):
            self.counters.count_drop(NO_ROOM)
