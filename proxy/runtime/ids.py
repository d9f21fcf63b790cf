"""Random identifiers for the engine: branches, tags, Call-IDs and decision ids.

Tags and Call-IDs are 64 and 128 random bits from the system (RFC 3261 19.3 asks for 32), drawn in blocks, since one
draw per identifier would cost a system call each. Branches and decision ids are a random prefix per process and a
count: unique, which is all they must be.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, final

BLOCK: Final = 4096
PREFIX: Final = 6


@final
class RandomIds:
    """The identifiers of one process; `draw` gives that many bytes of chance."""

    def __init__(self, draw: Callable[[int], bytes] = os.urandom) -> None:
        self._draw_bytes: Final = draw
        self._prefix: Final = draw(PREFIX).hex()
        self._count = 0
        self._block = ""
        self._at = 0

    def branch(self) -> bytes:
        """A branch with the magic cookie (RFC 3261 8.1.1.7)."""
        self._count += 1
        return b"z9hG4bK%b%x" % (self._prefix.encode("ascii"), self._count)

    def tag(self) -> bytes:
        """16 hexadecimal digits."""
        return self._digits(16)

    def call_id(self) -> bytes:
        """32 hexadecimal digits; names neither host nor caller."""
        return self._digits(32)

    def decision(self) -> str:
        """The id that joins record, SIP answer and explanation of one decision."""
        self._count += 1
        return f"{self._prefix}-{self._count:x}"

    def _digits(self, digits: int) -> bytes:
        if self._at + digits > len(self._block):
            self._block, self._at = self._draw_bytes(BLOCK).hex(), 0
        self._at += digits
        return self._block[self._at - digits : self._at].encode("ascii")
