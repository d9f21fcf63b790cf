"""When INVITEs came in and left, by the clock of the kernel.

A packet socket on the loopback interface, with a filter in the kernel that lets through nothing but the head of INVITEs to
the two ports, so that the tap costs next to nothing under load. It needs root (CAP_NET_RAW).
"""

from __future__ import annotations

import ctypes
import re
import socket
import struct
import threading
from collections.abc import Iterator
from types import TracebackType

IPV4 = 0x0800
HEAD = 160  # bytes of IP, UDP and request line that are looked at
TIMESTAMPS = 35  # SO_TIMESTAMPNS
ATTACH_FILTER = 26  # SO_ATTACH_FILTER
TO_US = 0  # PACKET_HOST: loopback shows each packet twice, once on its way out
PACKET_TYPE = 0xFFFF_F000 + 4  # SKF_AD_OFF + SKF_AD_PKTTYPE
UDP = 17
_CALLED = re.compile(rb"INVITE sips?:\+?(\d+)@")


def invites_to(first: int, second: int) -> bytes:
    """The filter as a classic BPF program: INVITEs over UDP and IPv4 to one of the two ports."""
    drop = 11
    program = [
        (0x30, 0, 0, PACKET_TYPE),  # 0: A = type of the packet
        (0x15, 0, drop - 2, TO_US),
        (0x30, 0, 0, 9),  # 2: A = protocol
        (0x15, 0, drop - 4, UDP),
        (0xB1, 0, 0, 0),  # 4: X = length of the IP header
        (0x48, 0, 0, 2),  # 5: A = destination port
        (0x15, 1, 0, first),
        (0x15, 0, drop - 8, second),
        (0x40, 0, 0, 8),  # 8: A = first four bytes of the payload
        (0x15, 0, drop - 10, int.from_bytes(b"INVI", "big")),
        (0x06, 0, 0, HEAD),  # 10: keep that much
        (0x06, 0, 0, 0),  # 11: drop
    ]
    return b"".join(struct.pack("HBBI", *step) for step in program)


def called(packet: bytes) -> tuple[int, bytes] | None:
    """Destination port and called number of an INVITE, from its IP header on."""
    start = (packet[0] & 15) * 4
    found = _CALLED.match(packet, start + 8)
    return (int.from_bytes(packet[start + 2 : start + 4], "big"), found[1]) if found else None


def stamped(listening: socket.socket, over: threading.Event, most: int) -> Iterator[tuple[bytes, int, int]]:
    """Packets, `most` bytes of each, with the seconds and nanoseconds of the kernel, until it is over; the socket has a
    timeout and asks for `TIMESTAMPS`."""
    while not over.is_set():
        try:
            packet, notes, _, _ = listening.recvmsg(most, 128)
        except TimeoutError:
            continue
        for level, kind, data in notes:
            if (level, kind) == (socket.SOL_SOCKET, TIMESTAMPS):
                seconds, nanoseconds = struct.unpack("qq", data[:16])
                yield packet, seconds, nanoseconds


class Tap:
    """Open within the block. `came` and `left` hold the first instant, in ns, for each called number."""

    def __init__(self, port: int, next_port: int) -> None:
        self.came: dict[bytes, int] = {}
        self.left: dict[bytes, int] = {}
        self._port = port
        self._next = next_port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._socket: socket.socket | None = None

    def __enter__(self) -> Tap:
        """Raises PermissionError where packets may not be read."""
        self._socket = opened = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        program = ctypes.create_string_buffer(invites_to(self._port, self._next))
        steps = (len(program) - 1) // 8
        opened.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HP", steps, ctypes.addressof(program)))
        opened.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
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
        for packet, seconds, nanoseconds in stamped(self._socket, self._over, HEAD):
            found = called(packet)
            if found is not None:
                seen = self.came if found[0] == self._port else self.left
                seen.setdefault(found[1], seconds * 1_000_000_000 + nanoseconds)
