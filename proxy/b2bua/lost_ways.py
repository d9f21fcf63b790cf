"""What a broken way takes with it: the client transactions that wait for an answer, and a stream without boundaries."""

from __future__ import annotations

from proxy.b2bua.fabric import Fabric
from proxy.sip.framing import Flaw
from proxy.sip.hop import Hop
from proxy.sip.message import ParseError
from proxy.sip.parse import parse
from proxy.sip.transaction import ClientTransaction


def sender_of(fabric: Fabric, data: bytes) -> list[ClientTransaction]:
    """Whoever waits for the answer of `data`, one of our own messages: nobody for a response or an ACK of a 2xx."""
    if data.startswith(b"SIP/2.0 "):
        return []
    message = parse(data)
    key = message.branch + b"C" if message.method == b"CANCEL" else message.branch
    client = fabric.clients.get(key)
    return [] if client is None else [client]


def waiting_on(fabric: Fabric, hop: Hop) -> list[ClientTransaction]:
    """All whose requests went over a stream to the place of `hop`, or on its connection."""
    return [
        client
        for client in fabric.clients.values()
        if client.hop.reliable
        and (client.hop.same_place(hop) or (hop.connection and client.hop.connection == hop.connection))
    ]


def broken_frame(flaw: Flaw) -> ParseError:
    """The mistake of a stream that cannot be cut into messages, with what can be read of the message at its start."""
    error = ParseError(flaw.status, "framing", flaw.text)
    try:
        error.message = parse(flaw.head)
    except ParseError as worse:
        error.message = worse.message
    return error
