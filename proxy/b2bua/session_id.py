"""Session-ID (RFC 7989): one name for the talk of two ends, whichever leg a trace was taken on.

Each end names itself by a UUID; a message shows the sender's as it is and the receiver's as `remote`. Both halves cross,
since that is what the header is for, but only what is a random or hashed UUID (RFC 4122 version 4 or 5, RFC 7989 4.1) and
holds no number of the caller: any other half is replaced by one of ours for the whole call. An end that has none
gets one as soon as the other end shows that it knows the header; nothing is sent where neither does.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, final

from proxy.b2bua.extract import Secrets
from proxy.sip.message import Message

NIL: Final = b"0" * 32
_HEX: Final = frozenset(b"0123456789abcdef")
_RANDOM: Final = frozenset(b"45")  # versions of a UUID that say nothing of who made it
_VERSION_AT: Final = 12


@final
class SessionIds:
    """The two halves of one call, as each end names itself (`a`, `b`) and as the other end sees it."""

    __slots__ = ("a", "b", "a_shown", "b_shown", "seed")

    def __init__(self, seed: bytes) -> None:
        self.seed: Final = seed
        self.a = b""
        self.b = b""
        self.a_shown = b""
        self.b_shown = b""

    def learn(self, message: Message, from_a: bool, secrets: Secrets) -> bool:
        """Take the sender's half of a message, if it states one; it may change during a call (RFC 7989 6). Is it new?"""
        half = sender_half(message)
        if not half or half == NIL:
            return False
        if from_a:
            known = self.a == half
            self.a, self.a_shown = half, half if is_harmless(half, secrets) else made(self.seed + b"a")
        else:
            known = self.b == half
            self.b, self.b_shown = half, half if is_harmless(half, secrets) else made(self.seed + b"b")
        return not known

    def line(self, to_a: bool) -> bytes:
        """The header line towards one end; an end that says nothing of itself is named by us, and is nobody to itself."""
        if to_a:
            return b"Session-ID: %b;remote=%b" % (self.b_shown or made(self.seed + b"b"), self.a or NIL)
        return b"Session-ID: %b;remote=%b" % (self.a_shown or made(self.seed + b"a"), self.b or NIL)


def sender_half(message: Message) -> bytes:
    """The UUID by which the sender names itself, in lower case; empty when there is none that can be read."""
    half = message.first(b"session-id").partition(b";")[0].strip().lower()
    return half if len(half) == len(NIL) and _HEX.issuperset(half) else b""


def is_harmless(half: bytes, secrets: Secrets) -> bool:
    """Does this UUID tell nothing of who made it?"""
    if half[_VERSION_AT] not in _RANDOM:
        return False
    for digits in secrets.digits:  # noqa: SIM110 - a generator is a frame more
        if half.find(digits) >= 0:
            return False
    return True


def made(seed: bytes) -> bytes:
    """A UUID of version 5 that hangs on `seed` alone."""
    text = sha256(seed).hexdigest()
    return b"%b5%b8%b" % (
        text[:_VERSION_AT].encode("ascii"),
        text[_VERSION_AT + 1 : 16].encode("ascii"),
        text[17:32].encode("ascii"),
    )
