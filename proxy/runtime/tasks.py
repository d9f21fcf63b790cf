"""The one place where asyncio tasks are born.

A bare `create_task` loses two things: the event loop holds only a weak reference, so a task can vanish
in the middle of its work, and an exception waits unseen until somebody collects the task. `Tasks` keeps
the reference until the task is over and reports the exception at once. Linting forbids the bare call.

A cancellation can get lost on its way: a library may swallow one that comes together with an answer or with the end of
its own patience. So it is repeated until the task is over; otherwise a stop could wait for ever.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, Final, final

AGAIN: Final = 1.0  # s until who is not over is cancelled once more


@final
class Tasks:
    """The running tasks of one process; `on_failure` receives one text for each task that broke."""

    __slots__ = ("_on_failure", "_running")

    def __init__(self, on_failure: Callable[[str], None]) -> None:
        self._on_failure = on_failure
        self._running: set[asyncio.Task[None]] = set()

    def spawn(
        self,
        coroutine: Coroutine[Any, Any, None],  # Any: what a coroutine yields and is sent is the loop's affair
        name: str,
    ) -> asyncio.Task[None]:
        """Start the coroutine on the running loop under a name that the failure text repeats."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._running.add(task)
        task.add_done_callback(self._over)
        return task

    async def cancel(self) -> None:
        """Cancel whatever runs now and wait until all of it is over."""
        running = set(self._running)
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=AGAIN)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        failure = task.exception()
        if failure is not None:
            trace = "".join(traceback.format_exception(failure)).rstrip()
            self._on_failure(f"task `{task.get_name()}` broke: {trace}")
