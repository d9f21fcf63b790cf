"""Several sockets on one address, and the kernel puts each datagram at once into that of the worker that owns it.

The sockets share the address by SO_REUSEPORT; a classic BPF program, which needs no privilege, answers for each datagram
which of them gets it. It reckons what `worker_marks` reckons, on the forms that SIP is written in nearly always: the
user of the Request-URI is digits, or the mark of our Contact; the mark of a branch stands in the first header line of an
answer. What is written otherwise lands anywhere, and whoever reads it passes it on (`handover`); so nothing depends on
this program but speed.
"""

from __future__ import annotations

import socket
from typing import Final

from proxy.runtime.socket_program import CODE, JUMP, JUMP_EQUAL, LOAD_BYTE, LOAD_WORD, RETURN, attached, word
from proxy.runtime.worker_marks import FACTORS

SO_ATTACH_REUSEPORT_CBPF: Final = getattr(socket, "SO_ATTACH_REUSEPORT_CBPF", 51)  # asm-generic/socket.h
LOAD_WORD_FROM: Final = 0x40  # at X + constant
LOAD_HALF_FROM: Final = 0x48
LOAD_BYTE_FROM: Final = 0x50
SET_X: Final = 0x01
SET_X_KEPT: Final = 0x61
KEEP: Final = 0x02
ADD: Final = 0x04
ADD_X: Final = 0x0C
SUBTRACT: Final = 0x14
MULTIPLY: Final = 0x24
SHIFT_RIGHT: Final = 0x74
MODULO: Final = 0x94
RETURN_A: Final = 0x16
A_TO_X: Final = 0x07
X_TO_A: Final = 0x87

Code = tuple[int, int, int, int]  # what, jump if true, jump if false, constant

FIRST_AT: Final = 9  # the shortest method, a scheme of three letters, one digit
LAST_AT: Final = 72
STATUS_LINE: Final = range(11, 72)
BRANCH_WITHIN: Final = range(24, 100)  # of the first header line


def program(workers: int) -> list[Code]:
    """Which of so many sockets gets a datagram."""
    answers = [(LOAD_WORD, 0, 0, 0), (JUMP_EQUAL, 0, 1, word(b"SIP/"))]
    by_user = _user()
    by_number, by_mark = _number(workers), _mark(workers)
    # X is nine bytes before the `@`; a user that ends in the mark is told by the `:` before it
    choose = [(LOAD_HALF_FROM, 0, 0, 5), (JUMP_EQUAL, 0, 1, word(b":w")), (JUMP, 0, 0, len(by_number))]
    by_branch = _branch()
    before_mark = [*by_user, *choose, *by_number]
    answers.append((JUMP, 0, 0, len(before_mark) + len(by_mark)))
    # the way of an answer stands behind the rest; jumps of classic BPF only lead forwards, so it has the mark again
    return [*answers, *before_mark, *by_mark, *by_branch, *by_mark]


def _user() -> list[Code]:
    """X to nine bytes before the first `@`; the first socket if there is none."""
    steps = range(FIRST_AT, LAST_AT)
    left = len(steps) * 4 + 1
    code: list[Code] = []
    for place in steps:
        left -= 4
        code += [(LOAD_BYTE, 0, 0, place), (JUMP_EQUAL, 0, 2, word(b"@")), (SET_X, 0, 0, place - 9), (JUMP, 0, 0, left)]
    return [*code, (RETURN, 0, 0, 0)]


def _number(workers: int) -> list[Code]:
    """The hash of the nine bytes from X on."""
    code: list[Code] = []
    loads = ((LOAD_WORD_FROM, 0), (LOAD_WORD_FROM, 4), (LOAD_BYTE_FROM, 8))
    for slot, ((load, offset), factor) in enumerate(zip(loads, FACTORS, strict=True)):
        code += [(load, 0, 0, offset), (MULTIPLY, 0, 0, factor), (KEEP, 0, 0, slot)]
    for slot in (0, 1):
        code += [(SET_X_KEPT, 0, 0, slot), (ADD_X, 0, 0, 0)]
    return [*code, (SHIFT_RIGHT, 0, 0, 16), (MODULO, 0, 0, workers), (RETURN_A, 0, 0, 0)]


def _mark(workers: int) -> list[Code]:
    """The two digits that end nine bytes behind X."""
    return [
        (LOAD_BYTE_FROM, 0, 0, 7), (SUBTRACT, 0, 0, ord("0")), (MULTIPLY, 0, 0, 10), (KEEP, 0, 0, 0),
        (LOAD_BYTE_FROM, 0, 0, 8), (SUBTRACT, 0, 0, ord("0")), (SET_X_KEPT, 0, 0, 0), (ADD_X, 0, 0, 0),
        (MODULO, 0, 0, workers), (RETURN_A, 0, 0, 0),
    ]  # fmt: skip


def _branch() -> list[Code]:
    """X so that `_mark` finds that of the branch in the line behind the status line."""
    code: list[Code] = []
    left = len(STATUS_LINE) * 4 + 1
    for place in STATUS_LINE:
        left -= 4
        code += [
            (LOAD_BYTE, 0, 0, place),
            (JUMP_EQUAL, 0, 2, word(b"\n")),
            (SET_X, 0, 0, place + 1),
            (JUMP, 0, 0, left),
        ]
    code.append((RETURN, 0, 0, 0))
    left = len(BRANCH_WITHIN) * 6 + 1
    for place in BRANCH_WITHIN:
        left -= 6
        code += [
            (LOAD_WORD_FROM, 0, 0, place), (JUMP_EQUAL, 0, 4, word(b"4bKw")),
            (X_TO_A, 0, 0, 0), (ADD, 0, 0, place + 4 - 7), (A_TO_X, 0, 0, 0), (JUMP, 0, 0, left),
        ]  # fmt: skip
    return [*code, (RETURN, 0, 0, 0)]


def sort_by_owner(opened: socket.socket, workers: int) -> bool:
    """Let the kernel sort what arrives for all sockets on the address of `opened`, the first of them being that of worker
    0; False where it does not know how."""
    codes = b"".join(CODE.pack(*one) for one in program(workers))
    return attached(opened, SO_ATTACH_REUSEPORT_CBPF, codes)
