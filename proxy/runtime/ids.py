"""Random identifiers for the engine: branches, tags, Call-IDs and decision ids.

Tags and Call-IDs are 64 and 128 random bits from the system (RFC 3261 19.3 asks for 32), drawn in blocks, since one
draw per identifier would cost a system call each. Branches and decision ids are a random prefix per process and a
count: unique, which is all they must be.

Where several workers share one address, each puts its mark at the beginning of its tags and branches, so that whoever
reads a message sees at once whose it is (`worker_marks`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, final

BLOCK: Final = 4096
PREFIX: Final = 6
TWO: Final = tuple([b"%02x" % number for number in range(256)])


@final
class RandomIds:
    """The identifiers of one process; `draw` gives that many bytes of chance, `mark` begins tags and branches."""

    def __init__(self, draw: Callable[[int], bytes] = os.urandom, mark: bytes = b"") -> None:
        self._draw_bytes: Final = draw
        self._prefix: Final = draw(PREFIX).hex()
        self._mark: Final = mark
        self._cookie: Final = b"z9hG4bK" + mark + self._prefix.encode("ascii")
        self._count = 0
        self._high = 0
        self._high_digits = b""
        self._block = ""
        self._at = 0

    def branch(self) -> bytes:
        """A branch with the magic cookie (RFC 3261 8.1.1.7)."""
        self._count += 1
        return self._cookie + self._hexadecimal()

    def tag(self) -> bytes:
        """16 hexadecimal digits behind the mark."""
        return self._mark + self._digits(16)

    def call_id(self) -> bytes:
        """32 hexadecimal digits; names neither host nor caller."""
        return self._digits(32)

    def decision(self) -> str:
        """The id that joins record, SIP answer and explanation of one decision."""
        self._count += 1
        return self._prefix + "-" + self._hexadecimal().decode("ascii")

    def _hexadecimal(self) -> bytes:
        """The count; all but its last two digits are written once in 256 times."""
        high = self._count >> 8
        if high != self._high:
            self._high, self._high_digits = high, b"%x" % high
        low = self._count & 0xFF
        return self._high_digits + TWO[low] if high else b"%x" % low

    def _digits(self, digits: int) -> bytes:
        if self._at + digits > len(self._block):
            self._block, self._at = self._draw_bytes(BLOCK).hex(), 0
        self._at += digits
        return self._block[self._at - digits : self._at].encode("ascii")
