"""The door of one TCP or TLS listener: takes connections, shakes hands, and counts whom it turns away.

Each connection is welcomed in a task of its own, so that a slow handshake holds up nobody; those that are still shaking
hands count among the most that may be open.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Final, final

from proxy.runtime import stream_counts as why
from proxy.runtime.stream import Owner, Stream, keep_alive
from proxy.runtime.stream_counts import INBOUND, StreamCounts
from proxy.runtime.tasks import Tasks
from proxy.runtime.tls import failure
from proxy.sip.hop import Hop

HANDSHAKE_MOST: Final = 5.0  # s
ACCEPTED_AT_ONCE: Final = 32
BACKLOG: Final = 512


@final
class Acceptor:
    """One listening socket, which it owns. `idle`, `most` and `largest` are its limits; `context` may be exchanged."""

    def __init__(
        self, bound: socket.socket, number: int, transport: int, *, idle: float, most: int, largest: int,
        context: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self.number: Final = number
        self.transport: Final = transport
        self.idle: Final = idle
        self.most: Final = most
        self.largest: Final = largest
        self.context = context
        self.family: Final = bound.family
        self.host: Final[str] = bound.getsockname()[0]
        self.inside = 0  # connections that are open or shake hands
        self._bound: Final = bound
        self._loop: Final = asyncio.get_running_loop()
        self._owner: Owner | None = None
        self._counts: StreamCounts | None = None
        self._tasks: Tasks | None = None

    def start(self, owner: Owner, counts: StreamCounts, tasks: Tasks) -> None:
        """Take connections from now on, for `owner`."""
        self._owner, self._counts, self._tasks = owner, counts, tasks
        self._loop.add_reader(self._bound, self._accept)

    def close(self) -> None:
        """Take no more, and give the address back."""
        self._loop.remove_reader(self._bound)
        self._bound.close()

    def _accept(self) -> None:
        if self._owner is None or self._counts is None or self._tasks is None:
            return
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                opened, address = self._bound.accept()
            except OSError:  # nobody more, or nobody whom the system has room for
                return
            if self.inside >= self.most:
                self._counts.fail(self.number, INBOUND, why.TOO_MANY)
                opened.close()
                continue
            self.inside += 1
            hop = Hop(self.transport, address[0], address[1], self.number)
            self._tasks.spawn(
                self._welcome(opened, Stream(self._owner, hop, INBOUND, self.largest), self._counts), "accept"
            )

    async def _welcome(self, opened: socket.socket, stream: Stream, counts: StreamCounts) -> None:
        """Shake hands; a peer that does not is counted and let go."""
        reason = why.STOPPED
        try:
            opened.setblocking(False)
            keep_alive(opened)
            timeout = HANDSHAKE_MOST if self.context is not None else None
            await self._loop.connect_accepted_socket(
                lambda: stream, opened, ssl=self.context, ssl_handshake_timeout=timeout
            )
            reason = ""
        except OSError as error:
            reason = refusal(error)
        finally:
            if reason:
                self.inside -= 1
                counts.fail(self.number, INBOUND, reason)
                opened.close()


def refusal(error: OSError) -> str:
    """Why a connection did not come to be, in the words of the counters."""
    if isinstance(error, ssl.SSLError):
        return failure(error)
    if isinstance(error, TimeoutError) or "longer than" in str(error):
        return why.TIMEOUT
    return why.REFUSED if isinstance(error, ConnectionError) else why.NO_ROUTE


def listening_socket(host: str, port: int) -> socket.socket:
    """A listening socket that never blocks. Raises OSError when the address cannot be had."""
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in host:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((host, port))
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened
