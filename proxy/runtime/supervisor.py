"""Several workers as one node: their sockets, their lives, and the operator's door, behind which they answer together.

The first worker makes what is made once (keys, the store, its first directory) before the others take anything.
No call passes through here: what the supervisor does costs calls nothing, and while it waits they go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from typing import Final, final

from proxy.runtime.admin import Admin, start_admin
from proxy.runtime.configuration import Configuration, load_successor
from proxy.runtime.control import Content, Gone, Refused
from proxy.runtime.held_sockets import handed_over
from proxy.runtime.metric_samples import Snapshot, by_one
from proxy.runtime.metrics_added import added
from proxy.runtime.needs import FREE, needed, shown
from proxy.runtime.supervised_worker import DRAIN, STOP, SupervisedWorker, worker_command
from proxy.runtime.tasks import Tasks
from proxy.runtime.toml_source import ConfigError
from proxy.runtime.worker_sockets import WorkerSockets

LAST: Final = 20.0  # s that workers have for their end, once they were told to stop
LONGEST_ANSWER: Final = 60.0


@final
class Asked:
    """A test of gateways by hand: the first worker that answers speaks for the node."""

    def __init__(self, workers: list[SupervisedWorker]) -> None:
        self._workers: Final = workers

    async def asked(self, carrier: str) -> list[dict[str, str]]:
        """What each gateway answers to OPTIONS, a row for each; none for a carrier that there is not."""
        for worker in self._workers:
            try:
                return list(await worker.ask("test", carrier))
            except Gone:
                continue
        return []


@final
class Supervisor:
    """All workers of one node. `say` tells the operator one line."""

    def __init__(self, configuration: Configuration, fixed_clock: float | None, say: Callable[[str], None]) -> None:
        settings = configuration.settings
        self.configuration = configuration
        self.reloads: Final[dict[str, int]] = {"applied": 0, "refused": 0}
        self.draining = False
        self.ready = False
        self._say: Final = say
        self._tasks: Final = Tasks(say)
        self._sockets: Final = WorkerSockets(settings.workers, say)
        command = worker_command(settings.path, fixed_clock)
        begins = [asyncio.Event() for _ in range(settings.workers)]
        self._begins: Final = begins
        self.workers: Final = [
            SupervisedWorker(number, settings.workers, self._sockets, command, begin, self._died, self._tasks, say)
            for number, begin in enumerate(begins)
        ]
        self.topology: Final = Asked(self.workers)
        self._lives: Final[list[asyncio.Task[None]]] = []
        self._reloading: Final = asyncio.Lock()
        self._taken: Final = AsyncExitStack()
        self._admin: Admin | None = None

    @property
    def digest(self) -> str:
        """The hash of all configuration files in force."""
        return self.configuration.digest

    @property
    def admin_port(self) -> int:
        """The bound admin port, 0 when there is none."""
        return self._admin.port if self._admin is not None else 0

    async def start(self) -> bool:
        """Take the sockets, then start the workers; False when one did not come up. Raises ConfigError. Then call `stop`."""
        settings = self.configuration.settings
        self._sockets.open(
            settings.listen, lambda one: needed(settings.path, one.where, FREE, shown(one.address)), handed_over()
        )
        self._taken.callback(self._sockets.close)
        self._taken.push_async_callback(self._tasks.cancel)
        self._taken.push_async_callback(self._end)
        admin = settings.admin
        if admin is not None:
            with needed(settings.path, ("admin", "listen"), FREE, shown(admin)):
                self._admin = await start_admin(admin.host, admin.port, self)
            self._taken.push_async_callback(self._admin.stop)
        for worker in self.workers:
            self._lives.append(self._tasks.spawn(worker.keep(), f"life of worker {worker.number}"))
        for begins, workers in ((self._begins[:1], self.workers[:1]), (self._begins[1:], self.workers[1:])):
            for begin in begins:
                begin.set()
            for worker in workers:
                await worker.settled.wait()
                if not worker.up:
                    return False
        self.ready = True
        return True

    def _died(self, number: int) -> None:
        if self._sockets.meters is not None:
            self._sockets.meters.clear(number)

    async def serve(self) -> None:
        """Wait until all workers have ended as ordered."""
        await asyncio.wait(self._lives)

    async def stop(self) -> None:
        """End all workers and give everything back; right after a failed start too."""
        self.ready = False
        await self._taken.aclose()

    async def _end(self) -> None:
        living = [life for life in self._lives if not life.done()]
        await asyncio.gather(*(worker.order(STOP) for worker in self.workers))
        if living:
            _, late = await asyncio.wait(living, timeout=LAST)
            for worker in self.workers:
                worker.kill()
            if late:
                await asyncio.wait(late)

    def terminate(self) -> None:
        """SIGTERM: drain; the second time stop at once."""
        if self.draining:
            self.stop_now()
            return
        self.draining = True
        for worker in self.workers:
            self._tasks.spawn(worker.order(DRAIN), "drain")

    def stop_now(self) -> None:
        """SIGINT: stop without waiting."""
        self.draining = True
        for worker in self.workers:
            self._tasks.spawn(worker.order(STOP), "stop")

    def hung_up(self) -> None:
        """SIGHUP: reopen the records and reload; what is wrong is said on standard error."""
        self._tasks.spawn(self._hang_up(), "reload")

    async def _hang_up(self) -> None:
        await asyncio.gather(*(self._told(worker, "reopen") for worker in self.workers))
        try:
            self._say(f"reloaded, configuration {await self.reload()}")
        except ConfigError as mistake:
            self._say(f"reload refused, the old configuration stays:\n{mistake}")

    async def _told(self, worker: SupervisedWorker, what: str) -> tuple[Content, str]:
        """The answer, and why there is none; a worker that is being replaced reads the files by itself."""
        try:
            return await worker.ask(what, patience=LONGEST_ANSWER), ""
        except Gone as gone:
            return None, f"worker {worker.number}: {gone}" if worker.up else ""
        except Refused as refusal:
            return None, f"worker {worker.number}: {refusal}"

    async def reload(self) -> str:
        """Load all files anew, here first and then in every worker; the new digest. Raises ConfigError."""
        async with self._reloading:
            try:
                fresh = await asyncio.get_running_loop().run_in_executor(None, load_successor, self.configuration)
                answers = await asyncio.gather(*(self._told(worker, "reload") for worker in self.workers))
                wrong = [why for _, why in answers if why]
                if wrong:
                    path = str(self.configuration.settings.path)
                    raise ConfigError(path, 0, "", "every worker to take the files over", "; ".join(wrong))
            except ConfigError:
                self.reloads["refused"] += 1
                raise
            except OSError as error:
                self.reloads["refused"] += 1
                seen = error.strerror or "an error of the system"
                raise ConfigError(str(error.filename), 0, "", "a readable file", seen) from None
            self.configuration = fresh
            self.reloads["applied"] += 1
            return fresh.digest

    def process_ids(self) -> Iterable[int | str]:
        """This process and those of all workers, as in /proc."""
        return ("self", *(worker.process_id for worker in self.workers if worker.process_id))

    async def taken(self) -> Snapshot:
        """Every metric of the node."""
        found = added(await asyncio.gather(*(worker.metrics() for worker in self.workers)))
        found["npv_workers"] = {(): len(self.workers)}
        found["npv_workers_up"] = {(): sum(worker.up for worker in self.workers)}
        found["npv_worker_restarts_total"] = {(str(worker.number),): worker.restarts for worker in self.workers}
        found["npv_config_info"] = {(self.digest,): 1}
        found["npv_config_reloads_total"] = by_one(self.reloads)
        found["npv_draining"] = {(): float(self.draining)}
        return found
