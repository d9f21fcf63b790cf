"""The topology of this node: what `proxy.toml` says of it, the trunks of the directory, and where each carrier's name leads.

A carrier may be written with a name. One task for each name follows it: it asks when the trunks arrive, again when the
answer has served its time, and nothing ever waits for it. A name that does not resolve never stops a directory: that is
said once, the last addresses stay, and the name is asked again; a carrier that never had one is given no call. The secrets that trunks refer to are read here, each time anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol, final

from proxy.b2bua.gateways import Place
from proxy.b2bua.probing import Probed, Probes
from proxy.b2bua.trunks import CarrierTrunk, Topology
from proxy.policy.facts import CONFORMANCE
from proxy.runtime import addresses
from proxy.runtime.addresses import Endpoint
from proxy.runtime.clock import Clock
from proxy.runtime.needs import shown
from proxy.runtime.resolver import AUTO, Ask, Unanswered, Wanted, located
from proxy.runtime.secret_references import armed_carrier, armed_platform
from proxy.runtime.settings import Settings, Timers
from proxy.runtime.tasks import Tasks
from proxy.runtime.trunk_settings import NO_TRUNKS, Trunks
from proxy.sip.hop import TRANSPORTS

PATIENCE: Final = 4.0  # s that a start waits for first answers
TEST_PATIENCE: Final = 5.0  # s that a test by hand waits for answers
TEST_LOOK: Final = 0.02
AGAIN: Final = 5.0  # s until a name that did not resolve is asked again


def wanted(topology: Topology, carrier: CarrierTrunk) -> Wanted:
    """The question for a carrier's name, by the listeners that requests to it can leave by."""
    suiting = [
        listener
        for listener in topology.listeners
        if carrier.listener in ("", listener.name) and carrier.transport in (AUTO, TRANSPORTS[listener.transport])
    ]
    return Wanted(
        host=carrier.host,
        port=carrier.port,
        transport=carrier.transport,
        versions=tuple(dict.fromkeys(listener.version for listener in suiting)),
        transports=tuple(dict.fromkeys(TRANSPORTS[listener.transport] for listener in suiting)),
    )


def placed(carrier: CarrierTrunk) -> CarrierTrunk:
    """The trunk as `b2bua` wants it: an address as `host`, a name as `address`."""
    if addresses.is_ip(carrier.host):
        return carrier
    name = f"{carrier.host}:{carrier.port}" if carrier.port else carrier.host
    return replace(carrier, host="", address=name)


def callees(trunks: Trunks) -> list[CarrierTrunk]:
    """The platforms that calls back are sent to."""
    return [one.callee for one in trunks.platforms if one.callee is not None]


def kind(trunk: CarrierTrunk) -> str:
    """What a trunk that gets calls is."""
    return "platform" if trunk.platform else "carrier"


def timed(carrier: CarrierTrunk, timers: Timers) -> CarrierTrunk:
    """The trunk with its own timers, or the node's where it has none; T2 is never less than T1."""
    t1, t2, t4 = carrier.own_timers
    first = t1 or timers.t1
    return replace(carrier, t1=first, t2=max(first, t2 or timers.t2), t4=t4 or timers.t4)


class Machine(Protocol):
    """Who routes calls; `b2bua.engine.Engine` is one."""

    def use_topology(self, topology: Topology, now: float) -> None:
        """Take these trunks."""

    def use_places(self, carrier: str, places: list[Place], now: float) -> None:
        """A carrier's name leads here."""

    @property
    def probes(self) -> Probes: ...


