"""A carrier's 401 or 407: the same request once more, with credentials (RFC 3261 22.2, 22.3).

It goes to the same place in a new transaction with the next CSeq; the owner of the first one owns the second. A request
is sent again once, and once more if the carrier then says that the nonce was stale; after that the carrier does not
know us, and its answer goes on to whoever waits for it. Neither challenge nor credentials are seen on the other leg.
"""

from __future__ import annotations

from proxy.b2bua.credentials import cseq_of, renewed
from proxy.b2bua.exchange import Exchange
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.state import CallState
from proxy.sip.message import Message
from proxy.sip.transaction import ClientTransaction


def is_challenge(message: Message) -> bool:
    """Does this response ask for credentials?"""
    return message.status == 401 or message.status == 407


def answered(fabric: Fabric, client: ClientTransaction, message: Message, sent: bytes) -> bool:
    """Answer the challenge to `sent`, the request of `client`; False when its owner must hear of it."""
    trunk = client.hop.trunk
    if not trunk or not sent:
        return False
    login = fabric.logins.get(trunk)
    challenge = login.choose(message) if login is not None else None
    if login is None or challenge is None:
        fabric.counters.count_challenge(trunk, "unanswered")
        return False
    used = sent.find(b'nonce="%b"' % challenge.nonce) >= 0
    if used or client.tries > 1 or (client.tries == 1 and not challenge.stale):
        login.forget()
        fabric.counters.count_challenge(trunk, "refused")
        return False
    owner = client.owner
    if isinstance(owner, Exchange) and not still_wanted(owner):
        return False
    login.learn(challenge, message.status)
    fabric.counters.count_challenge(trunk, "answered")
    cseq = cseq_after(owner, sent)
    key = fabric.ids.branch()
    client.owner = None
    again = fabric.ask(
        client.leg, client.pace, key, client.method, renewed(sent, client.key, key, cseq), client.hop, owner
    )  # fmt: skip
    again.tries = client.tries + 1
    if isinstance(owner, Exchange):
        owner.client, owner.cseq_out = again, cseq
    return True


def still_wanted(exchange: Exchange) -> bool:
    """Does somebody still wait for an answer to this request, and has nothing rung yet?"""
    if exchange.cancelled or exchange.server.status >= 200:
        return False
    couple = exchange.couple
    return not (exchange.set_up and isinstance(couple, CallState) and couple.ringing_at)


def cseq_after(owner: object, sent: bytes) -> int:
    """The next CSeq of the dialog that `sent` belongs to, or of the one that it asks for."""
    number = cseq_of(sent) + 1
    if isinstance(owner, Exchange) and owner.fork is not None:
        dialog = owner.fork.b if owner.from_a else owner.fork.a
        return max(number, dialog.next_cseq())
    return number
