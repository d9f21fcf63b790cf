"""How much may pass at once: calls per second and calls in progress, per customer, per trunk and for the node.

A carrier's meter stands with its gateways (`gateways.Pool`), for it is asked when one of them is chosen.

Counted here because it is the engine that sees calls begin and end; judged in `policy` by the rules `capacity.*`, which
read a `Load`. A look counts nothing; a call that is forwarded is counted once and given back once, whatever way it
ends. Time is the engine's monotonic `now`.
"""

from __future__ import annotations

from typing import Final, Protocol, final

from proxy.policy.ledger import Load

CUSTOMER: Final = "customer"
TRUNK: Final = "trunk"
NODE: Final = "node"
FREE: Final = Load("", 0)
UNLIMITED: Final = (0.0, 0)
KEPT_MOST: Final = 65536
ENOUGH: Final = 1.0 - 1e-6  # tokens for one call; what is reckoned from instants is rounded


class Others(Protocol):
    """What the workers of a node count together, by names, with what the other nodes count; it answers at once."""

    def place(self, name: str) -> int:
        """Where that name is counted; -1 when there is no room for one more."""

    def tell(self, place: int, live: int) -> None:
        """We have so many calls there at once; whoever asks from now on hears it."""

    def limit(self, place: int, rate: float, most: int) -> None:
        """These limits hold for what is counted there; 0: none."""

    def live(self, place: int) -> int:
        """Calls at once of the other workers, and of the other nodes as far as they told."""

    def due(self, place: int) -> float:
        """When the bucket of all is full again, on the scale of `now`."""

    def defer(self, place: int, due: float) -> None:
        """One more call was taken from it: it is full again later."""


@final
class Meter:
    """One limit pair: a token bucket of `rate` calls per second (0: none), `most` calls at once (0: none).

    The bucket holds one second's worth of calls, at least one. `live` are our calls at once; where others count with us,
    theirs are added when somebody asks, and ours are told before theirs are looked at: of two workers who take the last place
    at the same moment at most one keeps it.
    """

    __slots__ = ("rate", "most", "live", "tokens", "at", "others", "place")

    def __init__(self, rate: float, most: int, now: float) -> None:
        self.rate = rate
        self.most = most
        self.live = 0
        self.tokens = max(rate, 1.0)
        self.at = now
        self.others: Others | None = None
        self.place = -1

    def share(self, others: Others, name: str) -> None:
        """Count together with other workers from now on."""
        self.place = others.place(name)
        if self.place >= 0:
            self.others = others
            others.limit(self.place, self.rate, self.most)
            others.tell(self.place, self.live)

    def set(self, rate: float, most: int) -> None:
        """Take new limits; calls in progress stay counted."""
        self.rate, self.most = rate, most
        self.tokens = min(self.tokens, max(rate, 1.0))
        if self.others is not None:
            self.others.limit(self.place, rate, most)

    def wait(self, now: float) -> int:
        """Seconds after which one more call may be tried, rounded up; 0 when it may pass now."""
        if self.most and self.live + self._elsewhere() >= self.most:
            return 1
        if self.rate <= 0:
            return 0
        self._fill(now)
        if self.tokens >= ENOUGH:
            return 0
        return int((1.0 - self.tokens) / self.rate) + 1

    def take(self, now: float) -> bool:
        """Count one call; False when another worker took the last place meanwhile. It is counted all the same."""
        self.live += 1
        if self.rate > 0:
            self._fill(now)
            self.tokens -= 1.0
        if self.others is None:
            return True
        if self.rate > 0:
            self.others.defer(self.place, now + (max(self.rate, 1.0) - self.tokens) / self.rate)
        self.others.tell(self.place, self.live)
        return not self.most or self.live + self.others.live(self.place) <= self.most

    def enter(self) -> None:
        """Count one call that was counted before, elsewhere."""
        self.live += 1
        if self.others is not None:
            self.others.tell(self.place, self.live)

    def leave(self) -> None:
        """Give one call back."""
        self.live -= 1
        if self.others is not None:
            self.others.tell(self.place, self.live)

    def _elsewhere(self) -> int:
        return self.others.live(self.place) if self.others is not None else 0

    def _fill(self, now: float) -> None:
        if self.others is not None:
            self.tokens = max(self.rate, 1.0) - max(self.others.due(self.place) - now, 0.0) * self.rate
        else:
            self.tokens = min(max(self.rate, 1.0), self.tokens + (now - self.at) * self.rate)
        self.at = now


@final
class Capacity:
    """The meters of one engine, made when a name is first counted. With `others` the workers of a node count together."""

    __slots__ = ("node", "customers", "trunks", "others")

    def __init__(self) -> None:
        self.node: Final = Meter(0.0, 0, 0.0)
        self.customers: Final[dict[str, Meter]] = {}
        self.trunks: Final[dict[str, Meter]] = {}
        self.others: Others | None = None

    def share(self, others: Others) -> None:
        """Count together with other workers, before the first call."""
        self.others = others
        self.node.share(others, "node")

    def look(
        self, customer: str, limits: tuple[float, int], trunk: str, trunk_limits: tuple[float, int], now: float
    ) -> Load:
        """What one more call of `customer` over `trunk` would break, the narrowest limit first."""
        if limits != UNLIMITED:
            wait = self._limited(self.customers, CUSTOMER, customer, limits, now).wait(now)
            if wait:
                return Load(CUSTOMER, wait)
        if trunk_limits != UNLIMITED:
            wait = self._limited(self.trunks, TRUNK, trunk, trunk_limits, now).wait(now)
            if wait:
                return Load(TRUNK, wait)
        wait = self.node.wait(now)
        return Load(NODE, wait) if wait else FREE

    def begin(self, customer: str, trunk: str, now: float) -> Load:
        """Count a call that is forwarded; the limit whose last place another worker took meanwhile, if it is one that all
        count together. It is counted all the same."""
        fits = self._meter(self.customers, CUSTOMER, customer, now).take(now)
        trunk_fits = self._meter(self.trunks, TRUNK, trunk, now).take(now)
        if self.node.take(now) and fits and trunk_fits:
            return FREE
        return Load(CUSTOMER if not fits else TRUNK if not trunk_fits else NODE, 1)

    def resume(self, customer: str, trunk: str, back: bool, now: float) -> None:
        """Count a call that a process before this one forwarded, and took from the rates; a call back is the node's alone."""
        self.node.enter()
        if not back:
            self._meter(self.customers, CUSTOMER, customer, now).enter()
            self._meter(self.trunks, TRUNK, trunk, now).enter()

    def end(self, customer: str, trunk: str) -> None:
        """Give back a call that `begin` counted."""
        self.node.leave()
        self.trunks[trunk].leave()
        meter = self.customers[customer]
        meter.leave()
        if not meter.live and len(self.customers) > KEPT_MOST:
            del self.customers[customer]

    def _limited(self, table: dict[str, Meter], kind: str, name: str, limits: tuple[float, int], now: float) -> Meter:
        """The meter of `name` under these limits."""
        rate, most = limits
        meter = self._meter(table, kind, name, now, limits)
        if meter.rate != rate or meter.most != most:
            meter.set(rate, most)
        return meter

    def _meter(
        self, table: dict[str, Meter], kind: str, name: str, now: float, limits: tuple[float, int] = UNLIMITED
    ) -> Meter:
        """The meter of `name`, under the limits that it has, or these if it is new."""
        meter = table.get(name)
        if meter is None:
            rate, most = limits
            meter = table[name] = Meter(rate, most, now)
            if self.others is not None:
                meter.share(self.others, f"{kind} {name}")
        return meter
