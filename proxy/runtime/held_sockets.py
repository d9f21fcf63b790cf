"""Sockets that whoever starts us keeps open, so that a restart or a crash loses no datagram.

A service manager binds the addresses and hands them over as files from 3 on (systemd's socket activation: `LISTEN_PID`,
`LISTEN_FDS`). It keeps them while there is no process of ours: what arrives meanwhile waits in the kernel, whose buffers
the manager sizes, and the next process reads it. A listener takes the socket that is bound to its address, and binds one
of its own when there is none.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, MutableMapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, final

from proxy.runtime.addresses import Endpoint
from proxy.runtime.needs import shown

FIRST: Final = 3
MOST: Final = 1024

Place = tuple[int, IPv4Address | IPv6Address, int]  # kind of socket, address, port


@final
class HeldSockets:
    """The sockets that were handed over and that no listener has taken yet."""

    def __init__(self, environ: MutableMapping[str, str], process: int, first: int = FIRST) -> None:
        """Take what `environ` says is meant for `process`, and say it to nobody again: a child must not take it too."""
        self._free: Final[dict[Place, list[socket.socket]]] = {}
        meant, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
        environ.pop("LISTEN_FDNAMES", None)
        if meant != str(process) or not count.isdecimal():
            return
        self.put(range(first, first + min(int(count), MOST)))

    def put(self, numbers: Iterable[int]) -> None:
        """Take these files as well."""
        for number in numbers:
            opened = _taken(number)
            if opened is not None:
                self._free.setdefault(_place(opened), []).append(opened)

    def take(self, kind: int, address: Endpoint) -> socket.socket | None:
        """A socket of this kind (`SOCK_DGRAM`, `SOCK_STREAM`) at `address`, for the caller to own; None: there is none.

        Of several at one address, in the order in which they were handed over."""
        place = (kind, ip_address(address.host), address.port)
        there = self._free.get(place)
        if not there:
            return None
        found = there.pop(0)
        if not there:
            del self._free[place]
        return found

    def left(self) -> Iterator[str]:
        """Give the others back, each told as it is written in the file: who holds them on would swallow what arrives."""
        while self._free:
            (kind, host, port), all_opened = self._free.popitem()
            for opened in all_opened:
                opened.close()
            yield f"{'udp' if kind == socket.SOCK_DGRAM else 'stream'} {shown(Endpoint(str(host), port))}"


def handed_over() -> HeldSockets:
    """Those that are meant for this process."""
    return HeldSockets(os.environ, os.getpid())


def inherited(numbers: Iterable[int]) -> HeldSockets:
    """Those that a supervisor hands to its worker by their numbers."""
    held = HeldSockets({}, 0)
    held.put(numbers)
    return held


def _taken(number: int) -> socket.socket | None:
    """The file as a socket of IP, which no child inherits; None for any other."""
    try:
        os.set_inheritable(number, False)
        opened = socket.socket(fileno=number)
    except OSError:
        return None
    if opened.family not in (socket.AF_INET, socket.AF_INET6):
        opened.close()
        return None
    opened.setblocking(False)
    return opened


def _place(opened: socket.socket) -> Place:
    host, port = opened.getsockname()[:2]
    return opened.type, ip_address(host), port
