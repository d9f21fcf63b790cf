"""What both ends of a load sent and got, kept in memory: the newest datagrams on the loopback interface, by the kernel's clock.

Kept are so many bytes; what is older is forgotten. It needs root (CAP_NET_RAW); without, nothing is kept.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from tests.bench.tap import IPV4, TIMESTAMPS, stamped

UDP = 17
BUFFER_FORCE = 33
"""SO_RCVBUFFORCE: a busy machine reads late, and should lose nothing by it."""
LARGEST = 65535
MOST = 256 << 20
CALL_ID = re.compile(rb"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Datagram:
    """One, with the instant at which it came (UTC epoch seconds), and the ports that it went from and to."""

    at: float
    source: int
    target: int
    data: bytes

    @property
    def call_id(self) -> bytes:
        """Empty when it has none."""
        found = CALL_ID.search(self.data)
        return found[1] if found else b""


def datagram(packet: bytes, at: float) -> Datagram | None:
    """What is in an IPv4 packet; None: no whole datagram."""
    start = (packet[0] & 15) * 4 if packet else 0
    if len(packet) < max(start, 20) + 8 or packet[9] != UDP:
        return None
    source, target, length = struct.unpack_from("!HHH", packet, start)
    return Datagram(at, source, target, packet[start + 8 : start + length])


class Capture:
    """Open within the block. Kept is what comes from `ports` or goes to them; more of them may be added."""

    def __init__(self, ports: Iterable[int], most: int = MOST) -> None:
        self.ports = set(ports)
        self.missing = ""
        """Why nothing is kept."""
        self._most = most
        self._held = 0
        self._kept: deque[Datagram] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._socket: socket.socket | None = None

    def __enter__(self) -> Capture:
        try:
            self._socket = opened = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        except PermissionError:
            self.missing = "packets may not be read here (root)"
            return self
        with suppress(PermissionError):
            opened.setsockopt(socket.SOL_SOCKET, BUFFER_FORCE, 32 << 20)
        opened.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
        opened.settimeout(0.2)
        opened.bind(("lo", IPV4))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._socket is not None:
            self._socket.close()

    def _listen(self) -> None:
        if self._socket is None:
            return
        for packet, seconds, nanoseconds in stamped(self._socket, self._over, LARGEST):
            self.keep(datagram(packet, seconds + nanoseconds / 1e9))

    def keep(self, found: Datagram | None) -> None:
        """One more, if it is of these ports; the oldest go when there is no room."""
        if found is None or (found.source not in self.ports and found.target not in self.ports):
            return
        self._kept.append(found)
        self._held += len(found.data)
        while self._held > self._most:
            self._held -= len(self._kept.popleft().data)

    def kept(self) -> list[Datagram]:
        """All of them, in order."""
        return sorted(self._kept.copy(), key=lambda one: one.at)
