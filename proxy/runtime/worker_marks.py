"""Which worker a SIP message belongs to, read off its bytes without parsing it.

Inside a call and for answers to us the mark tells: two digits behind a `w`, which the owner wrote into its tags and
branches (`ids`), and into the user of its Contact. Anything else belongs to the owner of the called number, by a hash of
the last nine digits of the Request-URI's user: so an INVITE, its repetitions, its CANCEL and the ACK of a failure land
together, and all calls to one person on one worker, however the number is written. `kernel_sorting` reckons the same.

Whatever arrives has an owner: what cannot be read is the first worker's, who drops or answers it like any other.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import Final, final

MOST: Final = 64  # workers
BRANCH: Final = b"z9hG4bKw"
TAG: Final = b";tag=w"
OTHER_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))
ENDING: Final = 9  # digits: a French number without `0`, `+33` or `0033`
THIRDS: Final = Struct(">IIB")
FACTORS: Final = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
WORD: Final = 0xFFFFFFFF
ODD_TO: Final = re.compile(rb"\n(?:to|t)[ \t]*:", re.IGNORECASE)
ODD_TAG: Final = re.compile(rb";[ \t\r\n]*tag[ \t\r\n]*=[ \t\r\n]*w([0-9]{2})", re.IGNORECASE)


def mark_of(worker: int) -> bytes:
    """What the worker of this number writes: `w03`."""
    return b"w%02d" % worker


def owner_of_number(number: bytes, workers: int) -> int:
    """The worker that calls to this number belong to; only its last nine digits count."""
    digits = number.translate(None, OTHER_DIGITS)[-ENDING:]
    if not digits:
        return 0
    first: int
    second: int
    last: int
    first, second, last = THIRDS.unpack(digits.rjust(ENDING, b"0"))
    return ((first * FACTORS[0] + second * FACTORS[1] + last * FACTORS[2] & WORD) >> 16) % workers


@final
class Marks:
    """Reads messages for so many `workers`, at most `MOST`. It takes any bytes and raises nothing."""

    __slots__ = ("_workers",)

    def __init__(self, workers: int) -> None:
        self._workers: Final = workers

    def owner(self, data: bytes) -> int:
        """The number of the worker that this message belongs to."""
        found = self.marked(data)
        if found >= 0:
            return found
        return self._by_number(data) if data[:4] != b"SIP/" else 0

    def marked(self, data: bytes) -> int:
        """The number of the worker whose mark it carries, of an answer or inside a call; -1: none does."""
        if data[:4] == b"SIP/":
            at = data.find(BRANCH)
            return self._marked(data[at + 8 : at + 10]) if at >= 0 else -1
        return self._in_dialog(data)

    def _in_dialog(self, data: bytes) -> int:
        """By our tag in To; -1 when there is none."""
        at = data.find(b"\nTo:")
        if at < 0:
            odd = ODD_TO.search(data)
            if odd is None:
                return -1
            at = odd.start()
        end = data.find(b"\n", at + 1)
        while 0 < end < len(data) - 1 and data[end + 1] in b" \t":
            end = data.find(b"\n", end + 1)
        line = data[at : end if end > 0 else len(data)]
        at = line.find(TAG)
        if at >= 0:
            return self._marked(line[at + 6 : at + 8])
        odd = ODD_TAG.search(line)
        return self._marked(odd[1]) if odd is not None else -1

    def _by_number(self, data: bytes) -> int:
        """By the user of the Request-URI, a number with or without parameters."""
        start = data.find(b" ") + 1
        end = data.find(b" ", start)
        uri = data[start:end]
        colon = uri.find(b":") + 1
        at = uri.find(b"@", colon)
        if at < 0 and uri[:4].lower() != b"tel:":
            return 0
        user = uri[colon : at if at >= 0 else len(uri)]
        semicolon = user.find(b";")
        return owner_of_number(user if semicolon < 0 else user[:semicolon], self._workers)

    def _marked(self, digits: bytes) -> int:
        """The worker of a mark; one that there is not any more left its calls to another."""
        return int(digits) % self._workers if len(digits) == 2 and digits.isdigit() else 0
