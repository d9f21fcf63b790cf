"""The running process: everything is built here once, started, reloaded, drained and stopped.

The composition root: no other module knows all the parts. SIGTERM drains (no new calls, those in progress end first,
at most `DRAIN_MOST` seconds), a second SIGTERM or SIGINT stops at once; SIGHUP reloads and reopens the journal.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from pathlib import Path
from time import perf_counter
from typing import Final, final

from proxy.b2bua.engine import Engine
from proxy.runtime import build
from proxy.runtime.admin import Admin, start_admin
from proxy.runtime.clock import Clock, FixedClock, SystemClock
from proxy.runtime.configuration import Configuration, load_configuration, load_successor
from proxy.runtime.ids import RandomIds
from proxy.runtime.journal import Journal
from proxy.runtime.loop_lag import LoopLag
from proxy.runtime.tasks import Tasks
from proxy.runtime.toml_source import ConfigError
from proxy.runtime.udp import UdpPort

DRAIN_MOST: Final = 3600.0
DRAIN_LOOK: Final = 0.2
# s; the loop takes the interpreter anew for each datagram, and while a thread reads files each take waits this long
SWITCH: Final = 1e-4
GC_YOUNG: Final = 50_000  # calls make no cycles; a collection only has to look for our own mistakes, seldom


@final
class App:
    """One proxy process. Raises ConfigError when its files are wrong and OSError when it cannot bind."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        settings = configuration.settings
        self.configuration = configuration
        self.clock: Final = clock
        self.engine: Final = Engine(settings.topology, configuration.edition, RandomIds(), perf_counter)
        self.journal: Final = Journal(
            settings.records.path, settings.records.queue, settings.node, configuration.edition
        )  # fmt: skip
        self.lag: Final = LoopLag()
        self.reloads: Final[dict[str, int]] = {"applied": 0, "refused": 0}
        self.tasks: Final = Tasks(say)
        self.ready = False
        self._stopped: Final = asyncio.Event()
        self._reloading: Final = asyncio.Lock()
        self._port: UdpPort | None = None
        self._admin: Admin | None = None

    @property
    def digest(self) -> str:
        """The hash of all configuration files in force."""
        return self.configuration.digest

    @property
    def draining(self) -> bool:
        """No new call is taken any more."""
        return self.engine.draining

    @property
    def sip_port(self) -> int:
        """The bound SIP port."""
        return self._port.port if self._port is not None else 0

    @property
    def admin_port(self) -> int:
        """The bound admin port, 0 when there is none."""
        return self._admin.port if self._admin is not None else 0

    async def start(self) -> None:
        """Bind everything and take calls."""
        settings = self.configuration.settings
        self.journal.start()
        self._port = UdpPort(settings.listen.host, settings.listen.port, self.engine, self.clock, self.journal)
        if settings.admin is not None:
            self._admin = await start_admin(settings.admin.host, settings.admin.port, self)
        self.tasks.spawn(self.lag.measure(), "loop lag")
        self.ready = True

    async def reload(self) -> str:
        """Load all files anew and swap; the new digest. Raises ConfigError and keeps the old state."""
        async with self._reloading:
            loop = asyncio.get_running_loop()
            try:
                fresh = await loop.run_in_executor(None, load_successor, self.configuration)
            except (ConfigError, OSError) as error:
                self.reloads["refused"] += 1
                if isinstance(error, OSError):
                    seen = error.strerror or "an error of the system"
                    raise ConfigError(str(error.filename), 0, "", "a readable file", seen) from None
                raise
            self.configuration = fresh
            self.engine.use_edition(fresh.edition)
            self.engine.use_topology(fresh.settings.topology)
            self.journal.use_edition(fresh.edition)
            self.reloads["applied"] += 1
            return fresh.digest

    async def hang_up(self) -> None:
        """SIGHUP: reopen the journal and reload; what is wrong is said on standard error."""
        self.journal.reopen()
        try:
            say(f"reloaded, configuration {await self.reload()}")
        except ConfigError as mistake:
            say(f"reload refused, the old configuration stays:\n{mistake}")

    def terminate(self) -> None:
        """SIGTERM: drain; the second time stop at once."""
        if self.engine.draining:
            self._stopped.set()
        else:
            self.engine.drain()
            say(f"draining, {self.engine.active_calls()} calls in progress")
            self.tasks.spawn(self._drain(), "drain")

    async def _drain(self) -> None:
        waited = 0.0
        while self.engine.active_calls() and waited < DRAIN_MOST:
            await asyncio.sleep(DRAIN_LOOK)
            waited += DRAIN_LOOK
        self._stopped.set()

    def stop_now(self) -> None:
        """SIGINT: stop without waiting."""
        self._stopped.set()

    async def serve(self) -> None:
        """Run until stopped, then give everything back."""
        await self._stopped.wait()
        await self.stop()

    async def stop(self) -> None:
        """Close the ports, end the tasks and write the records that wait."""
        self.ready = False
        if self._admin is not None:
            await self._admin.stop()
        if self._port is not None:
            self._port.close()
        await self.tasks.cancel()
        self.journal.stop()


def say(text: str) -> None:
    """One line for the operator on standard error."""
    sys.stderr.write(f"npv-proxy: {text}\n")
    sys.stderr.flush()


def run(config: Path, fixed_clock: float | None) -> int:
    """Carry calls until a signal ends it; the exit code. Raises ConfigError for wrong files."""
    configuration = load_configuration(config)
    clock: Clock = SystemClock() if fixed_clock is None else FixedClock(fixed_clock, running=True)
    import uvloop

    sys.setswitchinterval(SWITCH)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_main(configuration, clock))


async def _main(configuration: Configuration, clock: Clock) -> int:
    app = App(configuration, clock)
    try:
        await app.start()
    except OSError as error:
        say(f"cannot start: {error}")
        await app.stop()
        return 1
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, app.terminate)
    loop.add_signal_handler(signal.SIGINT, app.stop_now)
    loop.add_signal_handler(signal.SIGHUP, lambda: app.tasks.spawn(app.hang_up(), "reload"))
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_YOUNG, 20, 100)
    settings = configuration.settings
    say(
        f"version {build.version()}, {build.kind()} build, SIP on {settings.listen.host}:{app.sip_port}, "
        f"admin on port {app.admin_port}, configuration {app.digest}, rules {configuration.edition.revision}"
    )
    await app.serve()
    return 0
