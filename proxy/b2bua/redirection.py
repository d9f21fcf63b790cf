"""A 3xx of a carrier: which of its contacts a call may follow (RFC 3261 8.1.3.4), for carriers that say `redirects`."""

from __future__ import annotations

from typing import Final

from proxy.b2bua.gateways import Gateway, Place
from proxy.b2bua.state import CallState
from proxy.sip.address import Address, parse_address, split_values
from proxy.sip.dialog import is_ip_address
from proxy.sip.hop import TRANSPORTS, UDP, default_port
from proxy.sip.message import Message, ParseError
from proxy.sip.uri import Uri, subscriber

REDIRECTS_MOST: Final = 5


def redirected(call: CallState, gateway: Gateway, message: Message) -> bool:
    """Take the best contact of a 3xx that may be followed (RFC 3261 8.1.3.4); False: there is none.

    It names the same number, since nobody decided about another one, an IP address that a listener reaches over the
    transport that it names, and a place that this call was not sent to before; `REDIRECTS_MOST` for one call.
    """
    fabric = call.fabric
    if call.redirected is not None and len(call.redirected) >= REDIRECTS_MOST:
        return False
    best: Place | None = None
    weight = -1.0
    for value in message.all(b"contact"):
        for one in split_values(value):
            contact = _contact(one)
            if contact is None or not _same_number(call, contact.uri):
                continue
            share = _share(contact)
            if share > weight:
                best, weight = _place(contact.uri), share
    found = None if best is None else fabric.routing.place(gateway.carrier, best)
    if found is None or found.hop.same_place(gateway.hop):
        return False
    before = call.redirected or []
    if any(other.hop.same_place(found.hop) for other in before):
        return False
    call.redirected = [*before, found]
    fabric.counters.count_failover(gateway.carrier.name, str(message.status))
    return True


def _contact(value: bytes) -> Address | None:
    try:
        return parse_address(value)
    except ParseError:
        return None


def _same_number(call: CallState, uri: Uri) -> bool:
    edition = call.fabric.edition
    number = edition.plan.number(subscriber(uri), edition.calendar.paris_day(call.fabric.epoch))
    return number is not None and number.canonical == call.called


def _share(contact: Address) -> float:
    """The q value (RFC 3261 20.10); 1 when there is none, 0 when it cannot be read."""
    value = contact.param(b"q")
    if not value:
        return 1.0
    digits = value.replace(b".", b"", 1)
    return float(value) if digits.isdigit() and len(value) <= 5 else 0.0


def _place(uri: Uri) -> Place | None:
    """The address of a contact; None for a name, since no name is asked for while a call waits."""
    transport = TRANSPORTS[UDP]
    for parameter in uri.params.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip().lower() == b"transport":
            transport = value.strip().lower().decode("latin-1")
    host = uri.host.strip(b"[]").decode("latin-1")
    if transport not in TRANSPORTS or not is_ip_address(host):
        return None
    return Place(transport, host, uri.port or default_port(TRANSPORTS.index(transport)))
