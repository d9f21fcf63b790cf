"""One hop: over which transport, from which of our listeners and on which connection a peer is reached.

A `Hop` says where a message came from and where one is to go. The runtime makes one for each source and uses it again,
so that whoever holds the same object holds the same peer; b2bua makes others when a message names another place. What
lies behind `connection` (a socket, a queue) only the runtime knows.
"""

from __future__ import annotations

from typing import Final, final

UDP: Final = 0
TCP: Final = 1
TLS: Final = 2
TRANSPORTS: Final = ("udp", "tcp", "tls")  # by number, as configuration and metrics write them
VIA_NAMES: Final = (b"UDP", b"TCP", b"TLS")
URI_PARAMETERS: Final = (b"", b";transport=tcp", b";transport=tls")  # current practice instead of sips (RFC 5630 3.1.4)


@final
class Hop:
    """One way to or from a peer.

    `host` is an IP address without brackets, `listener` the index of the listener it came in by or goes out by.
    `connection` is the id of a stream, 0 when there is none yet: then one that is open to the same place is used, or
    a new one is opened; one that has gone is replaced in the same way (RFC 3261 18.2.2). `trunk` names whose TLS
    settings hold for a stream that we open; `peer` holds the names that a peer proved by its certificate, comma-joined.
    """

    __slots__ = (
        "transport",
        "host",
        "port",
        "listener",
        "connection",
        "trunk",
        "peer",
        "reliable",
        "beside",
        "_text",
        "_mark",
    )

    def __init__(
        self, transport: int, host: str, port: int, listener: int = 0, connection: int = 0, trunk: str = "",
        peer: str = "",
    ) -> None:  # fmt: skip
        self.transport: Final = transport
        self.host: Final = host
        self.port: Final = port
        self.listener: Final = listener
        self.connection: Final = connection
        self.trunk: Final = trunk
        self.peer: Final = peer
        self.reliable: Final = transport != UDP
        self.beside: Hop | None = None  # where `to` led the last time: calls of one peer share what they can
        self._text = self._mark = b""

    def text(self) -> bytes:
        """All of it in one line but the connection, for whoever writes it down (`hop_of` reads it)."""
        if not self._text:
            said = f"{self.transport}\t{self.listener}\t{self.port}\t{self.host}\t{self.trunk}\t{self.peer}"
            self._text = said.encode("utf-8")
        return self._text

    def mark(self) -> bytes:
        """What a Via gets behind it that came this way and asked for it (RFC 3261 18.2.1, RFC 3581 4)."""
        if not self._mark:
            self._mark = b";rport=%d;received=%b" % (self.port, self.host.encode("ascii"))
        return self._mark

    def to(self, host: str, port: int) -> Hop:
        """The same way to another place of the peer; its connection is kept while the host stays (RFC 5923)."""
        if port == self.port and host == self.host:
            return self
        beside = self.beside
        if beside is not None and port == beside.port and host == beside.host:
            return beside
        if host == self.host:
            beside = Hop(self.transport, host, port, self.listener, self.connection, self.trunk, self.peer)
        else:
            beside = Hop(self.transport, host, port, self.listener, 0, self.trunk, "")
        self.beside = beside
        return beside

    def of(self, trunk: str) -> Hop:
        """The same way, known to be that of a trunk."""
        return Hop(self.transport, self.host, self.port, self.listener, self.connection, trunk, self.peer)

    def same_place(self, other: Hop) -> bool:
        """Do both lead to the same transport, host and port?"""
        return self.port == other.port and self.host == other.host and self.transport == other.transport


def hop_of(text: bytes) -> Hop:
    """What `Hop.text` wrote; it has no connection yet. Whoever reads the same gets the same. Raises ValueError."""
    known = _READ.get(text)
    if known is None:
        transport, listener, port, host, trunk, peer = text.decode("utf-8").split("\t")
        if len(_READ) >= _READ_MOST:
            _READ.clear()
        known = _READ[text] = Hop(int(transport), host, int(port), int(listener), 0, trunk, peer)
    return known


_READ: Final[dict[bytes, Hop]] = {}
_READ_MOST: Final = 4096


def default_port(transport: int) -> int:
    """Where a peer listens that names no port (RFC 3261 19.1.2)."""
    return 5061 if transport == TLS else 5060
