"""One leg's dialog (RFC 3261 section 12): tags, sequence numbers, route set, remote target, and where its peer is.

A `Dialog` writes the start of every request inside it and checks the order of those received. It keeps the header
values as they go on the wire, so that building a request joins ready pieces.
"""

from __future__ import annotations

from typing import Final, final

from proxy.sip.address import parse_address, parse_uri, split_values
from proxy.sip.message import Message, ParseError


@final
class Dialog:
    """Our half of one dialog. `local` and `remote` are From/To values with their tags as we send them."""

    __slots__ = (
        "call_id", "local", "local_tag", "remote", "remote_tag", "target", "routes", "local_cseq", "remote_cseq",
        "host", "port",
    )  # fmt: skip

    def __init__(
        self, call_id: bytes, local: bytes, local_tag: bytes, remote: bytes, remote_tag: bytes, host: str, port: int
    ) -> None:
        self.call_id: Final = call_id
        self.local: Final = local
        self.local_tag: Final = local_tag
        self.remote = remote
        self.remote_tag = remote_tag
        self.target = b""
        self.routes: tuple[bytes, ...] = ()
        self.local_cseq = 0
        self.remote_cseq = -1
        self.host = host
        self.port = port

    def next_cseq(self) -> int:
        """The number of the next request that we send."""
        self.local_cseq += 1
        return self.local_cseq

    def accept_cseq(self, number: int) -> bool:
        """Is a request with this number in order (RFC 3261 12.2.2)? If so it is remembered."""
        if number < self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def refresh_target(self, message: Message) -> None:
        """Take the Contact of a target refresh (INVITE, UPDATE and their 1xx and 2xx; RFC 3261 12.2.1.2)."""
        contact = message.first(b"contact")
        if contact:
            self.target = parse_address(split_values(contact)[0]).uri.raw
            self._find_peer()

    def learn_routes(self, message: Message, reverse: bool) -> None:
        """Take the route set from Record-Route: `reverse` for the answering side's view (RFC 3261 12.1)."""
        if not message.has(b"record-route"):
            return
        routes = []
        for value in message.all(b"record-route"):
            routes += split_values(value)
        if reverse:
            routes.reverse()
        self.routes = tuple(routes)
        self._find_peer()

    def _find_peer(self) -> None:
        """Send to the first route or the target when it is an IP address; else to where the peer sent from."""
        uri = parse_address(self.routes[0]).uri if self.routes else parse_uri(self.target)
        host = uri.host.decode("latin-1")
        if is_ip_address(host):
            self.host = host
            self.port = uri.port or 5060

    def start_line(self, method: bytes) -> bytes:
        """The request line, with the remote target, or with a strict router's URI (RFC 3261 12.2.1.1)."""
        if self.routes and b";lr" not in self.routes[0].lower():
            return method + b" " + parse_address(self.routes[0]).uri.raw + b" SIP/2.0"
        return method + b" " + self.target + b" SIP/2.0"

    def lines(self, cseq: int, method: bytes) -> list[bytes]:
        """From, To, Call-ID, CSeq and Route lines of a request inside this dialog."""
        out = [
            b"From: " + self.local,
            b"To: " + self.remote,
            b"Call-ID: " + self.call_id,
            b"CSeq: %d %b" % (cseq, method),
        ]
        if self.routes:
            routes = self.routes
            if b";lr" not in routes[0].lower():
                routes = (*routes[1:], b"<" + self.target + b">")
            for route in routes:
                out.append(b"Route: " + route)
        return out


def is_ip_address(host: str) -> bool:
    """Is this an IPv4 or IPv6 literal (brackets removed)? Names are not looked up on the call path."""
    if ":" in host:
        return all(letter in "0123456789abcdefABCDEF:." for letter in host)
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() and len(part) <= 3 and int(part) < 256 for part in parts)


def read_tag(message: Message) -> bytes:
    """The To tag of a response that makes a dialog. Raises ParseError when it has none (RFC 3261 12.1.2)."""
    if not message.to_tag:
        raise ParseError(0, "tag", "expected a To tag in a response that makes a dialog")
    return message.to_tag
