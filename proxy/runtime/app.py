"""The running process: everything is built here once, started, reloaded, drained and stopped.

The composition root: no other module knows all the parts. What a signal asks for is a method; a drain takes no new calls
and lets those in progress end first, for at most `DRAIN_MOST` seconds. `process` starts it alone, `worker` as one of
several, with a `Place` that says what is its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from time import perf_counter
from typing import TYPE_CHECKING, Final, final

from proxy.b2bua.engine import Engine
from proxy.policy.directory import Directory
from proxy.policy.inquiry import PersonState
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.call_keeping import CallKeeping
from proxy.runtime.clock import Clock
from proxy.runtime.configuration import Configuration, load_successor
from proxy.runtime.dns_query import DnsQuery
from proxy.runtime.edition_file import edition_with
from proxy.runtime.handover import Handover
from proxy.runtime.held_sockets import handed_over
from proxy.runtime.ids import RandomIds
from proxy.runtime.journal import Journal
from proxy.runtime.loop_lag import LoopLag
from proxy.runtime.metric_samples import Snapshot
from proxy.runtime.metrics import snapshot
from proxy.runtime.needs import FREE, UNUSED, needed, say, shown
from proxy.runtime.node_topology import NodeTopology
from proxy.runtime.owners_ledger import OwnersLedger, among
from proxy.runtime.shared_state import SharedState
from proxy.runtime.sip_ports import SipPorts
from proxy.runtime.store.inline_ledger import InlineLedger
from proxy.runtime.store.ledger_desk import Question
from proxy.runtime.stream_counts import StreamCounts
from proxy.runtime.tasks import Tasks
from proxy.runtime.toml_source import ConfigError
from proxy.runtime.transports import Transports
from proxy.runtime.trunk_settings import Trunks
from proxy.runtime.worker_place import Place, handover_in, meters_in

if TYPE_CHECKING:
    from proxy.runtime.admin import Admin

DRAIN_MOST: Final = 3600.0
DRAIN_LOOK: Final = 0.2


@final
class App:
    """One proxy process; `configuration` is that of its `place`, if it is one of several."""

    def __init__(self, configuration: Configuration, clock: Clock, place: Place | None = None) -> None:
        settings = configuration.settings
        self._place: Final = place
        self._taken: Final = AsyncExitStack()
        self.configuration = configuration
        self.clock: Final = clock
        ids = RandomIds(mark=place.mark if place is not None else b"")
        self.engine: Final = Engine(settings.topology, configuration.edition, ids, perf_counter)
        meters = meters_in(place, settings)
        if meters is not None:
            self._taken.callback(meters.close)
            self.engine.fabric.share_limits(meters)
        folder = settings.state.located(settings.store.path) / str(settings.worker)
        self.ahead: Final = AheadLog(folder, say, most=settings.state.most)
        self.calls: Final = CallKeeping(self.ahead, self.engine)
        records = settings.records
        self.journal: Final = Journal(records.targets, records.queue, settings.node, configuration.edition)
        self.lag: Final = LoopLag()
        self.reloads: Final[dict[str, int]] = {"applied": 0, "refused": 0}
        self.tasks: Final = Tasks(say)
        self.ready = False
        self._stopped: Final = asyncio.Event()
        self._reloading: Final = asyncio.Lock()
        self._admin: Admin | None = None
        self.streams: Final = StreamCounts([one.name for one in settings.listen])
        self._ports: SipPorts | None = None
        self.handover: Handover | None = None
        self.shared: Final = SharedState(settings, clock, self.tasks, say, self.ahead, meters)
        self._names: Final = DnsQuery(settings.name_servers)
        self.topology: Final = NodeTopology(settings, self.tasks, self.engine, clock, self._moved, say, self._names)

    @property
    def number(self) -> int:
        """Which of the node's workers this is."""
        return self.configuration.settings.worker

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
            self.journal.start(self.ahead, left)
        taken.callback(self.journal.stop)
        taken.push_async_callback(self._names.close)
        taken.push_async_callback(self.tasks.cancel)
        taken.push_async_callback(self.shared.stop)
        await self.shared.start(self._answered, self._renewed, left.entries)
        await self.calls.find(left, settings, self.tasks, taken, say)
        await self.topology.settled()
        transports = Transports(self.engine, clock, self.journal, self.engine.gate)
        self._ports = ports = SipPorts(settings.listen, transports, self.streams, self.tasks, say)
        self._open(ports)
        taken.push_async_callback(ports.stop)
        self._moved()
        self.engine.fabric.memory = self.engine.fabric.ledger = self.shared
        if self.shared.desk is not None:
            ledger = among(self.shared.desk, self.handover, settings.workers, transports.answered)
            transports.use_ledger(ledger)
            if isinstance(ledger, InlineLedger | OwnersLedger):
                self.engine.fabric.ledger = ledger
        self.calls.take_up(transports, clock, say)  # nothing has been read from a port yet
        admin = settings.admin
        if admin is not None:
            from proxy.runtime.admin import start_admin  # a worker has none, and starts the sooner

            with needed(settings.path, ("admin", "listen"), FREE, shown(admin)):
                self._admin = await start_admin(admin.host, admin.port, self)
            taken.push_async_callback(self._admin.stop)
        self.ahead.taken_over()
        self.tasks.spawn(self.lag.measure(), "loop lag")
        self.ready = True

    def _open(self, ports: SipPorts) -> None:
        """Take the SIP sockets: from the supervisor in a worker, else from the service manager or the system."""
        path = self.configuration.settings.path
        if self._place is None:
            ports.open(lambda one: needed(path, one.where, FREE, shown(one.address)), handed_over())
            return
        self.handover, feed, for_streams = handover_in(self._place, ports.transports)
        self._taken.callback(self.handover.close)
        ports.open(lambda one: needed(path, one.where, FREE, shown(one.address)), self._place.sockets(), feed)
        ports.share(self.handover, for_streams)

    def process_ids(self) -> Iterable[int | str]:
        """This process, as in /proc."""
        return ("self",)

    async def taken(self) -> Snapshot:
        """Every metric as it stands."""
        return snapshot(self)

    async def reload(self) -> str:
        """Load all files anew and swap; the new digest. Raises ConfigError and keeps the old state."""
        async with self._reloading:
            loop, own = asyncio.get_running_loop(), () if self._place is None else (self._place.own,)
            try:
                fresh = await loop.run_in_executor(None, load_successor, self.configuration, *own)
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

    def hung_up(self) -> None:
        """SIGHUP: reopen the journal and reload; what is wrong is said on standard error."""
        self.tasks.spawn(self.hang_up(), "reload")

    async def hang_up(self) -> None:
        """What `hung_up` begins."""
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
