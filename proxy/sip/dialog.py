"""One leg's dialog (RFC 3261 section 12): tags, sequence numbers, route set, remote target, and where its peer is.

A `Dialog` writes the start of every request inside it and checks the order of those received. It keeps the header
values as they go on the wire, so that building a request joins ready pieces.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, final

from proxy.sip.address import parse_address, split_values
from proxy.sip.hop import Hop, default_port
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import decimal
from proxy.sip.uri import Uri, parse_uri

_ROUTES: Final = (b"sip", b"sips")
_TARGETS: Final = (b"sip", b"sips", b"tel")
_REMEMBERED_MOST: Final = 4096
_CONTACTS: Final[dict[bytes, bytes]] = {}  # Contact values that were seen, as remote targets
_PLACES: Final[dict[bytes, tuple[str, int]]] = {}  # where such targets lead: IP address, else nothing, and port


@final
class Dialog:
    """Our half of one dialog. `local` and `remote` are From/To values with their tags as we send them."""

    __slots__ = (
        "call_id", "local", "local_tag", "remote", "remote_tag", "target", "routes", "local_cseq", "remote_cseq",
        "hop",
    )  # fmt: skip

    def __init__(
        self, call_id: bytes, local: bytes, local_tag: bytes, remote: bytes, remote_tag: bytes, hop: Hop
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
        self.hop = hop

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
        """Take the Contact of a target refresh (INVITE, UPDATE and their 1xx and 2xx; RFC 3261 12.2.1.2).

        Raises ParseError 400 on a broken one and changes nothing then.
        """
        contact = message.first(b"contact")
        end = len(self.target) + 1
        if len(contact) == end + 1 and contact[1:end] == self.target and contact[:1] == b"<" and contact[end:] == b">":
            return  # the same again, as nearly always
        target = read_contact(message)
        if target:
            self.target = target
            self._find_peer()

    def learn_routes(self, message: Message, reverse: bool) -> None:
        """Take the route set from Record-Route: `reverse` for the answering side's view (RFC 3261 12.1).

        Raises ParseError 400 on a broken one and changes nothing then.
        """
        routes: list[bytes] = []
        for value in message.all(b"record-route"):
            routes += split_values(value)
        if not routes:
            return
        if reverse:
            routes.reverse()
        for route in routes:
            if b"<" not in route or parse_address(route).uri.scheme not in _ROUTES:
                raise ParseError(400, "record-route", "expected `<sip:...>` in Record-Route")
        self.routes = tuple(routes)
        self._find_peer()

    def take_answer(self, message: Message, first: bool) -> None:
        """Take the Contact of an answer, and of the `first` INVITE's also its routes (RFC 3261 13.2.2.4).

        What cannot be read changes nothing: the peer is then reached as before.
        """
        try:  # noqa: SIM105 - `suppress` is not compiled, and this is the way of every answer
            self.refresh_target(message)
        except ParseError:
            pass
        if first and b"record-route" in message.index:
            self._learn_back(message)

    def _learn_back(self, message: Message) -> None:
        with suppress(ParseError):
            self.learn_routes(message, True)

    def _find_peer(self) -> None:
        """Send to the first route or the target when it is an IP address; else to where the peer sent from.

        The transport stays the one of the leg, whatever the URI asks for.
        """
        if self.routes:
            host, port = _place_of(parse_address(self.routes[0]).uri)
        else:
            host, port = _PLACES.get(self.target) or _remember_place(self.target)
        if host:
            self.hop = self.hop.to(host, port or default_port(self.hop.transport))

    def came_by(self, source: Hop) -> None:
        """A request of the peer came over the stream `source`: ours go back on it (RFC 5923)."""
        hop = self.hop
        if hop.transport == source.transport and hop.host == source.host and hop.connection != source.connection:
            self.hop = Hop(
                hop.transport, hop.host, hop.port, source.listener, source.connection, hop.trunk, source.peer
            )

    def start_line(self, method: bytes) -> bytes:
        """The request line, with the remote target, or with a strict router's URI (RFC 3261 12.2.1.1)."""
        if self.routes and not is_loose(self.routes[0]):
            return method + b" " + parse_address(self.routes[0]).uri.raw + b" SIP/2.0"
        return method + b" " + self.target + b" SIP/2.0"

    def lines(self, cseq: int, method: bytes) -> list[bytes]:
        """From, To, Call-ID, CSeq and Route lines of a request inside this dialog."""
        out = [
            b"From: " + self.local,
            b"To: " + self.remote,
            b"Call-ID: " + self.call_id,
            b"CSeq: %b %b" % (decimal(cseq), method),
        ]
        if self.routes:
            routes = self.routes
            if not is_loose(routes[0]):
                routes = (*routes[1:], b"<" + self.target + b">")
            for route in routes:
                out.append(b"Route: " + route)
        return out


def is_loose(route: bytes) -> bool:
    """Does the URI of this route carry `lr` (RFC 3261 19.1.1), whatever stands in its user part or behind it?"""
    names = [part.partition(b"=")[0] for part in parse_address(route).uri.params.lower().split(b";")]
    return b"lr" in names


def is_ip_address(host: str) -> bool:
    """Is this an IP address (brackets removed) that one host can own? Names are not looked up on the call path.

    The unspecified address, multicast and octets with leading zeros are refused: where they lead depends on who reads.
    """
    if ":" in host:
        if host.count(":") < 2 or host == "::" or host[:2].lower() == "ff":
            return False
        return all(letter in "0123456789abcdefABCDEF:." for letter in host)
    parts = host.split(".")
    if len(parts) != 4:
        return False
    for part in parts:
        if not part.isdecimal() or len(part) > 3 or int(part) > 255 or (part[0] == "0" and part != "0"):
            return False
    return 0 < int(parts[0]) < 224


def read_contact(message: Message) -> bytes:
    """The URI of the first Contact as a remote target, empty when there is none. Raises ParseError 400.

    It must be one that a request can be sent to (RFC 3261 8.1.1.8). Headers in it are cut off: a Request-URI has none
    (RFC 3261 19.1.1).
    """
    contact = message.first(b"contact")
    if not contact:
        return b""
    known = _CONTACTS.get(contact)
    if known is not None:
        return known
    values = split_values(contact)
    if not values:
        raise ParseError(400, "contact", "expected an address in Contact")
    uri = parse_address(values[0]).uri
    if uri.scheme not in _TARGETS:
        raise ParseError(400, "contact", "expected a sip, sips or tel URI in Contact")
    raw = uri.raw
    question = raw.find(b"?", raw.find(b"@") + 1)
    if len(_CONTACTS) >= _REMEMBERED_MOST:
        _CONTACTS.clear()
    target = _CONTACTS[contact] = raw if question < 0 else raw[:question]
    return target


def _place_of(uri: Uri) -> tuple[str, int]:
    """Where a URI leads: its host if that is an IP address, else nothing, and its port."""
    host = uri.host.decode("latin-1")
    return (host if is_ip_address(host) else ""), uri.port


def _remember_place(target: bytes) -> tuple[str, int]:
    """The same of a remote target that was not seen before."""
    if len(_PLACES) >= _REMEMBERED_MOST:
        _PLACES.clear()
    place = _PLACES[target] = _place_of(parse_uri(target))
    return place


def check_contact(message: Message) -> None:
    """Raise ParseError 400 when the Contact of a target refresh cannot be read."""
    read_contact(message)
