"""Which carrier gets a call, and which one after it: routes by priority and weight over the gateways of carriers.

A route lists carriers; `gateways.py` has what each of them offers. The shares are kept per route, so that two routes do
not disturb each other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, final

from proxy.b2bua.capacity import Meter, Others
from proxy.b2bua.gateways import STATES, Gateway, Place, Pool
from proxy.b2bua.rewrite import Face
from proxy.b2bua.trunks import CarrierTrunk, Route, Topology, route_key
from proxy.sip.hop import TCP, TRANSPORTS, UDP, Hop

RETRY_LATER: Final = 30  # s told to a platform when no gateway is left and none rests


@final
class _Way:
    """One carrier of one route; `turn` belongs to the route, so that two routes do not disturb each other."""

    __slots__ = ("pool", "priority", "weight", "turn")

    def __init__(self, pool: Pool, priority: int, weight: int) -> None:
        self.pool: Final = pool
        self.priority: Final = priority
        self.weight: Final = weight
        self.turn = 0


@final
class Routing:
    """Routes and gateways of one topology; what is known of a gateway's health outlives a new one."""

    __slots__ = ("pools", "limited", "others", "_topology", "_routes", "_meters")

    def __init__(self, topology: Topology) -> None:
        self.pools: dict[str, Pool] = {}
        self.others: Others | None = None  # who counts calls to carriers with us
        self._topology = topology
        self._routes: dict[str, list[_Way]] = {}
        self._meters: Final[dict[str, Meter]] = {}
        self.limited = False  # some carrier has limits
        self.use_topology(topology)

    def use_topology(self, topology: Topology) -> None:
        """Take carriers and routes anew; a gateway that stays keeps its health."""
        self._topology = topology
        pools: dict[str, Pool] = {}
        limited = False
        for carrier in topology.callees:
            known = self.pools.get(carrier.name)
            pool = pools[carrier.name] = Pool(carrier, [])
            places = [] if not carrier.host else [Place(carrier.transport, carrier.host, carrier.port)]
            if known is not None and carrier.address and known.carrier.address == carrier.address:
                places = [_place(gateway) for gateway in known.gateways]
            self._fill(pool, places, known)
            pool.meter = self._meter(carrier)
            limited = limited or pool.meter is not None
        self.pools = pools
        self.limited = limited
        self._routes = {carrier.name: [_Way(pools[carrier.name], 0, 1)] for carrier in topology.callees}
        for route in topology.routes:
            self._routes[route_key(route.name)] = _ways(route, pools)

    def _meter(self, carrier: CarrierTrunk) -> Meter | None:
        """What counts the calls of this carrier, the one that there was; None without a limit."""
        if carrier.calls_per_second <= 0 and not carrier.most_calls:
            self._meters.pop(carrier.name, None)
            return None
        meter = self._meters.get(carrier.name)
        if meter is None:
            meter = self._meters[carrier.name] = Meter(carrier.calls_per_second, carrier.most_calls, 0.0)
            if self.others is not None:
                meter.share(self.others, "carrier " + carrier.name)
        else:
            meter.set(carrier.calls_per_second, carrier.most_calls)
        return meter

    def use_places(self, carrier: str, places: list[Place]) -> None:
        """The carrier's name leads here now, which must be somewhere; a gateway that is known keeps its health."""
        pool = self.pools.get(carrier)
        if pool is not None and places:
            self._fill(pool, places, pool)

    def _fill(self, pool: Pool, places: list[Place], known: Pool | None) -> None:
        """Gateways for these places; one that none of our listeners can reach is left out."""
        before = {} if known is None else {_key(gateway.hop): gateway for gateway in known.gateways}
        carrier = pool.carrier
        gateways = []
        for place in places:
            fresh = self._gateway(carrier, place)
            if fresh is None:
                continue
            gateway = before.get(_key(fresh.hop))
            if gateway is None or gateway.hop.listener != fresh.hop.listener:
                gateway = fresh
            else:
                gateway.renew(carrier, fresh.face)
                gateway.priority, gateway.weight = place.priority, place.weight
            gateway.large = self._large(gateway, place)
            gateways.append(gateway)
        pool.gateways = sorted(gateways, key=_priority)

    def _gateway(self, carrier: CarrierTrunk, place: Place) -> Gateway | None:
        """A gateway at that place; None when none of our listeners reaches it."""
        topology = self._topology
        number = topology.listener_to(carrier, place.transport, place.host)
        if number < 0:
            return None
        face = Face(topology, topology.listeners[number], carrier)
        hop = Hop(TRANSPORTS.index(place.transport), place.host, place.port, number, 0, carrier.name)
        return Gateway(carrier, hop, face, place.priority, place.weight)

    def _large(self, gateway: Gateway, place: Place) -> Gateway | None:
        """The same place over TCP, where the trunk allows it and a listener speaks it (RFC 3261 18.1.1)."""
        if not gateway.carrier.large_over_tcp or gateway.hop.transport != UDP:
            return None
        twin = self._gateway(gateway.carrier, Place(TRANSPORTS[TCP], place.host, place.port))
        if twin is not None:
            twin.small = gateway
        return twin

    def place(self, carrier: CarrierTrunk, place: Place) -> Gateway | None:
        """A gateway of this carrier at a place that it named itself; None when no listener reaches it."""
        return self._gateway(replace(carrier, host=place.host, port=place.port, address=""), place)

    def choose(self, route: str, tried: list[Gateway], now: float, bounded: bool = True) -> Gateway | None:
        """The gateway for a call on `route` (a key as `route_key` makes it, or a carrier's name) that tried these.

        A carrier at its limit is passed over, unless the call is not `bounded`.
        """
        ways = self._routes.get(route)
        if ways is None:
            return None
        if bounded and self.limited:
            ways = [way for way in ways if way.pool.has_room(now)]
        if len(ways) == 1:
            return ways[0].pool.choose(tried, now)
        best = _turn(ways, tried, now, True) or _turn(ways, tried, now, False)
        return None if best is None else best.pool.choose(tried, now)

    def another(self, route: str, tried: list[Gateway], now: float, bounded: bool = True) -> Gateway | None:
        """Any gateway that is left for this call, without taking a turn."""
        for way in self._routes.get(route, ()):
            if bounded and not way.pool.has_room(now):
                continue
            gateway = way.pool.first(tried, now)
            if gateway is not None:
                return gateway
        return None

    def wait(self, route: str, now: float) -> int:
        """Seconds after which some carrier of the route takes one more call within its limits; 0 when one does now."""
        least = 0
        for way in self._routes.get(route, ()):
            meter = way.pool.meter
            wait = 0 if meter is None else meter.wait(now)
            if not wait:
                return 0
            least = wait if not least else min(least, wait)
        return least

    def retry_after(self, route: str, now: float) -> int:
        """Seconds after which a gateway may be there again; where one takes a part of the calls, that is soon."""
        for way in self._routes.get(route, ()):
            for gateway in way.pool.gateways:
                if gateway.throttle is not None and gateway.throttle.loss(now) > 0.0:
                    return 1
        rests = [
            gateway.rests_until - now
            for way in self._routes.get(route, ())
            for gateway in way.pool.gateways
            if gateway.rests_until > now
        ]
        return max(1, int(min(rests) + 1.0)) if rests else RETRY_LATER

    def states(self, now: float) -> dict[tuple[str, str], int]:
        """How many gateways each carrier has in each state of `gateways.STATES`."""
        table: dict[tuple[str, str], int] = {}
        for name, pool in self.pools.items():
            for state in STATES:
                table[name, state] = 0
            for gateway in pool.gateways:
                table[name, gateway.state(now)] += 1
        return table

    def throttles(self, now: float) -> list[tuple[str, float, int]]:
        """Of each carrier that asked for less: its name, the largest part that one of its gateways holds back now, and
        how many calls did not go there."""
        found = []
        for name, pool in self.pools.items():
            throttles = [gateway.throttle for gateway in pool.gateways if gateway.throttle is not None]
            if throttles:
                loss = max([one.loss(now) for one in throttles])
                found.append((name, loss, sum([one.held_back for one in throttles])))
        return found

    def gateways(self) -> list[Gateway]:
        """All of them."""
        return [gateway for pool in self.pools.values() for gateway in pool.gateways]


def _key(hop: Hop) -> tuple[int, str, int]:
    return hop.transport, hop.host, hop.port


def _place(gateway: Gateway) -> Place:
    hop = gateway.hop
    return Place(TRANSPORTS[hop.transport], hop.host, hop.port, gateway.priority, gateway.weight)


def _turn(ways: list[_Way], tried: list[Gateway], now: float, preferred: bool) -> _Way | None:
    """Whose turn it is among the carriers of the best priority that have a gateway for this call."""
    best: _Way | None = None
    total = 0
    for way in ways:
        if best is not None and way.priority > best.priority:
            break
        if way.pool.first(tried, now, preferred) is None:
            continue
        way.turn += way.weight
        total += way.weight
        if best is None or way.turn > best.turn:
            best = way
    if best is not None:
        best.turn -= total
    return best


def _ways(route: Route, pools: dict[str, Pool]) -> list[_Way]:
    ways = [_Way(pools[leg.carrier], leg.priority, leg.weight) for leg in route.legs if leg.carrier in pools]
    return sorted(ways, key=_way_priority)


def _priority(gateway: Gateway) -> int:
    return gateway.priority


def _way_priority(way: _Way) -> int:
    return way.priority
