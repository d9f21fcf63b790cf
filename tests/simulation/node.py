"""The proxy in the simulated world: the only file here that knows the engine's interface.

A node can be stopped, crash and come back; each life is an `incarnation` with an engine of its own. The world drives it
by the engine's law: one input, then the outputs, then the next deadline.
"""

from __future__ import annotations

from functools import partial
from typing import Final, Protocol, final

from proxy.b2bua.engine import Engine
from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault, told_first
from proxy.b2bua.snapshot import ended
from proxy.b2bua.trunks import Topology
from proxy.policy.edition import Edition
from proxy.policy.inquiry import PersonState
from proxy.sip.hop import TCP, UDP, Hop
from tests.simulation.ledger import Desk, Order, Store
from tests.simulation.loop import START, Loop
from tests.simulation.network import NODE, Address, Network


class Onlooker(Protocol):
    """Whoever stands at the node's door."""

    def came(self, data: bytes, source: Address) -> None:
        """The engine is about to get this."""

    def went(self, data: bytes, target: Address) -> None:
        """The engine sent this."""

    def wrote(self, record: DecisionRecord | CallRecord | Fault) -> None:
        """The engine wrote this down."""

    def died(self, orderly: bool) -> None:
        """The engine is gone."""


@final
class SeededIds:
    """Identifiers that count and never come again, whatever crashes."""

    def __init__(self) -> None:
        self._count = 0

    def _next(self) -> int:
        self._count += 1
        return self._count

    def branch(self) -> bytes:
        return b"z9hG4bKn%x" % self._next()

    def tag(self) -> bytes:
        return b"n%x" % self._next()

    def call_id(self) -> bytes:
        return b"n%xn" % self._next()

    def decision(self) -> str:
        return f"d{self._next():x}"


class Mischief:
    """What a test does to a node to see whether the witness notices: nothing, unless an heir does. `away` is for how
    many seconds a node that it kills stays away."""

    away = 0.0

    def noted(self, notes: list[bytes]) -> list[bytes]:
        """What of these notes outlives the process."""
        return notes

    def sent(self, data: bytes, target: Address) -> bytes:
        """What leaves instead of `data`; nothing when it is empty."""
        return data

    def wrote(self, record: DecisionRecord | CallRecord | Fault) -> tuple[DecisionRecord | CallRecord | Fault, ...]:
        """What is written down instead."""
        return (record,)

    def told(self, order: Order) -> tuple[Order, ...]:
        """What the ledger is told instead."""
        return (order,)

    def kills(self) -> bool:
        """Is the node killed before the next thing: before it handles what it has just read, before the next datagram
        that it sends?"""
        return False


def no_time() -> float:
    """A stopwatch that stands still: what a decision takes is no matter here."""
    return 0.0


@final
class Node:
    """One address of the proxy. `epoch` is the UTC instant at which the run begins."""

    def __init__(
        self, topology: Topology, edition: Edition, store: Store, network: Network, onlooker: Onlooker, epoch: float
    ) -> None:
        self._topology: Final = topology
        self._edition: Final = edition
        self._store: Final = store
        self._loop: Final[Loop] = store.loop
        self._network: Final = network
        self._onlooker: Final = onlooker
        self._ids: Final = SeededIds()
        self._hops: Final[dict[Address, Hop]] = {}
        self.began: Final = epoch
        self.mischief = Mischief()
        self.deadline = float("inf")
        self.incarnation = 0
        self.refused: dict[str, int] = {}  # calls that could not be taken up
        self._notes: list[bytes] = []  # what a killed process leaves
        network.attach(NODE, self.receive)
        network.unsent = self.unsent
        self._rise()

    def _rise(self) -> None:
        self.engine = Engine(self._topology, self._edition, self._ids, no_time)
        self.engine.fabric.noting = True
        self._desk = Desk(self._store, partial(self._arrived, self.engine))
        self._network.down.discard(NODE)

    @property
    def epoch(self) -> float:
        """The UTC instant."""
        return self.began + self._loop.now - START

    def receive(self, data: bytes, source: Address) -> None:
        """One datagram."""
        if self.mischief.kills():
            self.crash(self.mischief.away)
            return
        self._onlooker.came(data, source)
        hop = self._hops.get(source)
        if hop is None:
            stream = source in self._network.streams
            hop = Hop(TCP, *source, 1, len(self._hops) + 1) if stream else Hop(UDP, *source)
            self._hops[source] = hop
        self.engine.receive(data, hop, self._loop.now, self.epoch)
        self._drain()

    def unsent(self, data: bytes) -> None:
        """A stream did not take this."""
        self.engine.undelivered(data, self._loop.now, self.epoch)
        self._drain()

    def tick(self) -> None:
        """The engine's deadline is due."""
        self.engine.tick(self._loop.now, self.epoch)
        self._drain()

    def _arrived(self, engine: Engine, call: int, state: PersonState) -> bool:
        stands = engine.state_arrived(call, state, self._loop.now, self.epoch)
        if engine is self.engine and NODE not in self._network.down:
            self._drain()
        return stands

    def _drain(self) -> None:
        engine, onlooker, mischief = self.engine, self._onlooker, self.mischief
        self._notes += mischief.noted(engine.take_notes())
        killed = False
        for send in engine.take_sends():
            killed = killed or mischief.kills()
            target = send.hop.host, send.hop.port
            data = mischief.sent(send.data, target) if not killed else b""
            if data:
                onlooker.went(data, target)
                self._network.send(data, NODE, target)
        for output in engine.take_outputs():  # those that are to be kept stand where they are kept before all else
            last = isinstance(output, CallRecord) and told_first(output)
            if last and killed:
                continue
            if isinstance(output, DecisionRecord | CallRecord | Fault):
                for record in mischief.wrote(output):
                    onlooker.wrote(record)
                if isinstance(output, CallRecord) and last:
                    self._notes += mischief.noted([ended(output.number)])
            else:
                for order in mischief.told(output):
                    self._desk.tell(order)
        self.deadline = engine.next_deadline()
        if killed:
            self.crash(mischief.away)

    def stop(self, away: float) -> None:
        """An orderly stop, and a new start after `away` seconds."""
        self.engine.stop(self._loop.now, self.epoch)
        self._drain()
        self._fall(away, True)

    def crash(self, away: float) -> None:
        """Everything in memory is gone; a new start after `away` seconds."""
        self._desk.dead = True
        self._fall(away, False)

    def _fall(self, away: float, orderly: bool) -> None:
        self._network.fall(NODE)
        self._onlooker.died(orderly)
        self.incarnation += 1
        self.deadline = float("inf")
        self._loop.after(away, self._come_back)

    def _come_back(self, _: object) -> None:
        self._rise()
        notes, self._notes = self._notes, []
        taken = self.engine.restore(notes, self._loop.now, self.epoch)
        self._notes += taken.ended
        self.refused = taken.refused
        self._drain()

    def left(self) -> dict[str, int]:
        """What is still in memory."""
        engine, fabric = self.engine, self.engine.fabric
        capacity = fabric.capacity
        return {
            "calls": engine.active_calls(),
            "servers": len(fabric.servers),
            "clients": len(fabric.clients),
            "dialogs": len(fabric.dialogs),
            "merged": len(fabric.merged),
            "timers": engine.timer_count(),
            "capacity of the node": capacity.node.live,
            "capacity of trunks": sum(meter.live for meter in capacity.trunks.values()),
            "capacity of customers": sum(meter.live for meter in capacity.customers.values()),
        }
