"""Which keys are surely not among many: two to eight bytes for each, and no key that is among them is ever denied.

A Bloom filter of blocks: the first bytes of a key say which word of 32 bits, the next three which bits of it. Keys are
HMACs, so their own bits are as good as chance. A filter that is fuller than its room confuses more of them, no more.
"""

from __future__ import annotations

import struct
from array import array
from typing import Final, final

NAME: Final = struct.Struct("<IBBB9x")
NAME_BYTES: Final = NAME.size
KEYS_A_WORD: Final = (
    2  # when the room is taken: one stranger in thirty looks known; one in a thousand when it is half so
)
LEAST: Final = 1 << 14  # words
MOST = 1 << 25  # words: 128 MiB


@final
class NameFilter:
    """Keys of 16 bytes, with room for so many; one thread works with it."""

    __slots__ = ("_mask", "_words", "count", "room")

    def __init__(self, room: int) -> None:
        size = LEAST
        while size * KEYS_A_WORD < room and size < MOST:
            size *= 2
        self.room: Final = max(room, size * KEYS_A_WORD)
        self.count = 0  # keys that were added, some of them perhaps more than once
        self._mask: Final = size - 1
        self._words: Final = array("I", bytes(4 * size))

    def add(self, names: bytes) -> None:
        """Keys, one behind the other."""
        words, mask = self._words, self._mask
        for place, one, two, three in NAME.iter_unpack(names):
            words[place & mask] |= 1 << (one & 31) | 1 << (two & 31) | 1 << (three & 31)
        self.count += len(names) // NAME_BYTES

    def may_hold(self, name: bytes) -> bool:
        """Whether the key may be among them; False is certain."""
        place = name[0] | name[1] << 8 | name[2] << 16 | name[3] << 24  # as `NAME` has it, without a call
        bits = 1 << (name[4] & 31) | 1 << (name[5] & 31) | 1 << (name[6] & 31)
        return self._words[place & self._mask] & bits == bits
