"""When garbage is looked for: little at a time, and at each object twice.

Calls make no cycles, so a collection only looks for our own mistakes, and whoever looks at much of the memory at once holds
up every message. Python's own policy comes back to whatever has stayed: with 60,000 calls up it took 0.2 s at once. Here what
two collections have left is put aside; it is given back as ever when nobody refers to it any more, and nobody looks at it
again but `tidy`, once a day and while no call is up.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

YOUNG: Final = 2_000  # objects that have come and stayed: looking at them takes half a millisecond
OLDER: Final = 1  # of these looks before what they left is looked at once more, and put aside
DAY: Final = 86_400.0  # s
AGAIN: Final = 60.0  # s until it is seen again whether calls are up


def settle() -> None:
    """What is there now stays, and what comes is put aside when it has been looked at twice."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, 100)
    if put_aside not in gc.callbacks:
        gc.callbacks.append(put_aside)


def put_aside(phase: str, about: Mapping[str, int]) -> None:
    """For `gc.callbacks`: no collection looks again at what one of the second generation has left."""
    if phase == "stop" and about["generation"] == 1:
        gc.freeze()


async def tidy(active_calls: Callable[[], int], every: float = DAY, again: float = AGAIN) -> NoReturn:
    """Look at everything now and then, when no call is up; for ever."""
    wait = every
    while True:
        await asyncio.sleep(wait)
        busy = active_calls() > 0
        wait = again if busy else every
        if not busy:
            gc.unfreeze()
            gc.collect()
            gc.freeze()
