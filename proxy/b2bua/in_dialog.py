"""Requests inside a call: which are refused at once, and how the others go on."""

from __future__ import annotations

from typing import Final

from proxy.b2bua import events
from proxy.b2bua.crossing import WITH_CONTACT
from proxy.b2bua.exchange import Exchange
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.legs import Couple, Fork
from proxy.b2bua.rewrite import ACCEPT_ENCODING, ALLOW_LINE, encoded
from proxy.b2bua.stateless import unsupported_options
from proxy.sip.message import Message
from proxy.sip.sdp import nowhere
from proxy.sip.transaction import ServerTransaction

CROSSES: Final = frozenset(("INVITE", "UPDATE", "INFO", "PRACK", "MESSAGE", "OPTIONS"))
TRANSFERS: Final = frozenset(("REFER", "NOTIFY"))


def cancelled(fabric: Fabric, invite: ServerTransaction, server: ServerTransaction, message: Message) -> Couple | None:
    """Answer the CANCEL of `server`; a re-INVITE is cancelled here, the call of a first INVITE is returned (9.2)."""
    fabric.counters.count_request(True, invite.leg, "CANCEL")
    fabric.reply(server, 200, [], b"")
    owner = invite.owner
    if not isinstance(owner, Exchange) or invite.status >= 200:
        return None
    if owner.set_up:
        return owner.couple
    owner.reasons(message)
    owner.cancel()
    return None


def refusal(message: Message, method: str, fork: Fork, from_a: bool, hops: int) -> tuple[int, list[bytes]]:
    """Status and header lines that refuse this request; status 0 lets it go on.

    Checked are order (RFC 3261 12.2.2), hops, method and glare: an INVITE of the other side pending gives 491, one of
    the same side 500 with Retry-After (14.2). What must not
    leave cannot be looked for in an encoded body of the platform: 415. Media without an address give 488. An INVITE of the
    side whose ACK is missed stands for that ACK, unless it would bring the media.
    """
    dialog = fork.a if from_a else fork.b
    if not dialog.accept_cseq(message.cseq):
        return 500, []
    if method == "BYE":
        return 0, []
    if hops <= 0:
        return 483, []
    if method not in CROSSES and method not in TRANSFERS:
        return 405, [ALLOW_LINE]
    if message.has(b"require"):
        unsupported = unsupported_options(message)
        if unsupported:
            return 420, [b"Unsupported: " + unsupported]
    if from_a and encoded(message):
        return 415, [ACCEPT_ENCODING]
    if nowhere(message):
        return 488, []
    pending = fork.couple.invite
    if method == "INVITE" and isinstance(pending, Exchange):
        if pending.from_a != from_a:
            return 491, []
        if pending.ok and pending.ack:  # who asks again has the 2xx: its ACK got lost, and nothing in it was needed
            pending.acked(message)
            return 0, []
        return 500, [b"Retry-After: %d" % (message.cseq % 10)]
    return 0, []


def carry(fabric: Fabric, fork: Fork, from_a: bool, server: ServerTransaction, message: Message, hops: int) -> None:
    """Refuse the request of `server`, hang up for a BYE, or send it on to the other leg."""
    if fork.couple.fork is None:  # the call is over, and only a BYE may have come before (`afterwards.py`)
        fabric.reply(server, 200 if server.method == "BYE" else 481, [], b"")
        return
    status, lines = refusal(message, server.method, fork, from_a, hops)
    if status:
        fabric.reply(server, status, lines, b"")
        return
    if server.method == "BYE":
        fabric.reply(server, 200, [], b"")
        fork.couple.handle(events.BYE_A if from_a else events.BYE_B, message)
        return
    if server.method in TRANSFERS:
        if not fork.couple.transfer_request(fork, from_a, server, message, hops - 1):
            fabric.reply(server, 403, fork.couple.session_line(from_a), b"")
        fabric.note(fork.couple)
        return
    if message.method in WITH_CONTACT:
        (fork.a if from_a else fork.b).refresh_target(message)
    offered = bool(message.body)
    Exchange(fabric, fork.couple, from_a, server, message.cseq, offered, False).relay(fork, message, hops - 1)
    fabric.note(fork.couple)


def acknowledged(fabric: Fabric, fork: Fork, message: Message) -> None:
    """The ACK of a 2xx arrived in the dialog pair `fork`; one that nobody waits for changes nothing."""
    from_a = message.to_tag == fork.a.local_tag
    fabric.counters.count_request(True, "a" if from_a else "b", "ACK")
    invite = fork.couple.invite
    if isinstance(invite, Exchange) and invite.from_a == from_a and invite.cseq_in == message.cseq and invite.ok:
        invite.acked(message)
