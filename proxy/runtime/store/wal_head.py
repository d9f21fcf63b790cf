"""Whether anybody has written to the SQLite file since: a look at memory that all of its processes share, no system call.

In WAL mode the head of the WAL index (48 bytes, sqlite.org/walformat.html) is written anew by each commit of any process,
before that process goes on. Who finds the same bytes as before would read what it has read before. The index is mapped
under the descriptor that SQLite has open: one of our own would cost SQLite its locks when it is closed (fcntl(2)).
"""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path
from typing import Final, final

from proxy.runtime.store.writer import descriptor

HEAD: Final = 48
VERSION = (3007000).to_bytes(4, "little"), (3007000).to_bytes(4, "big")  # of all that SQLite has written yet
FAILED: Final = ctypes.c_void_p(-1).value

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = (
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
)  # fmt: skip
libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)


@final
class WalHead:
    """The head of the WAL index of one file, while a connection of this process has that open."""

    __slots__ = ("_address", "_head")

    def __init__(self, path: Path) -> None:
        """Raises OSError if the file has no such index that is shared, or one of another version."""
        index = descriptor(path.with_name(path.name + "-shm"))
        address = libc.mmap(None, mmap.PAGESIZE, mmap.PROT_READ, mmap.MAP_SHARED, index, 0)
        if address is None or address == FAILED:
            raise OSError(ctypes.get_errno(), "the WAL index cannot be mapped")
        self._address: int | None = address
        self._head: Final = (ctypes.c_char * HEAD).from_address(address)
        if self.read()[:4] not in VERSION:
            self.close()
            raise OSError(f"the WAL index of {path} is of an unknown version")

    def read(self) -> bytes:
        """The bytes of this moment; while somebody writes them, a mixture that is never seen again."""
        return self._head.raw

    def close(self) -> None:
        """Unmap it, before the last connection is closed; nothing may be read any more."""
        if self._address is not None:
            libc.munmap(self._address, mmap.PAGESIZE)
            self._address = None
