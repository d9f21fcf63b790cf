"""The nonces of our challenges: made without being remembered, and each count of one taken once (RFC 7616 3.3, 5.4).

A nonce carries the instant at which it ends, a text that makes it unlike others of that instant, and a keyed MAC over
both and the realm; so any node with the same key can check it, and nobody can make one. What is remembered, of nonces
that were used with success only, is which of the last counts were seen: as many nonces as fit, the oldest use out
first. A nonce that could have been forgotten is refused as ended, so that being forgotten never lets a replay through.
"""

from __future__ import annotations

from hmac import compare_digest, digest
from typing import Final, final

FRESH: Final = 0
ENDED: Final = 1  # ours, but too old: the peer may try again with a new one
FOREIGN: Final = 2  # not made with this key, or for another realm
WINDOW: Final = 48  # counts below the highest that may still come
_TIME_DIGITS: Final = 12
_MAC_DIGITS: Final = 32
_SHORTEST: Final = _TIME_DIGITS + _MAC_DIGITS
_LONGEST: Final = 160
_HEX: Final = frozenset(b"0123456789abcdef")


@final
class Counted:
    """Which counts of one nonce were seen: the highest, and a bit for each of the `WINDOW` up to it."""

    __slots__ = ("ends", "highest", "bits")

    def __init__(self, ends: int, highest: int) -> None:
        self.ends: Final = ends
        self.highest = highest
        self.bits = 1


@final
class Nonces:
    """Nonces of one key. `lifetime` in seconds; `most` nonces are remembered. Times are UTC epoch seconds."""

    def __init__(self, key: bytes, lifetime: float, most: int) -> None:
        self._key: Final = key
        self._lifetime: Final = lifetime
        self._most: Final = most
        self._seen: Final[dict[bytes, Counted]] = {}
        self._forgotten = 0  # nonces that end up to here may have been forgotten

    def make(self, realm: bytes, salt: bytes, epoch: float) -> bytes:
        """A new nonce; `salt` is a token that no other nonce of this instant has."""
        start = b"%0*x%b" % (_TIME_DIGITS, int((epoch + self._lifetime) * 1000), salt)
        return start + self._mac(start, realm)

    def look(self, nonce: bytes, realm: bytes, epoch: float) -> int:
        """`FRESH`, `ENDED` or `FOREIGN`."""
        if not _SHORTEST <= len(nonce) <= _LONGEST:
            return FOREIGN
        start = nonce[:-_MAC_DIGITS]
        if not _HEX.issuperset(start[:_TIME_DIGITS]) or not compare_digest(
            nonce[-_MAC_DIGITS:], self._mac(start, realm)
        ):
            return FOREIGN
        ends = int(start[:_TIME_DIGITS], 16)
        if ends < epoch * 1000 or (ends <= self._forgotten and nonce not in self._seen):
            return ENDED
        return FRESH

    def take(self, nonce: bytes, count: int, epoch: float) -> bool:
        """Use the `count` of a `FRESH` nonce, whose digest was right; False when it was used before."""
        seen = self._seen.get(nonce)
        if seen is None:
            self._make_room(epoch)
            self._seen[nonce] = Counted(int(nonce[:_TIME_DIGITS], 16), count)
            return True
        ahead = count - seen.highest
        if ahead > 0:
            seen.bits = ((seen.bits << ahead) | 1) & ((1 << WINDOW) - 1) if ahead < WINDOW else 1
            seen.highest = count
            return True
        bit = 1 << -ahead if ahead > -WINDOW else 0
        if not bit or seen.bits & bit:
            return False
        seen.bits |= bit
        return True

    def remembered(self) -> int:
        """How many nonces are remembered; never more than `most`."""
        return len(self._seen)

    def _make_room(self, epoch: float) -> None:
        """Forget the oldest uses: all that ended (two at a time, so that no call pays for many), one if there is no room."""
        for _ in range(2):
            if not self._seen:
                return
            oldest = next(iter(self._seen))
            ends = self._seen[oldest].ends
            if ends >= epoch * 1000 and len(self._seen) < self._most:
                return
            del self._seen[oldest]
            self._forgotten = max(self._forgotten, ends)

    def _mac(self, start: bytes, realm: bytes) -> bytes:
        return digest(self._key, start + b"\n" + realm, "sha256").hex().encode("ascii")[:_MAC_DIGITS]
