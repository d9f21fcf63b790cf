"""Programs of classic BPF for the kernel to run on what a socket receives; they need no privilege.

What both of ours are made of stands here: the instructions that they share, how one is written, how a socket gets them.
"""

from __future__ import annotations

import ctypes
import socket
from struct import Struct
from typing import Final

# instructions (linux/bpf_common.h): what is loaded is big-endian, as on the wire
LOAD_WORD: Final = 0x20
LOAD_BYTE: Final = 0x30
JUMP: Final = 0x05
JUMP_EQUAL: Final = 0x15
RETURN: Final = 0x06
CODE: Final = Struct("=HBBI")
"""What, jump if true, jump if false, constant."""
PROGRAM: Final = Struct("@HP")


def word(text: bytes) -> int:
    """Bytes as a program sees them."""
    return int.from_bytes(text, "big")


def attached(opened: socket.socket, option: int, codes: bytes) -> bool:
    """Give the socket these instructions by that option of it; False where the kernel does not know how."""
    held = ctypes.create_string_buffer(codes, len(codes))
    order = PROGRAM.pack(len(codes) // CODE.size, ctypes.addressof(held))
    try:
        opened.setsockopt(socket.SOL_SOCKET, option, order)
    except OSError:
        return False
    return True
