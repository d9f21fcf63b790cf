"""Messages that one worker read and another owns, passed on by one hop over Unix datagram sockets.

The supervisor makes a pair of sockets for each worker and keeps both ends open: what is sent to a worker that is gone
waits there for its successor. A datagram goes with its source address and the listener that it came in by, so that the
owner answers as if it had read it, through its own file of the same public address. Who gets a message by this way keeps
it: there is never a second hop. What a full socket does not take waits here, bounded; what finds no room is counted.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Sequence
from struct import Struct
from typing import Final, Protocol, final

from proxy.runtime.udp import Feed
from proxy.runtime.worker_marks import Marks
from proxy.sip.hop import UDP, Hop

HEAD: Final = Struct(">BHB")  # listener, port of the source, length of its address
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
        note = HEAD.pack(source.listener, source.port, len(host)) + host + data
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
            listener, port, length = HEAD.unpack_from(note)
            begin = HEAD.size + length
            self._around.fed(note[begin:], self._source(listener, note[HEAD.size : begin].decode("ascii"), port))

    def _source(self, listener: int, host: str, port: int) -> Hop:
        """The hop of that source: the same object each time, as `udp` does it."""
        known = self._sources.get((listener, host, port))
        if known is None:
            if len(self._sources) >= REMEMBERED_MOST:
                self._sources.clear()
            known = self._sources[listener, host, port] = Hop(UDP, host, port, listener)
        return known


@final
class Sorter:
    """Stands before the engine at an address that workers share: what is another's goes to him."""

    def __init__(self, engine: Feed, marks: Marks, handover: Handover) -> None:
        self.counters: Final = engine.counters
        self._receive: Final = engine.receive
        self._owner: Final = marks.owner
        self._handover: Final = handover
        self._number: Final = handover.number

    def receive(self, data: bytes, source: Hop, now: float, epoch: float) -> None:
        """One message."""
        owner = self._owner(data)
        if owner == self._number:
            self._receive(data, source, now, epoch)
        elif not self._handover.pass_on(owner, data, source):
            self.counters.count_drop(NO_ROOM)
