"""One simulated world: a node between two platforms and two carriers, a ledger, a network, and what goes wrong with them.

A world is a function of its seed and the number of its calls. `run` plays it to its end; what was broken is in
`breaches`, each with the number of the call that it concerns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Final, TypeVar, final

from proxy.runtime.store.interface import DAY, Consent
from tests.simulation.callee import Callee
from tests.simulation.caller import Caller
from tests.simulation.ledger import Store
from tests.simulation.leg import Leg
from tests.simulation.loop import START, Loop
from tests.simulation.messages import Malformed
from tests.simulation.network import NODE, Network, Weather
from tests.simulation.node import Node
from tests.simulation.peer import Peer
from tests.simulation.script import Script
from tests.simulation.scripts import PERSONS, draw
from tests.simulation.stage import CARRIERS, PLATFORMS, edition, topology
from tests.simulation.strangers import REQUESTS, ask
from tests.simulation.transactions import Server
from tests.simulation.verdict import judge
from tests.simulation.witness import Witness

if TYPE_CHECKING:
    from _typeshed import SupportsLenAndGetItem

T = TypeVar("T")
MONDAY: Final = datetime.fromisoformat("2026-11-23T11:00:00+01:00").timestamp()
NOON: Final = datetime.fromisoformat("2026-11-23T12:59:00+01:00").timestamp()
SUNDAY: Final = datetime.fromisoformat("2026-11-22T11:00:00+01:00").timestamp()
CLOSING: Final = 3600.0 * 2 + MONDAY
QUIET: Final = 1200.0  # s after the last call began: everything has ended, with or without an answer


@final
class Carrier(Peer):
    """A carrier: each INVITE and MESSAGE names the call whose script it follows."""

    def use(self, world: World) -> None:
        """Follow the scripts of this world."""
        self._world = world

    def opened(self, server: Server) -> None:
        """A new call, or something else."""
        head = server.message.head.get(b"Alert-Info", b"")
        script = self._world.scripts.get(int(head[10:-1])) if head[:10] == b"<urn:call:" else None
        if script is None or server.message.method not in (b"INVITE", b"MESSAGE"):
            super().opened(server)
            return
        leg = Callee(self, script, server, self._world.node.incarnation)
        self.calls[server.message.call_id] = leg
        self._world.legs.append(leg)


class Calm(Random):
    """Chance that never does anything out of the ordinary."""

    def random(self) -> float:
        """In the middle."""
        return 0.5

    def choice(self, seq: SupportsLenAndGetItem[T]) -> T:
        """The first."""
        return seq[0]


@final
class World:
    """Seed and size in, breaches out; or `given` calls in a world in which nothing else goes wrong."""

    def __init__(self, seed: int, calls: int, given: Sequence[Script] = ()) -> None:
        self.seed: Final = seed
        rng = self.rng = Calm(seed) if given else Random(seed)
        self.counts: Final[Counter[str]] = Counter()
        self.seen: Final[Counter[str]] = Counter()
        self.loop: Final = Loop()
        self.network: Final = Network(self.loop, rng, Weather(rng), self.counts)
        streams = rng.random() < 0.3
        if streams:
            self.network.streams.update((PLATFORMS[1], CARRIERS[1]))
        self.epoch: Final = rng.choice((MONDAY, MONDAY, MONDAY, NOON, NOON, SUNDAY))
        self.store: Final = Store(self.loop, rng, self.counts)
        self.scripts: Final[dict[int, Script]] = {}
        self.witness: Final = Witness(self.scripts, lambda: self.node.epoch, set(CARRIERS))
        self.node: Final = Node(topology(streams), edition(), self.store, self.network, self.witness, self.epoch)
        self.platforms: Final = [
            Peer(f"p{at}", address, self.loop, self.network, rng) for at, address in enumerate(PLATFORMS)
        ]
        self.carriers: Final = [
            Carrier(f"c{at}", address, self.loop, self.network, rng) for at, address in enumerate(CARRIERS)
        ]
        for carrier in self.carriers:
            carrier.use(self)
        self.legs: Final[list[Leg]] = []
        self.breaches: list[tuple[int, str]] = []
        self.troubles: Final[list[str]] = []
        self.span: Final = calls * rng.choice((0.05, 0.3, 1.0))
        for number in range(1, calls + 1):
            self._place(number)
        for script in given:
            self._begin(script)
        self.wrong: Final[list[str]] = []
        if not given:
            self._troubles()
            self._crashes()
        self._agreements()
        self._strangers()

    def _place(self, number: int) -> None:
        self._begin(draw(self.rng, number, self.rng.random() * self.span, self.seen))

    def _begin(self, script: Script) -> None:
        self.scripts[script.number] = script
        caller = Caller(self.platforms[script.platform], script)
        self.legs.append(caller)
        self.loop.at(START + script.start, caller.call)

    def _agreements(self) -> None:
        """Half of the persons agreed to calls of the customer who looks consents up."""
        for person in range(0, PERSONS, 2):
            who = f"+3314000900{person}"
            consent = Consent("asker", who, self.epoch - 10 * DAY, self.epoch + 100 * DAY, "proof")
            self.store.consents["asker", who] = [consent]

    def _strangers(self) -> None:
        """Requests that belong to no call, one for every ten calls."""
        known = {"platform": self.platforms[0], "carrier": self.carriers[0]}
        nobody = Peer("x", ("10.9.0.9", 5060), self.loop, self.network, self.rng)
        for number in range(len(self.scripts) // 10):
            who, method = self.rng.choice(REQUESTS)
            self.loop.after(self.rng.random() * self.span, self._ask, (known.get(who, nobody), who, method, number))

    def _ask(self, given: tuple[Peer, str, bytes, int]) -> None:
        peer, who, method, number = given
        self.seen[f"{method.decode()} of a {who} outside of any call"] += 1
        ask(peer, who, method, number, self.wrong)

    def _troubles(self) -> None:
        """Carriers that die, a ledger that stalls, a node that restarts."""
        rng, loop = self.rng, self.loop
        for carrier in self.carriers:
            if rng.random() < 0.25:
                begin = START + rng.random() * self.span
                loop.at(begin, self._carrier_dies, (carrier, rng.random() < 0.5))
                loop.at(begin + rng.choice((1.0, 10.0, 50.0)), self._carrier_back, carrier)
        for _ in range(rng.choice((0, 0, 1, 3))):
            begin = START + rng.random() * self.span
            self.store.stalls.append((begin, begin + rng.choice((0.1, 1.0, 8.0))))
        if rng.random() < 0.25:
            loop.at(START + rng.random() * (self.span + 20), self._restart, rng.random() < 0.5)
        self.troubles.extend(
            f"ledger stalls {begin - START:.3f} to {end - START:.3f}" for begin, end in self.store.stalls
        )

    def _crashes(self) -> None:
        """A node that is killed, up to three times; by a chance of its own, so that the rest of the world stays as it is."""
        chance = Random(-1 - self.seed)
        for _ in range(chance.choice((0, 0, 0, 0, 1, 1, 2, 3))):
            away = chance.choice((0.0, 0.0, 0.5, 10.0))
            self.loop.at(START + chance.random() * (self.span + 20), self._crash, away)

    def _crash(self, away: float) -> None:
        if NODE not in self.network.down:
            self._trouble("node crashes")
            self.node.crash(away)

    def _carrier_dies(self, given: tuple[Peer, bool]) -> None:
        carrier, amnesia = given
        self._trouble("carrier dies")
        self.network.fall(carrier.address)
        if amnesia:
            self._trouble("carrier forgets its calls")
            carrier.forget()

    def _trouble(self, what: str) -> None:
        self.seen[what] += 1
        self.troubles.append(f"{what} {self.loop.now - START:.3f}")

    def _carrier_back(self, carrier: Peer) -> None:
        self.network.down.discard(carrier.address)

    def _restart(self, orderly: bool) -> None:
        away = self.rng.choice((0.0, 0.5, 10.0))
        if orderly and NODE not in self.network.down:
            self._trouble("node stops")
            self.node.stop(away)
        else:
            self._crash(away)

    def run(self) -> None:
        """Play to the end, and judge."""
        loop, node = self.loop, self.node
        end = START + self.span + QUIET
        try:
            while True:
                due = loop.due()
                if node.deadline <= due:
                    if node.deadline > end:
                        break
                    loop.now = max(loop.now, node.deadline)
                    node.tick()
                elif due > end:
                    break
                else:
                    loop.step()
        except Malformed as error:
            self.witness.breach(0, f"malformed: {error}")
        loop.now = max(loop.now, end)
        self.breaches = [(0, text) for text in self.wrong] + self.witness.broken
        self.breaches += judge(self.witness, self.scripts, self.legs, self.store, self.node.left())
