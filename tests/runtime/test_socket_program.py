"""Programs in the kernel: a socket gets them, and what is none is refused."""

from __future__ import annotations

import select
import socket

import pytest

from proxy.runtime.socket_program import CODE, LOAD_WORD, RETURN, attached, word

SO_ATTACH_FILTER = 26
EVERYTHING = CODE.pack(RETURN, 0, 0, 0xFFFFFFFF)
NOTHING = CODE.pack(RETURN, 0, 0, 0)


@pytest.mark.parametrize(("codes", "arrives"), [(EVERYTHING, True), (CODE.pack(LOAD_WORD, 0, 0, 0) + NOTHING, False)])
def test_the_kernel_does_what_the_program_says(codes: bytes, arrives: bool) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as read,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as send,
    ):
        read.setblocking(False)
        read.bind(("127.0.0.1", 0))
        assert attached(read, SO_ATTACH_FILTER, codes)
        send.sendto(b"hello", read.getsockname())
        if arrives:
            assert select.select([read], [], [], 30)[0]
            assert read.recv(100) == b"hello"
        else:
            with pytest.raises(BlockingIOError):
                read.recv(100)


@pytest.mark.parametrize("codes", [b"", CODE.pack(LOAD_WORD, 0, 0, 0)])
def test_what_is_no_program_is_refused(codes: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as read:
        assert not attached(read, SO_ATTACH_FILTER, codes)


def test_bytes_as_a_program_sees_them() -> None:
    assert word(b"INVI") == 0x494E5649
