"""The running process: everything is built here once, started, reloaded, drained and stopped.

The composition root: no other module knows all the parts. SIGTERM drains (no new calls, those in progress end first,
at most `DRAIN_MOST` seconds), a second SIGTERM or SIGINT stops at once; SIGHUP reloads and reopens the journal.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter
from typing import Final, final

from proxy.b2bua.engine import Engine
from proxy.policy.directory import Directory
from proxy.policy.inquiry import PersonState
from proxy.runtime import build
from proxy.runtime.admin import Admin, start_admin
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.call_keeping import CallKeeping, notes_in
from proxy.runtime.clock import Clock, FixedClock, SystemClock
from proxy.runtime.configuration import Configuration, load_configuration, load_successor
from proxy.runtime.dns_query import DnsQuery
from proxy.runtime.edition_file import edition_with
from proxy.runtime.held_sockets import handed_over
from proxy.runtime.ids import RandomIds
from proxy.runtime.journal import Journal
from proxy.runtime.loop_lag import LoopLag
from proxy.runtime.needs import FREE, UNUSED, listening, needed, shown
from proxy.runtime.node_topology import NodeTopology
from proxy.runtime.shared_state import SharedState
from proxy.runtime.sip_ports import SipPorts
from proxy.runtime.store.ledger_desk import Question
from proxy.runtime.stream_counts import StreamCounts
from proxy.runtime.tasks import Tasks
from proxy.runtime.toml_source import ConfigError
from proxy.runtime.transports import Transports
from proxy.runtime.trunk_settings import Trunks

ONLY: Final = "0"  # the folder of the one process within that of the ahead logs
DRAIN_MOST: Final = 3600.0
DRAIN_LOOK: Final = 0.2
# s; the loop takes the interpreter anew for each datagram, and while a thread reads files each take waits this long
SWITCH: Final = 1e-4
GC_YOUNG: Final = 50_000  # calls make no cycles; a collection only has to look for our own mistakes, seldom


@final
class App:
    """One proxy process."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        settings = configuration.settings
        self.configuration = configuration
        self.clock: Final = clock
        self.engine: Final = Engine(settings.topology, configuration.edition, RandomIds(), perf_counter)
        self.ahead: Final = AheadLog(settings.state.located(settings.store.path) / ONLY, say, most=settings.state.most)
        self.calls: Final = CallKeeping(self.ahead, self.engine)
        records = settings.records
        self.journal: Final = Journal(records.targets, records.queue, settings.node, configuration.edition)
        self.lag: Final = LoopLag()
        self.reloads: Final[dict[str, int]] = {"applied": 0, "refused": 0}
        self.tasks: Final = Tasks(say)
        self.ready = False
        self._stopped: Final = asyncio.Event()
        self._reloading: Final = asyncio.Lock()
        self._taken: Final = AsyncExitStack()
        self._admin: Admin | None = None
        self.streams: Final = StreamCounts([one.name for one in settings.listen])
        self._ports: SipPorts | None = None
        self.shared: Final = SharedState(settings, clock, self.tasks, say, self.ahead)
        self._names: Final = DnsQuery(settings.name_servers)
        self.topology: Final = NodeTopology(settings, self.tasks, self.engine, clock, self._moved, say, self._names)

    @property
    def digest(self) -> str:
        """The hash of all configuration files in force."""
        return self.configuration.digest

    @property
    def draining(self) -> bool:
        """No new call is taken any more."""
        return self.engine.draining

    @property
    def admin_port(self) -> int:
        """The bound admin port, 0 when there is none."""
        return self._admin.port if self._admin is not None else 0

    async def start(self) -> None:
        """Take what is needed, then calls. Raises ConfigError with the key of what cannot be had; then call `stop`."""
        settings, taken, clock = self.configuration.settings, self._taken, self.clock
        with needed(settings.path, ("state", "folder"), UNUSED, str(self.ahead.folder)):
            left = self.ahead.open()
        taken.callback(self.ahead.close)
        with needed(settings.path, ("records", "path"), "a file that can be written", settings.records.path):
            self.journal.start()
        taken.callback(self.journal.stop)
        taken.push_async_callback(self._names.close)
        taken.push_async_callback(self.tasks.cancel)
        taken.push_async_callback(self.shared.stop)
        await self.shared.start(self._answered, self._renewed, left.entries)
        await self.topology.settled()
        transports = Transports(self.engine, clock, self.journal, self.engine.gate)
        self._ports = ports = SipPorts(settings.listen, transports, self.streams, self.tasks, say)
        ports.open(lambda one: needed(settings.path, one.where, FREE, shown(one.address)), handed_over())
        taken.push_async_callback(ports.stop)
        self._moved()
        self.engine.fabric.memory = self.engine.fabric.ledger = self.shared
        if self.shared.desk is not None:
            transports.use_ledger(self.shared.desk)
        self.calls.take_up(notes_in(left), transports, clock, say)  # nothing has been read from a port yet
        admin = settings.admin
        if admin is not None:
            with needed(settings.path, ("admin", "listen"), FREE, shown(admin)):
                self._admin = await start_admin(admin.host, admin.port, self)
            taken.push_async_callback(self._admin.stop)
        self.ahead.taken_over()
        self.tasks.spawn(self.lag.measure(), "loop lag")
        self.ready = True

    async def reload(self) -> str:
        """Load all files anew and swap; the new digest. Raises ConfigError and keeps the old state."""
        async with self._reloading:
            loop = asyncio.get_running_loop()
            try:
                fresh = await loop.run_in_executor(None, load_successor, self.configuration)
                self.shared.take_keys()
                await self._decide_by(fresh)
            except (ConfigError, OSError) as error:
                self.reloads["refused"] += 1
                if isinstance(error, OSError):
                    seen = error.strerror or "an error of the system"
                    raise ConfigError(str(error.filename), 0, "", "a readable file", seen) from None
                raise
            if self._ports is not None:
                self._ports.use_listeners(fresh.settings.listen)
            self.topology.use_settings(fresh.settings)
            self.reloads["applied"] += 1
            return fresh.digest

    async def _decide_by(self, fresh: Configuration) -> None:
        """Take the rules and the plan of `fresh`, with the directory of the store read under that plan."""
        before, self.configuration = self.configuration, fresh
        try:
            await self.shared.use_plan(fresh.settings.files.numbering)
        except ConfigError:
            self.configuration = before
            raise

    def _moved(self) -> None:
        """Trunks or addresses have changed: whom we trust over TLS, and what the engine wants of its timer, too."""
        if self._ports is not None:
            self._ports.use_carriers(self.engine.fabric.topology.callees, self.configuration.settings.path.parent)
            self._ports.transports.arm()

    def _answered(self, answers: Sequence[tuple[Question, PersonState]]) -> None:
        if self._ports is not None:
            self._ports.transports.answered(answers)

    def _renewed(self, directory: Directory, version: int, trunks: Trunks) -> None:
        """Decide by this directory from now on, under the rules of the files, and route by its trunks."""
        edition = edition_with(self.configuration.edition, directory, version)
        self.engine.use_edition(edition)
        self.journal.use_edition(edition)
        self.topology.use_trunks(trunks)

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
        """Wait until a signal says stop, or until the last call of a drain has ended."""
        await self._stopped.wait()

    async def stop(self) -> None:
        """Close the ports, end the tasks and write the records that wait; right after a failed start too."""
        self.ready = False
        await self._taken.aclose()


