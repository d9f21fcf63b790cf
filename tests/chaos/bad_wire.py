"""A wire between two SIP peers that loses, doubles and holds up datagrams; what it does is a function of its seed.

One thread, two sockets: what comes to the front is sent on from the back, and answers the other way. Datagrams that are held
up are overtaken by later ones.
"""

from __future__ import annotations

import heapq
import random
import selectors
import socket
import threading
import time
from types import TracebackType

from stage import HOST

ROOM = 8 << 20


class BadWire:
    """Open within the block: `front` is the port in place of the peer's. Shares are of 1."""

    def __init__(self, peer: int, seed: int, lost: float, doubled: float, late: float, latest: float = 0.05) -> None:
        self.peer = (HOST, peer)
        self.lost = self.doubled = self.late = self.carried = 0
        self._shares = (lost, doubled, late)
        self._latest = latest
        self._chance = random.Random(seed)
        self._front, self._back = _socket(), _socket()
        self.front: int = self._front.getsockname()[1]
        self._caller: tuple[str, int] | None = None
        self._waiting: list[tuple[float, int, socket.socket, bytes, tuple[str, int]]] = []
        self._number = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> BadWire:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._front.close()
        self._back.close()

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._front, selectors.EVENT_READ)
            selector.register(self._back, selectors.EVENT_READ)
            while not self._over.is_set():
                pause = max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else 0.1
                for key, _ in selector.select(min(pause, 0.1)):
                    self._take(self._front if key.fileobj is self._front else self._back)
                self._send_due()

    def _take(self, came: socket.socket) -> None:
        for _ in range(64):
            try:
                data, source = came.recvfrom(65_535)
            except BlockingIOError:
                return
            if came is self._front:
                self._caller = source
                self._pass(self._back, data, self.peer)
            elif self._caller is not None:
                self._pass(self._front, data, self._caller)

    def _pass(self, out: socket.socket, data: bytes, to: tuple[str, int]) -> None:
        lost, doubled, late = self._shares
        if self._chance.random() < lost:
            self.lost += 1
            self.carried += 1  # last of all: whoever sees it sees what became of it
            return
        copies = 1 + (self._chance.random() < doubled)
        self.doubled += copies - 1
        for _ in range(copies):
            held = self._chance.random() * self._latest if self._chance.random() < late else 0.0
            self.late += held > 0
            self._number += 1
            heapq.heappush(self._waiting, (time.monotonic() + held, self._number, out, data, to))
        self.carried += 1

    def _send_due(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            _, _, out, data, to = heapq.heappop(self._waiting)
            try:
                out.sendto(data, to)
            except BlockingIOError:
                self.lost += 1


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    made.setblocking(False)
    made.bind((HOST, 0))
    return made
