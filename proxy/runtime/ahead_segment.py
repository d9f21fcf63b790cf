"""One file of the ahead log: a fixed number of bytes, taken from the disk beforehand and mapped into memory.

It begins with a head (what it is, its number, its size); then entries follow each other, and behind the last one stand
zeros. An entry is its length, a CRC-32, its kind, the length of its key, the key and the payload. The CRC begins with the
entry's position, so that bytes in the wrong place are none. A position counts bytes over all segments: number * size +
offset. The file has its bytes before it is mapped: a full disk is an error here, and not the end of the process later.
Entries are put by C (`ahead.c`) where the package was built with a compiler, else from here; both put the same bytes.
"""

from __future__ import annotations

import mmap
import os
import re
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias, final
from zlib import crc32

try:
    from proxy.runtime import _ahead
except ImportError:  # built where nothing could be compiled, or run from its sources
    COMPILED = False
else:
    COMPILED = True

HEAD: Final = struct.Struct("<8sQQ")  # what it is, number, size
MAGIC: Final = b"NPVahead"
ENTRY: Final = struct.Struct("<IIBB")
FIRST: Final = HEAD.size
ENDS: Final = 0x80  # beside the kind: the entry ends what its key kept
KINDS: Final = 0x7F
CALL: Final = b"call"  # begins the key of what is noted of a call
PAGE: Final = 4096
STEP: Final = 1 << 18
Enter: TypeAlias = Callable[[mmap.mmap, int, int, int, bytes, bytes], int]
NAME: Final = re.compile(r"[0-9]{12}\.ahead")


@final
class Segment:
    """A mapped file; `live` counts the kept entries in it that nothing has replaced yet."""

    __slots__ = ("bytes", "descriptor", "live", "number", "path", "rested", "size")

    def __init__(self, folder: Path, number: int, size: int) -> None:
        """Make the file, readable by its owner only. Raises OSError; then there is no file."""
        self.number: Final = number
        self.size: Final = size
        self.path: Final = folder / f"{number:012d}.ahead"
        self.live = 0
        self.rested = False
        self.descriptor: Final = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(self.descriptor, 0, size)
            self.bytes: Final = mmap.mmap(self.descriptor, size)
        except BaseException:
            os.close(self.descriptor)
            self.path.unlink(missing_ok=True)
            raise
        self.bytes[:FIRST] = HEAD.pack(MAGIC, number, size)

    def touch(self) -> None:
        """Have all pages in memory, so that writing to them later waits for nothing; in steps, between which others run."""
        pages = self.bytes
        for start in range(0, self.size, STEP):
            for offset in range(start or PAGE, min(start + STEP, self.size), PAGE):
                pages[offset] = pages[offset]  # it may be taken, and written, before this is through
            time.sleep(0)

    def rest(self) -> None:
        """It is full: give its pages back. They are the file's, so the kernel may drop them once the disk has them, and
        whoever reads one has it again. In steps, since the interpreter is held meanwhile (a millisecond for all of it)."""
        self.rested = True
        for offset in range(0, self.size, STEP):
            self.bytes.madvise(mmap.MADV_DONTNEED, offset, min(STEP, self.size - offset))
            time.sleep(0)

    def entry(self, offset: int) -> tuple[int, bytes, bytes]:
        """Kind, key and payload of an entry that was put here."""
        length, _, kind, key_length = ENTRY.unpack_from(self.bytes, offset)
        body = offset + ENTRY.size
        return kind, self.bytes[body : body + key_length], self.bytes[body + key_length : offset + length]

    def close(self) -> None:
        """Let go of the file, which stays."""
        self.bytes.close()
        os.close(self.descriptor)

    def remove(self) -> None:
        """Let go of the file, and delete it."""
        self.close()
        self.path.unlink(missing_ok=True)


def seed(position: int, kind: int, key_length: int) -> int:
    """What the CRC of an entry begins with."""
    return (position * 31 + kind * 257 + key_length) & 0xFFFFFFFF


def framed(position: int, kind: int, key: bytes, payload: bytes) -> bytes:
    """The bytes of an entry at that position."""
    body = key + payload
    return ENTRY.pack(ENTRY.size + len(body), crc32(body, seed(position, kind, len(key))), kind, len(key)) + body


def entered(pages: mmap.mmap, at: int, position: int, kind: int, key: bytes, payload: bytes) -> int:
    """Put an entry at this offset; where it ends, or -1 when there is no room for it."""
    entry = framed(position, kind, key, payload)
    end = at + len(entry)
    if end > len(pages):
        return -1
    pages[at:end] = entry
    return end


def way_in() -> Enter:
    """`entered`, by C where that is here."""
    return _ahead.put if COMPILED else entered


def call_key(number: int) -> bytes:
    """What the note of this call is kept under; an entry that ends it, such as its record, names this key."""
    return CALL + number.to_bytes(8, "little")