def say(text: str) -> None:
    """One line for the operator on standard error."""
    sys.stderr.write(f"npv-proxy: {text}\n")
    sys.stderr.flush()


def run(config: Path, fixed_clock: float | None) -> int:
    """Carry calls until a signal ends it; the exit code. Raises ConfigError for wrong files."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a rotation of the records while the files are read must not end us
    configuration = load_configuration(config)
    clock: Clock = SystemClock() if fixed_clock is None else FixedClock(fixed_clock, running=True)
    import uvloop

    sys.setswitchinterval(SWITCH)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_main(configuration, clock))


async def _main(configuration: Configuration, clock: Clock) -> int:
    app = App(configuration, clock)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, app.terminate)
    loop.add_signal_handler(signal.SIGINT, app.stop_now)
    loop.add_signal_handler(signal.SIGHUP, lambda: app.tasks.spawn(app.hang_up(), "reload"))
    try:
        await app.start()
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_YOUNG, 20, 100)
        say(
            f"version {build.version()}, {build.kind()} build, SIP on {listening(configuration.settings)}, "
            f"admin on port {app.admin_port}, configuration {app.digest}, rules {configuration.edition.revision}"
        )
        await app.serve()
    except ConfigError as mistake:
        say(f"cannot start: {mistake}")
        return 1
    finally:
        await app.stop()
    return 0
