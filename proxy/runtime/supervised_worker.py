"""One worker as its supervisor sees it: started, watched, replaced when it ends unasked, asked and ordered.

The successor of a worker that died starts at once and reads what waits in its sockets. One that dies soon after its
start again and again is started ever more slowly, up to `SLOWEST`, and that is said.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final, Protocol, final

import proxy
from proxy.runtime.control import Channel, Content, Gone, control_pair
from proxy.runtime.metric_samples import Snapshot
from proxy.runtime.metrics_added import added, lasting, unpacked
from proxy.runtime.tasks import Tasks
from proxy.runtime.worker_place import Files, Place

STEADY: Final = 10.0  # s: who lived so long did not die of its start
SLOW: Final = 0.1  # s before the second try
SLOWEST: Final = 5.0
LOOK: Final = 1.0  # s that a worker has for its metrics
DRAIN: Final = "drain"
STOP: Final = "stop"


class Sockets(Protocol):
    """What is inherited; `worker_sockets.WorkerSockets` has it."""

    def files(self, number: int, control: int) -> Files:
        """The files of the worker of this number."""


@final
class SupervisedWorker:
    """The process of that number, and all before it. `command` is completed by its place; it takes nothing of the node
    before `begin`, and `died` is told of each death."""

    def __init__(
        self,
        number: int,
        workers: int,
        sockets: Sockets,
        command: Sequence[str],
        begin: asyncio.Event,
        died: Callable[[int], None],
        tasks: Tasks,
        say: Callable[[str], None],
    ) -> None:
        self.number: Final = number
        self.up = False
        self.restarts = 0
        self.ordered = ""  # DRAIN or STOP
        self.settled: Final = asyncio.Event()  # it is up, or its first process has ended
        self._workers: Final = workers
        self._sockets: Final = sockets
        self._command: Final = tuple(command)
        self._begin: Final = begin
        self._died: Final = died
        self._tasks: Final = tasks
        self._say: Final = say
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._last: Snapshot = {}
        self._before: Snapshot = {}

    @property
    def process_id(self) -> int:
        """0 when there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def keep(self) -> None:
        """Until it ends as ordered, or never came up."""
        pause = 0.0
        while True:
            started = monotonic()
            code = await self._live()
            came_up, self.up = self.settled.is_set(), False
            self._died(self.number)
            self._before, self._last = added((self._before, lasting(self._last))), {}
            self.settled.set()
            if not came_up or self.ordered == STOP or (self.ordered == DRAIN and code == 0):
                return
            self.restarts += 1
            pause = 0.0 if monotonic() - started > STEADY else min(max(2 * pause, SLOW), SLOWEST)
            later = f" in {pause:g} s" if pause else ""
            self._say(f"worker {self.number} has ended ({ending(code)}): it is replaced{later}")
            await asyncio.sleep(pause)
            if self.ordered == STOP:
                return

    async def _live(self) -> int:
        """One process from its start to its end; its exit code."""
        near, far = control_pair()
        files = self._sockets.files(self.number, far.fileno())
        place = Place(self.number, self._workers, files)
        inherited = {files.control, files.meters, files.inbox, *files.doors, *files.sip}
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, (home(), os.environ.get("PYTHONPATH")))),
        }
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command, place.text(), pass_fds=sorted(inherited), env=environment
            )
        finally:
            far.close()
        channel = self._channel = Channel({"begin": self._may_begin, "ready": self._ready}, self._tasks)
        await channel.open(near)
        following = self._tasks.spawn(channel.follow(), f"worker {self.number}")
        try:
            return await process.wait()
        finally:
            await asyncio.wait([following])
            self._channel = None

    async def _may_begin(self, _: Content) -> Content:
        await self._begin.wait()

    async def _ready(self, _: Content) -> Content:
        self.up = True
        self.settled.set()
        if self.ordered:  # the one before it died of a drain
            self._tasks.spawn(self.order(self.ordered), "order")

    async def order(self, what: str) -> None:
        """DRAIN or STOP it, now or as soon as it is up."""
        self.ordered = what
        with suppress(Gone):
            await self.ask(what)

    async def ask(self, what: str, content: Content = None, patience: float = 60.0) -> Content:
        """The worker's answer. Raises Gone, Refused."""
        if self._channel is None:
            raise Gone("it is being replaced")
        return await self._channel.ask(what, content, patience)

    async def metrics(self) -> Snapshot:
        """What it and those before it have counted; the last that was heard while it does not answer."""
        if self.up:
            with suppress(Gone):
                self._last = unpacked(await self.ask("metrics", patience=LOOK))
        return added((self._before, self._last))

    def kill(self) -> None:
        """End it without asking."""
        if self.process_id and self._process is not None:
            self._process.send_signal(signal.SIGKILL)


def home() -> str:
    """Where this copy of the package lies, so that a worker runs the same."""
    return str(Path(proxy.__file__).parents[1])


def worker_command(config: Path, fixed_clock: float | None) -> list[str]:
    """What starts a worker, up to its place."""
    clock = [] if fixed_clock is None else ["--fixed-clock", repr(fixed_clock)]
    return [sys.executable, "-P", "-m", "proxy", "worker", "--config", str(config), *clock, "--place"]


def ending(code: int) -> str:
    """How a process ended, for people."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
