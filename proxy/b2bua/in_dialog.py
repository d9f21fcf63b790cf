"""Which requests inside a call are refused at once, before they cross."""

from __future__ import annotations

from typing import Final

from proxy.b2bua.exchange import Exchange
from proxy.b2bua.legs import Fork
from proxy.b2bua.rewrite import ACCEPT_ENCODING, ALLOW_LINE, encoded
from proxy.b2bua.stateless import unsupported_options
from proxy.sip.message import Message

CROSSES: Final = frozenset(("INVITE", "UPDATE", "INFO", "PRACK", "MESSAGE", "OPTIONS"))
TRANSFERS: Final = frozenset(("REFER", "NOTIFY"))


def refusal(message: Message, method: str, fork: Fork, from_a: bool, hops: int) -> tuple[int, list[bytes]]:
    """Status and header lines that refuse this request; status 0 lets it go on.

    Checked are order (RFC 3261 12.2.2), hops, method and glare: an INVITE of the other side pending gives 491, one of
    the same side 500 with Retry-After (14.2). A transfer would bring a callee that nobody judged: 403. What must not
    leave cannot be looked for in an encoded body of the platform: 415.
    """
    dialog = fork.a if from_a else fork.b
    if not dialog.accept_cseq(message.cseq):
        return 500, []
    if method == "BYE":
        return 0, []
    if hops <= 0:
        return 483, []
    if method in TRANSFERS:
        return 403, []
    if method not in CROSSES:
        return 405, [ALLOW_LINE]
    if message.has(b"require"):
        unsupported = unsupported_options(message)
        if unsupported:
            return 420, [b"Unsupported: " + unsupported]
    if from_a and encoded(message):
        return 415, [ACCEPT_ENCODING]
    pending = fork.couple.invite
    if method == "INVITE" and isinstance(pending, Exchange):
        if pending.from_a != from_a:
            return 491, []
        return 500, [b"Retry-After: %d" % (message.cseq % 10)]
    return 0, []
