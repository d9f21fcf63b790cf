"""All SIP listeners of the process: opened together, shown new certificates by a reload, closed together.

UDP ports and the doors of streams, in the order of the configuration, which is their number in a `Hop`.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from socket import SOCK_DGRAM, SOCK_STREAM, socket
from typing import Final, final

from proxy.b2bua.trunks import CarrierTrunk, TlsClient
from proxy.runtime.acceptor import Acceptor, listening_socket
from proxy.runtime.handover import Handover, first_connection
from proxy.runtime.held_sockets import HeldSockets
from proxy.runtime.listen_settings import Listening
from proxy.runtime.stream_counts import StreamCounts
from proxy.runtime.stream_trust import trust_of
from proxy.runtime.streams import Streams
from proxy.runtime.tasks import Tasks
from proxy.runtime.tls import server_context
from proxy.runtime.transports import Transports
from proxy.runtime.udp import Feed, UdpPort, bound_socket
from proxy.sip.hop import UDP

LAST_WORDS: Final = 1.0  # s for streams to take them

Told = Callable[[Listening], AbstractContextManager[None]]


@final
class SipPorts:
    """The listeners around `transports`. `say` tells the operator one line."""

    def __init__(
        self,
        listeners: tuple[Listening, ...],
        transports: Transports,
        counts: StreamCounts,
        tasks: Tasks,
        say: Callable[[str], None],
    ) -> None:
        self.counts: Final = counts
        self.transports: Final = transports
        self._listeners: Final = listeners
        self._tasks: Final = tasks
        self._say: Final = say
        self._doors: Final[dict[int, Acceptor]] = {}
        self._streams: Streams | None = None
        self._trusted: tuple[tuple[str, TlsClient], ...] = ()

    def open(self, told: Told, held: HeldSockets, feed: Callable[[Listening], Feed | None] | None = None) -> None:
        """Take every address, from `held` where it is there; an OSError of a listener is raised within `told` of it.

        `feed` says what stands before the engine at a UDP listener, where it is not the engine itself."""
        ways = self.transports.ways
        ports: dict[int, UdpPort] = {}
        try:
            for number, one in enumerate(self._listeners):
                with told(one):
                    if one.transport == UDP:
                        bound = held.take(SOCK_DGRAM, one.address) or bound_socket(*one.address)
                        ports[number] = UdpPort(bound, self.transports, number, feed(one) if feed is not None else None)
                    else:
                        bound = held.take(SOCK_STREAM, one.address) or listening_socket(*one.address)
                        self._doors[number] = self._door(bound, number, one)
        except BaseException:
            for port in ports.values():
                port.close()
            for door in self._doors.values():
                door.close()
            raise
        for place in held.left():
            self._say(f"no listener for the socket {place} that was handed over: it is given back")
        streams = self._streams = Streams(self.transports, tuple(self._doors.values()), self.counts, self._tasks)
        ways.extend(ports.get(number, streams) for number in range(len(self._listeners)))

    def _door(self, bound: socket, number: int, one: Listening) -> Acceptor:
        return Acceptor(
            bound,
            number,
            one.transport,
            idle=float(one.idle),
            most=one.most_connections,
            largest=one.largest_message,
            context=_context(one),
        )

    def use_listeners(self, listeners: tuple[Listening, ...]) -> None:
        """Show the certificates that the files hold now to everybody who connects from now on; `use_carriers` is next."""
        self._trusted = ()
        for number, door in self._doors.items():
            try:
                door.context = _context(listeners[number])
            except ValueError as wrong:  # the file was right a moment ago
                self._say(f"the listener `{listeners[number].name}` keeps its certificate: expected {wrong}")

    def use_carriers(self, carriers: Sequence[CarrierTrunk], folder: Path) -> None:
        """Judge carriers by these TLS settings from now on; relative files lie in `folder`."""
        wanted = tuple((one.name, one.tls) for one in carriers if one.transport == "tls")
        if self._streams is not None and wanted != self._trusted:
            self._trusted = wanted
            self._streams.trunks = trust_of(carriers, folder, self._say)

    def share(self, handover: Handover, feed: Feed) -> None:
        """Let messages on connections go to their workers too."""
        if self._streams is not None:
            handover.connections = self._streams
            self._streams.share(feed, handover, first_connection(handover.number, self._streams.time()))

    async def stop(self) -> None:
        """End calls and connections; whoever does not take his last words in time is cut off."""
        self.transports.stop()
        if self._streams is not None:
            await self._streams.gone(LAST_WORDS)


def _context(one: Listening) -> ssl.SSLContext | None:
    return server_context(one.tls) if one.tls is not None else None
