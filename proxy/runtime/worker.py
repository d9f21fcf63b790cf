"""One worker: the proxy as it is alone, but that its supervisor asks and orders instead of an operator and signals.

When the supervisor was killed nobody holds the sockets and nobody counts: then the worker ends too, and leaves its calls
to the next one as if it had been killed itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Final, final

from proxy.runtime.app import App
from proxy.runtime.clock import Clock
from proxy.runtime.configuration import Configuration
from proxy.runtime.control import Channel, Content, Refused
from proxy.runtime.metrics_added import packed
from proxy.runtime.needs import say
from proxy.runtime.toml_source import ConfigError
from proxy.runtime.worker_place import Place

ABANDONED: Final = 70  # exit code
LONGEST: Final = 600.0  # s that the first worker has to make what is made once


@final
class Worker:
    """The app of one place, and the way to the supervisor."""

    def __init__(self, configuration: Configuration, clock: Clock, place: Place) -> None:
        self.app: Final = App(configuration, clock, place)
        self._place: Final = place
        self._told = False  # to end
        answers = {
            "metrics": self._metrics,
            "reload": self._reload,
            "reopen": self._reopen,
            "test": self._test,
            "drain": self._drain,
            "stop": self._stop,
        }
        self._channel: Final = Channel(answers, self.app.tasks)

    async def start(self) -> bool:
        """Take what is needed, then calls, and say so; False when it was told to end before. Raises ConfigError. Then call
        `stop`."""
        end = socket.socket(fileno=self._place.files.control)
        end.set_inheritable(False)
        await self._channel.open(end)
        self.app.tasks.spawn(self._obey(), "supervisor")
        begin = asyncio.ensure_future(self._channel.ask("begin", patience=LONGEST))
        ended = asyncio.ensure_future(self.app.serve())
        await asyncio.wait((begin, ended), return_when=asyncio.FIRST_COMPLETED)
        told_to_end = ended.done()
        for one in (begin, ended):
            one.cancel()
        await asyncio.gather(begin, ended, return_exceptions=True)
        if told_to_end:
            return False
        await self.app.start()
        await self._channel.ask("ready", self.app.digest)
        return True

    async def _obey(self) -> None:
        await self._channel.follow()
        if self._told:
            self.app.stop_now()
            return
        say(f"worker {self.app.number} has no supervisor any more: its calls are left to the next one")
        await asyncio.get_running_loop().run_in_executor(None, self.app.journal.stop)
        os._exit(ABANDONED)  # a stop would hang up

    async def serve(self) -> None:
        """Carry calls until the supervisor says stop, or the last call of a drain has ended."""
        await self.app.serve()

    async def stop(self) -> None:
        """End, right after a failed start too."""
        await self.app.stop()

    async def _metrics(self, _: Content) -> Content:
        return packed(await self.app.taken())

    async def _reload(self, _: Content) -> Content:
        try:
            return await self.app.reload()
        except ConfigError as mistake:
            raise Refused(str(mistake)) from None

    async def _reopen(self, _: Content) -> Content:
        self.app.journal.reopen()

    async def _test(self, carrier: Content) -> Content:
        return await self.app.topology.asked(carrier)

    async def _drain(self, _: Content) -> Content:
        if not self.app.draining:
            self.app.terminate()

    async def _stop(self, _: Content) -> Content:
        self._told = True
        self.app.stop_now()
