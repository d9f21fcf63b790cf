"""Whether an INVITE may become a call at all: what is checked before anybody asks the law."""

from __future__ import annotations

from typing import Final

from proxy.b2bua.extract import called_text
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.rewrite import ACCEPT_ENCODING, encoded
from proxy.b2bua.stateless import RETRY_DRAINING, broken, unsupported_options
from proxy.sip.message import Message
from proxy.sip.sdp import nowhere
from proxy.sip.syntax import decimal

ADMITTED: Final = 0
MOST_BREADTH: Final = 60  # what RFC 5393 5.3.3 assumes where nothing is said; more is not let out


def merge_key(call_id: bytes, from_tag: bytes, cseq: int) -> bytes:
    """Equal for two INVITEs that are one request which a proxy forked on its way here (RFC 3261 8.2.2.2)."""
    return b"%b\n%b\n%b" % (call_id, from_tag, decimal(cseq))


def refusal(fabric: Fabric, message: Message, hops: int, draining: bool) -> tuple[int, list[bytes]]:
    """Status and header lines that refuse this INVITE before a decision; `ADMITTED` lets it go on.

    An encoded body cannot be searched for what must not leave: 415. An offer whose media have no address leads to no
    talk: 488. An emergency call is let in with either, and while draining (CPCE D98-8). A request that may not fork at all cannot go on (RFC 5393 5.3.3): 440. Raises ParseError.
    """
    if merge_key(message.call_id, message.from_tag, message.cseq) in fabric.merged:
        return 482, []
    if hops <= 0:
        return 483, []
    if b"max-breadth" in message.index:
        breadth = message.first(b"max-breadth")
        if not breadth.isdigit() or len(breadth) > 9:
            raise broken(message, "max-breadth", "expected a number in Max-Breadth")
        if not int(breadth):
            return 440, []
    unsupported = unsupported_options(message)
    if unsupported:
        return 420, [b"Unsupported: " + unsupported]
    if encoded(message) and not is_emergency(fabric, message):
        return 415, [ACCEPT_ENCODING]
    if nowhere(message) and not is_emergency(fabric, message):
        return 488, []
    if not draining or is_emergency(fabric, message):
        return ADMITTED, []
    fabric.counters.count_drop("draining")
    return 503, [b"Retry-After: %d" % RETRY_DRAINING]


def is_emergency(fabric: Fabric, message: Message) -> bool:
    """Is the called number one that must always be reached? Raises ParseError for a broken Request-URI."""
    text = called_text(message)
    if text.startswith("urn:service:sos"):
        return True
    edition = fabric.edition
    number = edition.plan.number(text, edition.calendar.paris_day(fabric.epoch))
    return number is not None and number.cls == "emergency"
