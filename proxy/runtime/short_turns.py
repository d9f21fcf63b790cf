"""The thread that carries calls asks the kernel for short turns, and so gets the core back from others at once.

Since Linux 6.12 who wakes up with a shorter turn than the one that runs does not wait for the end of that turn (some
milliseconds). Ours waits for the network most of the time and needs a fraction of a millisecond for what came; the threads
that write behind keep the kernel's usual turns, and so does every process that is started.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Final

TURN: Final = 100_000  # ns; the shortest that the kernel gives
ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")  # sched_setattr(2): size, policy, flags, nice, priority, three times
RESET_ON_FORK: Final = 1  # what we start has turns of the usual length
NUMBERS: Final = {"x86_64": (314, 315), "aarch64": (274, 275)}  # of sched_setattr and sched_getattr
SET: Final = 0
GET: Final = 1


def short_turns(turn: int = TURN) -> int:
    """Ask for turns of `turn` ns (100,000 to 100,000,000) for the calling thread; what the kernel says it gives.

    0 where it does not give any: an older kernel, another machine than those of `NUMBERS`, a system call that is not
    allowed, or a thread that an operator has put under another policy than the usual one. Needs no privilege.
    """
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != os.SCHED_OTHER:
        return 0
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    asked = ATTRIBUTES.pack(ATTRIBUTES.size, os.SCHED_OTHER, RESET_ON_FORK, nice, 0, turn, 0, 0)
    return turn_now() if system_call(SET, asked, 0) else 0


def turn_now() -> int:
    """The length of a turn of the calling thread in ns, 0 where the kernel does not say it."""
    given = ctypes.create_string_buffer(ATTRIBUTES.size)
    return int(ATTRIBUTES.unpack(given.raw)[5]) if system_call(GET, given, ATTRIBUTES.size, 0) else 0


def system_call(what: int, *arguments: object) -> bool:
    """Make it for the calling thread; whether it could be made."""
    numbers = NUMBERS.get(platform.machine())
    return numbers is not None and ctypes.CDLL(None).syscall(numbers[what], 0, *arguments) == 0
