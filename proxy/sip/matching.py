"""Which server transaction a request belongs to (RFC 3261 17.2.3), also from peers of RFC 2543."""

from __future__ import annotations

from proxy.sip.message import Message
from proxy.sip.syntax import COOKIE


def invite_key(message: Message) -> bytes:
    """The key of the INVITE server transaction of an INVITE, ACK or CANCEL (RFC 3261 17.2.3, 9.2)."""
    if message.branch[:7] == COOKIE:
        return message.branch + b"\n" + message.sent_by
    return b"2543\n%b\n%b\n%d\n%b" % (message.call_id, message.from_tag, message.cseq, message.via)


def server_key(message: Message) -> bytes:
    """The key of the server transaction of a request; an ACK has its INVITE's."""
    key = invite_key(message)
    method = message.method
    if method == b"INVITE" or method == b"ACK":
        return key
    return key + b"\n" + method
