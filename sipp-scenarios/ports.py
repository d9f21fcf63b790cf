"""Free ports for what a test, a play or a measurement starts.

Between the choice of a port and the moment when a program binds it, nobody else must get it. So ports come from below the
range that the kernel takes the ports of outgoing connections and of `bind` to port 0 from; each process has a block of
them to itself, as long as it lives; and a port is given only when UDP and TCP of IPv4 and IPv6 can be bound there.

A block is held by a name in the abstract space of Unix sockets, which belongs to the same network as the ports and goes
with the process. Where all blocks are held, a process shares a random one.
"""

from __future__ import annotations

import errno
import os
import random
import socket
import threading
from pathlib import Path

FIRST, LAST = 16_000, 31_999
"""Asked for by no usual service in numbers; nothing here comes near the kernel's own range, which starts at 32768."""
BLOCK = 500
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_PLACES = [
    (family, kind, host)
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))  # noqa: S104 - bound to nothing but a look
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
]


def is_free(port: int) -> bool:
    """Whether nobody on this machine holds the port, on any address, over UDP or TCP."""
    for family, kind, host in _PLACES:
        try:
            with socket.socket(family, kind) as tried:
                if family == socket.AF_INET6:
                    tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                tried.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:  # anything else: there is no IPv6 here
                return False
    return True


def blocks() -> list[int]:
    """The first ports of the blocks that the kernel takes nothing from; all where it takes from everywhere."""
    everything = list(range(FIRST, LAST + 1, BLOCK))
    try:
        low, high = map(int, _EPHEMERAL.read_text(encoding="ascii").split())
    except OSError:
        return everything
    return [first for first in everything if first + BLOCK <= low or first > high] or everything


class Ports:
    """The ports of one process. Safe for threads."""

    def __init__(self) -> None:
        chance = random.SystemRandom()
        self._lock = threading.Lock()
        self._name = -1
        self.first = self._held(chance.sample(found := blocks(), len(found)))
        """Of the block."""
        self._next = chance.randrange(BLOCK)

    def _held(self, candidates: list[int]) -> int:
        """The first block that is nobody's, ours now; else the first."""
        for first in candidates:
            name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                name.bind(f"\0npv-ports-{first}")
            except OSError:
                name.close()
            else:
                self._name = name.detach()  # stays open as long as the process
                return first
        return candidates[0]

    def close(self) -> None:
        """Leave the block to others."""
        if self._name >= 0:
            os.close(self._name)
            self._name = -1

    def take(self, run: int = 1) -> int:
        """The first of `run` neighbouring free ports. None is given again before all others of the block were."""
        with self._lock:
            for _ in range(2 * BLOCK if run <= BLOCK else 0):
                at = self._next if self._next + run <= BLOCK else 0
                self._next = at + 1
                port = self.first + at
                if all(is_free(port + more) for more in range(run)):
                    self._next = at + run
                    return port
        raise OSError(errno.EADDRINUSE, f"no {run} free ports from {self.first} to {self.first + BLOCK - 1}")


_OURS = Ports()


def free_port(run: int = 1) -> int:
    """A port that nobody holds and that only this process is given; the first of `run` neighbours of that kind.

    Raises OSError when there is none.
    """
    return _OURS.take(run)
