"""Many calls at once through running proxies: a platform that waits for each final answer, a carrier that ends each call.

Plain UDP sockets on the loop of the test. Each call is refused by the proxy or ended by the carrier, so that it takes
three datagrams on each side. What is lost is sent again, as RFC 3261 17.1.1 wants it.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from stage import HOST

from proxy.runtime.udp import bound_socket
from tests.ladder import Caller, Seen, reply
from tests.runtime.ends import Site

T1: Final = 0.5
LONGEST: Final = 60.0  # s that one call may take


@dataclass
class Placed:
    """One call of the platform, and all that came back."""

    caller: Caller
    account: str
    begun: float
    took: float = 0.0
    status: int = 0
    rule: str = ""
    finals: set[bytes] = field(default_factory=set)


class Platform(asyncio.DatagramProtocol):
    """The callers of one proxy. `first` keeps the names of its calls apart from those of another platform."""

    def __init__(self, site: Site, first: int = 0) -> None:
        self.proxy: Final = (HOST, site.sip)
        self.placed: Final[dict[str, Placed]] = {}
        self._next = first
        self._waiting: Final[dict[str, asyncio.Future[None]]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> Platform:
        """On a free port."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=bound_socket(HOST, 0))
        return self

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _send(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(data, self.proxy)

    async def call(self, person: str, account: str = "acme", extra: Sequence[str] = ()) -> Placed:
        """Call until there is a final answer; without one the status stays 0."""
        loop = asyncio.get_running_loop()
        self._next += 1
        caller = Caller(self._next, called=person)
        placed = self.placed[caller.call_id] = Placed(caller, account, loop.time())
        final = self._waiting[caller.call_id] = loop.create_future()
        invite = caller.invite(account=account, extra=extra)
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                while not final.done():
                    self._send(invite)
                    await asyncio.wait([final], timeout=T1)
        placed.took = loop.time() - placed.begun
        return placed

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """An answer; a final one is acknowledged each time it comes."""
        if data.startswith(b"SIP/2.0 1"):
            return
        seen = Seen("a", data, 0.0)
        placed = self.placed[seen.header("call-id")]
        self._send(placed.caller.ack_failure(seen))
        placed.finals.add(data)
        placed.status, placed.rule = seen.message.status, seen.header("warning")
        final = self._waiting[seen.header("call-id")]
        if not final.done():
            final.set_result(None)


class Carrier(asyncio.DatagramProtocol):
    """Ends each call with the status that `ending` names for it; `reached` is who was called how often with which end."""

    def __init__(self, site: Site, ending: Callable[[int], int]) -> None:
        self.reached: Final[Counter[tuple[str, int]]] = Counter()
        self._port: Final = site.carrier
        self._ending: Final = ending
        self._calls: Final[dict[str, int]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> Carrier:
        """On the port that the proxy knows."""
        loop = asyncio.get_running_loop()
        opened: socket.socket = bound_socket(HOST, self._port)
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=opened)
        return self

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A repeated INVITE gets the same answer and is the same call."""
        if not data.startswith(b"INVITE "):
            return
        seen = Seen("b", data, 0.0)
        name = seen.header("call-id")
        if name not in self._calls:
            self._calls[name] = self._ending(len(self._calls))
            person = seen.start.partition("sip:")[2].partition("@")[0].partition(";")[0]
            self.reached[person, self._calls[name]] += 1
        assert self._transport is not None
        self._transport.sendto(reply(seen, self._calls[name], tag="btag"), addr)
