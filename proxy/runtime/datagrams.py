"""Reading and writing of datagrams: compiled from C where the package was built with a compiler, else by socket objects.

The compiled half (`datagrams.c`) reads up to 16 datagrams with one system call and looks their sources up without
making text of them: reading one costs half of what it costs by a socket object. Both halves do the same, and the tests
are played on both.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, TypeAlias, final

from proxy.sip.hop import Hop
from proxy.sip.wire import Send

try:
    from proxy.runtime import _datagrams
except ImportError:  # built where nothing could be compiled, or run from its sources
    COMPILED = False
else:
    COMPILED = True

LARGEST: Final = 65535
REMEMBERED_MOST: Final = 65536

Met: TypeAlias = Callable[[str, int], Hop]
Read: TypeAlias = list[tuple[bytes, Hop]]


class Datagrams(Protocol):
    """One bound socket that does not block."""

    def receive(self, most: int) -> Read:
        """At most so many datagrams that wait, with their sources. Raises OSError, which is that of an earlier send."""
        ...

    def send(self, order: Send) -> None:
        """Send one. Raises BlockingIOError when there is no room, OSError or OverflowError when it cannot be sent."""


@final
class ByObject:
    """By the methods of a socket object."""

    def __init__(self, bound: socket.socket, met: Met) -> None:
        self._socket: Final = bound
        self._met: Final = met
        self._hops: Final[dict[tuple[str, int], Hop]] = {}

    def receive(self, most: int) -> Read:
        """See `Datagrams`."""
        receive, hops, found = self._socket.recvfrom, self._hops, Read()
        try:
            while len(found) < most:
                data, source = receive(LARGEST)
                hop = hops.get(source)
                if hop is None:
                    if len(hops) >= REMEMBERED_MOST:
                        hops.clear()
                    hop = hops[source] = self._met(source[0], source[1])
                found.append((data, hop))
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            if not found:
                raise
        return found

    def send(self, order: Send) -> None:
        """See `Datagrams`."""
        self._socket.sendto(order.data, (order.hop.host, order.hop.port))


@final
class Compiled:
    """By `datagrams.c`; an address that is not written plainly (with a zone, say) goes by the socket object."""

    def __init__(self, bound: socket.socket, met: Met) -> None:
        descriptor = bound.fileno()
        self._hops: Final[dict[bytes, Hop]] = {}
        # functions of C themselves: one of Python around them would cost as much as they do
        self.receive: Final[Callable[[int], Read]] = partial(
            _datagrams.receive, descriptor, self._hops, met, REMEMBERED_MOST
        )
        self.send: Final[Callable[[Send], None]] = partial(_datagrams.send, descriptor, ByObject(bound, met).send)


def datagrams(bound: socket.socket, met: Met) -> Datagrams:
    """The faster of those that are here; `met` makes the hop of a source that is new."""
    return Compiled(bound, met) if COMPILED else ByObject(bound, met)
