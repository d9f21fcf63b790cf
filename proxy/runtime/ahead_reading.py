"""What a log holds that nobody closed: the entries of its streams in order, and what was kept and never ended.

An entry whose bits are wrong is left out where the one behind it can still be read; else its segment ends there. Both
are counted: the last entry of a killed process may be cut, anything more is damage.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, final
from zlib import crc32

from proxy.runtime.ahead_segment import ENDS, ENTRY, FIRST, HEAD, KINDS, MAGIC, NAME, seed


class Entry(NamedTuple):
    """One entry of a stream; `key` is what it ended, if anything."""

    position: int
    kind: int
    key: bytes
    payload: bytes


@final
class Found:
    """What was read back."""

    def __init__(self, files: list[Path]) -> None:
        self.files: Final = files
        self.entries: Final[list[Entry]] = []  # of the streams, in order
        self.kept: Final[dict[bytes, tuple[int, bytes]]] = {}  # by key: kind and payload, in the order of the puts
        self.damaged = 0
        self.end = 0  # no position before this one is free
        self.last = int(files[-1].stem) if files else 0  # nor this number, or one before it

    def of(self, kind: int) -> list[bytes]:
        """The payloads of one stream."""
        return [entry.payload for entry in self.entries if entry.kind == kind]

    def kept_of(self, kind: int) -> dict[bytes, bytes]:
        """What was kept, of one kind, by key."""
        return {key: payload for key, (found, payload) in self.kept.items() if found == kind}

    def take(self, position: int, kind: int, key: bytes, payload: bytes) -> None:
        """One entry, as it was put."""
        if kind & ENDS:
            self.kept.pop(key, None)
            self.entries.append(Entry(position, kind & KINDS, key, payload))
        elif key:
            self.kept.pop(key, None)
            self.kept[key] = (kind, payload)
        else:
            self.entries.append(Entry(position, kind, b"", payload))


def read_back(folder: Path) -> Found:
    """Everything in the folder. Raises OSError."""
    files = sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    found = Found(files)
    for path in files:
        data = path.read_bytes()
        magic, number, size = HEAD.unpack_from(data) if len(data) >= FIRST else (b"", 0, 0)
        if magic != MAGIC or size < FIRST or int(path.stem) != number:
            found.damaged += any(data)  # one that was being made when the process ended holds nothing
            continue
        found.end = max(found.end, (number + 1) * size)
        for position, kind, key, payload in entries(data[:size], number * size, found):
            found.take(position, kind, key, payload)
    return found


def entries(data: bytes, base: int, found: Found) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Position, kind, key and payload of each entry of a segment; what is wrong is counted in `found`."""
    offset = FIRST
    while offset + ENTRY.size <= len(data):
        length = int.from_bytes(data[offset : offset + 4], "little")
        if length == 0 and not any(data[offset : offset + ENTRY.size]):
            return
        if whole(data, offset, base):
            _, _, kind, key_length = ENTRY.unpack_from(data, offset)
            body = offset + ENTRY.size
            yield base + offset, kind, data[body : body + key_length], data[body + key_length : offset + length]
        else:
            found.damaged += 1
            if not (ENTRY.size <= length and whole(data, offset + length, base)):
                return
        offset += length


def whole(data: bytes, offset: int, base: int) -> bool:
    """Whether an entry stands there as it was put."""
    if offset + ENTRY.size > len(data):
        return False
    length, crc, kind, key_length = ENTRY.unpack_from(data, offset)
    body = data[offset + ENTRY.size : offset + length]
    if not ENTRY.size + key_length <= length <= len(data) - offset or kind & KINDS == 0:
        return False
    return bool(crc32(body, seed(base + offset, kind, key_length)) == crc)
