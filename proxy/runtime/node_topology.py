"""The topology of this node: what `proxy.toml` says of it, the trunks of the directory, and an address for each carrier.

A carrier may be written with a name. Its address is asked for when the trunks arrive and at a reload, in a thread of its
own that the event loop does not wait for. A name that does not resolve never stops a directory: that is said, the last
address stays, and the name is asked again; a carrier that has never had an address is refused to calls with 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Final, NamedTuple, final

from proxy.b2bua.trunks import CarrierTrunk, Topology
from proxy.runtime import addresses
from proxy.runtime.settings import Settings
from proxy.runtime.tasks import Tasks
from proxy.runtime.trunk_settings import Trunks
from proxy.sip.hop import TRANSPORTS

PATIENCE: Final = 4.0  # s for one answer of the resolver
AGAIN: Final = 5.0  # s until a name that did not resolve is asked again
NO_TRUNKS: Final = Trunks((), (), ())

LookUp = Callable[[str, int], str]


class Place(NamedTuple):
    """A host as it is written, and the IP versions of the listeners that requests to it can leave by."""

    host: str
    versions: tuple[int, ...]


def place_of(topology: Topology, carrier: CarrierTrunk) -> Place:
    """Where a carrier is, for a node with these listeners."""
    suiting = [
        listener.version
        for listener in topology.listeners
        if carrier.listener in ("", listener.name) and TRANSPORTS[listener.transport] == carrier.transport
    ]
    return Place(carrier.host, tuple(dict.fromkeys(suiting)))


def address_at(place: Place, look_up: LookUp) -> str:
    """An IP address that one of the listeners reaches. Raises ValueError with what was expected."""
    wrong = ValueError("a carrier that one of the listeners reaches")
    for version in place.versions:
        try:
            return look_up(place.host, version)
        except ValueError as failure:
            wrong = failure
    raise wrong


@final
class NodeTopology:
    """`use` gets each new topology, on the loop; `say` a line when a name does not resolve."""

    def __init__(
        self,
        settings: Settings,
        tasks: Tasks,
        use: Callable[[Topology], None],
        say: Callable[[str], None],
        look_up: LookUp = addresses.looked_up,
    ) -> None:
        self._node = settings
        self._tasks: Final = tasks
        self._use: Final = use
        self._say: Final = say
        self._look_up: Final = look_up
        self._trunks = NO_TRUNKS
        self._known: Final[dict[Place, str]] = {}  # the last address of each
        self._asking: Final[dict[Place, asyncio.Task[None]]] = {}

    def use_trunks(self, trunks: Trunks) -> None:
        """Take the trunks of a new directory; nothing happens when they say what they said."""
        if trunks != self._trunks:
            self._trunks = trunks
            self._renew()

    def use_settings(self, settings: Settings) -> None:
        """Take what `proxy.toml` says now, and ask for every name anew."""
        self._node = settings
        self._renew()

    async def settled(self) -> None:
        """Wait until each name that is asked for has had its time."""
        if self._asking:
            await asyncio.wait(list(self._asking.values()), timeout=PATIENCE)

    def _renew(self) -> None:
        places = {place_of(self._node.topology, carrier) for carrier in self._trunks.carriers}
        for place in self._known.keys() - places:
            del self._known[place]
        for task in self._asking.values():
            task.cancel()
        self._asking.clear()
        for place in sorted(places):
            if addresses.is_ip(place.host) or not place.versions:
                self._literal(place)
            else:
                self._asking[place] = self._tasks.spawn(self._ask(place), f"address of {place.host}")
        self._build()

    def _literal(self, place: Place) -> None:
        try:
            self._known[place] = address_at(place, addresses.looked_up)
        except ValueError as wrong:
            self._known[place] = ""
            self._say(f"the carrier at `{place.host}`: expected {wrong}; calls to it are refused")

    def _build(self) -> None:
        """Hand over the topology with the addresses that are known now."""
        carriers = tuple(map(self._placed, self._trunks.carriers))
        self._use(replace(self._node.topology, platforms=self._trunks.platforms, carriers=carriers))

    def _placed(self, carrier: CarrierTrunk) -> CarrierTrunk:
        host = self._known.get(place_of(self._node.topology, carrier), "")
        timers = self._node.timers
        return replace(carrier, host=host, t1=timers.t1, t2=timers.t2, t4=timers.t4)

    async def _ask(self, place: Place, told: str = "") -> None:
        """Ask once for the address of a name; if there is none, say why unless that was `told`, and ask again later."""
        try:
            found = await answered(place, self._look_up)
        except (ValueError, TimeoutError) as failure:
            reason = str(failure) or f"an answer of the resolver within {PATIENCE:.0f} s"
            if reason != told:
                last = self._known.get(place)
                stays = f"{last} stays its address" if last else "calls to it are refused until it has an address"
                self._say(f"the carrier at `{place.host}`: expected {reason}; {stays}")
            self._asking[place] = self._tasks.spawn(self._ask_again(place, reason), f"address of {place.host}")
            return
        self._asking.pop(place, None)
        if found != self._known.get(place):
            self._known[place] = found
            self._build()

    async def _ask_again(self, place: Place, told: str) -> None:
        await asyncio.sleep(AGAIN)
        await self._ask(place, told)


async def answered(place: Place, look_up: LookUp) -> str:
    """What `look_up` says of a place, from a thread that ends with the process. Raises ValueError, or TimeoutError."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def tell(found: str, wrong: ValueError | None) -> None:
        if not answer.done():
            answer.set_result(found) if wrong is None else answer.set_exception(wrong)

    def ask() -> None:
        found, wrong = "", None
        try:
            found = address_at(place, look_up)
        except ValueError as failure:
            wrong = failure
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, found, wrong)

    Thread(target=ask, name=f"address of {place.host}", daemon=True).start()
    async with asyncio.timeout(PATIENCE):
        return await answer
