"""The gateways of a carrier, one for each address of its name (RFC 3263), and what is known of their health.

Among what is equal in priority the weights decide by smooth weighted round robin: no chance is needed, and each run of
calls has the proportion that was asked for. A gateway is passed over while it is down (it failed too often), while it
rests (it said Retry-After), while its carrier is drained, and when this call tried it before. One that fails and is not
probed is only shunned for a while: a call that has no other way still takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from proxy.b2bua.capacity import Meter
from proxy.b2bua.rewrite import Face
from proxy.b2bua.throttle import Throttle
from proxy.b2bua.trunks import CarrierTrunk
from proxy.sip.feedback import read_feedback
from proxy.sip.hop import Hop
from proxy.sip.transaction import Pace

REST: Final = 30.0  # s that a gateway rests that failed too often and that nobody probes
LONGEST_REST: Final = 300.0  # s: a carrier's Retry-After beyond it is cut

UP: Final = "up"
DOWN: Final = "down"
RESTING: Final = "resting"
DRAINED: Final = "drained"
STATES: Final = (UP, DOWN, RESTING, DRAINED)


@dataclass(frozen=True)
class Place:
    """One address of a carrier's name, with `priority` and `weight` of its SRV record (RFC 2782), 0 without one."""

    transport: str
    host: str
    port: int
    priority: int = 0
    weight: int = 0


@final
class Gateway:
    """One address of a carrier. `priority` and `weight` are those of its SRV record; `face` is what it is shown."""

    __slots__ = (
        "carrier", "hop", "face", "pace", "priority", "weight", "turn", "down", "failures", "successes", "rests_until",
        "shunned_until", "large", "small", "throttle",
    )  # fmt: skip

    def __init__(self, carrier: CarrierTrunk, hop: Hop, face: Face, priority: int = 0, weight: int = 0) -> None:
        self.hop: Final = hop
        self.priority = priority
        self.weight = weight
        self.turn = 0
        self.down = False
        self.failures = 0
        self.successes = 0
        self.rests_until = 0.0
        self.shunned_until = 0.0
        self.large: Gateway | None = None  # the same place over TCP, for what is too large for a datagram
        self.throttle: Throttle | None = None  # made when it first asks for less
        self.small: Gateway | None = None  # of such a one: the place over UDP
        self.carrier = carrier
        self.face = face
        self.pace = Pace(carrier.t1, carrier.t2, carrier.t4, carrier.silent_after)

    def renew(self, carrier: CarrierTrunk, face: Face) -> None:
        """The trunk was changed: what is known of the gateway's health stays."""
        self.carrier = carrier
        self.face = face
        self.pace = Pace(carrier.t1, carrier.t2, carrier.t4, carrier.silent_after)

    def usable(self, now: float) -> bool:
        """May a new call go here?"""
        return not self.down and self.rests_until <= now and not self.carrier.drained

    def preferred(self, now: float) -> bool:
        """May it, and did it not fail too often a moment ago?"""
        return self.shunned_until <= now and self.usable(now)

    def state(self, now: float) -> str:
        """One of `STATES`."""
        if self.carrier.drained:
            return DRAINED
        if self.down:
            return DOWN
        return RESTING if max(self.rests_until, self.shunned_until) > now else UP

    def worked(self) -> None:
        """It answered: what is down comes up after enough of it."""
        self.failures = 0
        if self.down:
            self.successes += 1
            if self.successes >= self.carrier.up_after:
                self.down = False

    def failed(self, now: float) -> None:
        """It was silent, could not be reached or said that it cannot serve: after enough of it, it is passed over."""
        self.successes = 0
        self.failures += 1
        if self.failures < self.carrier.down_after:
            return
        if self.carrier.probe_every:
            self.down = True
        else:
            self.shunned_until = now + REST

    def heard(self, via: bytes, now: float) -> None:
        """Take what its answer says of overload, in our Via (RFC 7339)."""
        said = read_feedback(via)
        if said is not None:
            if self.throttle is None:
                self.throttle = Throttle()
            self.throttle.heard(said, now)

    def rest(self, now: float, seconds: float) -> None:
        """No call for so long, at most `LONGEST_REST` (RFC 3261 20.33, 21.5.4)."""
        self.rests_until = max(self.rests_until, now + min(seconds, LONGEST_REST))


@final
class Pool:
    """The gateways of one carrier, best priority first, and the meter of what it takes (None: no bound)."""

    __slots__ = ("carrier", "gateways", "meter")

    def __init__(self, carrier: CarrierTrunk, gateways: list[Gateway]) -> None:
        self.carrier: Final = carrier
        self.gateways = gateways
        self.meter: Meter | None = None

    def has_room(self, now: float) -> bool:
        """Does the carrier take one more call within its limits?"""
        return self.meter is None or not self.meter.wait(now)

    def first(self, tried: list[Gateway], now: float, preferred: bool = False) -> Gateway | None:
        """Any gateway that this call may still use, without taking a turn."""
        for gateway in self.gateways:
            if gateway not in tried and (gateway.preferred(now) if preferred else gateway.usable(now)):
                return gateway
        return None

    def choose(self, tried: list[Gateway], now: float) -> Gateway | None:
        """The next one: of those that are preferred, else of those that may be used, the best priority, and within it
        whose turn it is. So a carrier that stands alone is never left for failures that nobody probes."""
        return self._turn(tried, now, True) or self._turn(tried, now, False)

    def _turn(self, tried: list[Gateway], now: float, preferred: bool) -> Gateway | None:
        best: Gateway | None = None
        total = 0
        for gateway in self.gateways:
            if best is not None and gateway.priority > best.priority:
                break
            if gateway in tried or not (gateway.preferred(now) if preferred else gateway.usable(now)):
                continue
            share = gateway.weight + 1  # a weight of 0 means a small chance, not none (RFC 2782)
            gateway.turn += share
            total += share
            if best is None or gateway.turn > best.turn:
                best = gateway
        if best is not None:
            best.turn -= total
        return best