@final
class NodeTopology:
    """`machine` gets each new topology and the places of each name, on the loop, and `moved` is called after each; `say`
    gets a line when a name fails."""

    def __init__(
        self,
        settings: Settings,
        tasks: Tasks,
        machine: Machine,
        clock: Clock,
        moved: Callable[[], None],
        say: Callable[[str], None],
        ask: Ask,
    ) -> None:
        self._node = settings
        self._tasks: Final = tasks
        self._machine: Final = machine
        self._clock: Final = clock
        self._moved: Final = moved
        self._say: Final = say
        self._ask: Final = ask
        self._trunks = NO_TRUNKS
        self._following: dict[str, tuple[Wanted, asyncio.Task[None]]] = {}  # by carrier
        self._first: dict[str, asyncio.Event] = {}  # set with the first answer, or failure, of each

    def use_trunks(self, trunks: Trunks) -> None:
        """Take the trunks of a new directory; nothing happens when they say what they said."""
        if trunks != self._trunks:
            self._trunks = trunks
            self._renew(False)
            if count := self.conformance_trunks():
                self._say(f"ATTENTION: {count} platform(s) with the profile conformance, for test suites only")

    def use_settings(self, settings: Settings) -> None:
        """Take what `proxy.toml` says now, and ask for every name anew."""
        self._node = settings
        self._renew(True)

    def conformance_trunks(self) -> int:
        """How many platforms have the profile of test suites."""
        return sum(one.facts.profile == CONFORMANCE for one in self._trunks.platforms)

    async def settled(self) -> None:
        """Wait until each name that is asked for has had its time."""
        waiting = [asyncio.ensure_future(event.wait()) for event in self._first.values()]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=PATIENCE)
            for one in late:
                one.cancel()

    async def asked(self, carrier: str) -> list[dict[str, str]]:
        """Ask each gateway of a carrier by OPTIONS: where it is, what it answers and after how many seconds."""
        probes = self._machine.probes
        count, waited = probes.now(carrier), 0.0
        self._moved()
        while len(probes.told) < count and waited < TEST_PATIENCE:
            await asyncio.sleep(TEST_LOOK)
            waited += TEST_LOOK
        rows = [row(one) for one in probes.told]
        missing = count - len(rows)
        return rows + [row(None, carrier)] * missing

    def _renew(self, all_anew: bool) -> None:
        """Hand over the topology, then follow the names that it has; one that is followed already goes on."""
        node, timers = self._node.topology, self._node.timers
        paced = [timed(one, timers) for one in (*self._trunks.carriers, *callees(self._trunks))]
        topology = replace(
            node,
            platforms=tuple([armed_platform(one, self._say) for one in self._trunks.platforms]),
            carriers=tuple([armed_carrier(placed(one), self._say) for one in paced if not one.platform]),
            call_backs=tuple([placed(one) for one in paced if one.platform]),
            routes=self._trunks.routes,
        )
        self._machine.use_topology(topology, self._clock.monotonic())
        self._moved()
        names = {one.name: wanted(node, one) for one in paced if not addresses.is_ip(one.host)}
        for carrier, (question, task) in list(self._following.items()):
            if all_anew or names.get(carrier) != question:
                task.cancel()
                del self._following[carrier], self._first[carrier]
        for carrier, question in names.items():
            if carrier not in self._following:
                event = self._first[carrier] = asyncio.Event()
                task = self._tasks.spawn(self._follow(carrier, question, event), f"address of {question.host}")
                self._following[carrier] = (question, task)
        for one in paced:
            if addresses.is_ip(one.host) and node.listener_to(one) < 0:
                self._say(
                    f"no listener reaches the {kind(one)} {one.name} at {one.host} over {one.transport}: it gets no call"
                )

    async def _follow(self, carrier: str, question: Wanted, event: asyncio.Event) -> None:
        """Ask for ever: when the answer has served its time, and soon when there was none."""
        told = ""
        while True:
            reason, holds = "", AGAIN
            try:
                found = await located(question, self._ask)
                reason = "" if found.places else "no address that a listener reaches"
                if found.places:
                    self._machine.use_places(carrier, list(found.places), self._clock.monotonic())
                    self._moved()
                    holds = float(found.holds)
            except Unanswered as failure:
                reason = str(failure)
            if reason and reason != told:
                self._say(f"the carrier {carrier} at {question.host}: {reason}; what was known of it stays")
            told = reason
            event.set()
            await asyncio.sleep(holds)


def row(told: Probed | None, carrier: str = "") -> dict[str, str]:
    """What one gateway answered, as it is shown."""
    if told is None:
        return {"carrier": carrier, "gateway": "", "answer": "none yet", "seconds": "", "serves": "no"}
    return {
        "carrier": told.carrier,
        "gateway": f"{shown(Endpoint(told.hop.host, told.hop.port))} {TRANSPORTS[told.hop.transport]}",
        "answer": str(told.status or "none"),
        "seconds": f"{told.seconds:.3f}",
        "serves": "yes" if told.serves else "no",
    }
