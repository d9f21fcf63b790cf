"""The chain of the records: each line names its place and the hash of the line before it.

A line is a JSON object that begins with `seq` and `prev`. `prev` is the SHA-256 of the whole line before, without its
line end, in hexadecimal. So a line that was altered, taken out or moved leaves a break that `faults` finds and names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

NOTHING_BEFORE: Final = "0" * 64
HEAD: Final = re.compile(rb'\{"seq":(0|[1-9][0-9]{0,17}),"prev":"([0-9a-f]{64})",')
ALTERED: Final = "altered"


@dataclass(frozen=True)
class Fault:
    """One break: `line` counts from 1, as editors do; 0 is the file as a whole."""

    line: int
    text: str


@final
class Chain:
    """The end of a chain that is being written: place and hash of its last line."""

    __slots__ = ("last", "seq")

    def __init__(self, seq: int = -1, last: str = NOTHING_BEFORE) -> None:
        self.seq = seq
        self.last = last

    def link(self, encoded: bytes) -> bytes:
        """The JSON object `encoded` as the next line, with its line end."""
        self.seq += 1
        line = b'{"seq":%d,"prev":"%s",%s' % (self.seq, self.last.encode(), encoded[1:])
        self.last = hash_of(line)
        return line + b"\n"

    def copy(self) -> Chain:
        """A chain that goes on from here, while this one stays."""
        return Chain(self.seq, self.last)


@final
class Link:
    """One line as the verification sees it."""

    __slots__ = ("hash", "prev", "seq")

    def __init__(self, line: bytes) -> None:
        head = HEAD.match(line)
        whole = head is not None and line.endswith(b"}")
        self.hash: Final = hash_of(line)
        self.seq: Final = int(head[1]) if whole and head is not None else -1
        self.prev: Final = head[2].decode() if whole and head is not None else ""


def hash_of(line: bytes) -> str:
    """SHA-256 of a line without its line end."""
    return sha256(line).hexdigest()


def faults(lines: Sequence[bytes], sealed: bool = False) -> list[Fault]:
    """Every break between the lines of one file, which start at place 0; none for a chain that is whole.

    A missing end is no break of the chain: what the last line must be is the matter of the caller, who may know that
    it is as it was written (`sealed`).
    """
    if not lines:
        return [Fault(0, "empty")]
    links = [Link(line) for line in lines]
    found: dict[int, str] = {}
    ahead = 0
    if links[0].seq != 0:
        whole = links[0].seq > 0 and (len(links) == 1 or links[1].prev == links[0].hash)
        found[0] = f"{links[0].seq} lines are missing before it" if whole else ALTERED
        ahead = links[0].seq if whole else 0
    places = {link.hash: index for index, link in enumerate(links)}
    for index in range(1, len(links)):
        if links[index].prev != links[index - 1].hash:
            doubtful = not sealed and index + 1 == len(links)
            ahead += name_break(links, index, ahead, doubtful, places, found)
    return [Fault(index + 1, text) for index, text in sorted(found.items())]


def name_break(
    links: list[Link], index: int, ahead: int, doubtful: bool, places: dict[str, int], found: dict[int, str]
) -> int:
    """Put into `found` what the break before line `index` comes from; how many lines are missing there.

    `ahead` lines are known to be missing so far, so the place that the line should have is known. `doubtful`: nothing
    behind the line speaks for it.
    """
    link = links[index]
    disowned = index + 1 < len(links) and links[index + 1].prev != link.hash
    origin = places.get(link.prev)
    if link.seq < 0:
        found[index] = ALTERED
    elif origin is not None:
        found[index] = f"out of order, belongs behind line {origin + 1}"
    elif link.seq > index + ahead and not disowned:
        missing = link.seq - index - ahead
        found[index] = f"{missing} line{' is' if missing == 1 else 's are'} missing before it"
        return missing
    elif found.get(index - 1, "").startswith(ALTERED):
        pass  # the line before was altered, so its hash cannot fit
    elif disowned or doubtful:
        found[index] = f"{ALTERED}, it or the line before it"
    else:
        found[index - 1] = ALTERED
    return 0
