"""How much may pass at once: calls per second and calls in progress, per customer, per trunk and for the node.

A carrier's meter stands with its gateways (`gateways.Pool`), for it is asked when one of them is chosen.

Counted here because it is the engine that sees calls begin and end; judged in `policy` by the rules `capacity.*`, which
read a `Load`. A look counts nothing; a call that is forwarded is counted once and given back once, whatever way it
ends. Time is the engine's monotonic `now`.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.ledger import Load

FREE: Final = Load("", 0)
UNLIMITED: Final = (0.0, 0)
KEPT_MOST: Final = 65536


@final
class Meter:
    """One limit pair: a token bucket of `rate` calls per second (0: none), `most` calls at once (0: none).

    The bucket holds one second's worth of calls, at least one.
    """

    __slots__ = ("rate", "most", "live", "tokens", "at")

    def __init__(self, rate: float, most: int, now: float) -> None:
        self.rate = rate
        self.most = most
        self.live = 0
        self.tokens = max(rate, 1.0)
        self.at = now

    def set(self, rate: float, most: int) -> None:
        """Take new limits; calls in progress stay counted."""
        self.rate, self.most = rate, most
        self.tokens = min(self.tokens, max(rate, 1.0))

    def wait(self, now: float) -> int:
        """Seconds after which one more call may be tried, rounded up; 0 when it may pass now."""
        if self.most and self.live >= self.most:
            return 1
        if self.rate <= 0:
            return 0
        self._fill(now)
        if self.tokens >= 1.0:
            return 0
        return int((1.0 - self.tokens) / self.rate) + 1

    def take(self, now: float) -> None:
        """Count one call."""
        self.live += 1
        if self.rate > 0:
            self._fill(now)
            self.tokens -= 1.0

    def _fill(self, now: float) -> None:
        self.tokens = min(max(self.rate, 1.0), self.tokens + (now - self.at) * self.rate)
        self.at = now


@final
class Capacity:
    """The meters of one engine, made when a name is first counted."""

    __slots__ = ("node", "customers", "trunks")

    def __init__(self) -> None:
        self.node: Final = Meter(0.0, 0, 0.0)
        self.customers: Final[dict[str, Meter]] = {}
        self.trunks: Final[dict[str, Meter]] = {}

    def look(
        self, customer: str, limits: tuple[float, int], trunk: str, trunk_limits: tuple[float, int], now: float
    ) -> Load:
        """What one more call of `customer` over `trunk` would break, the narrowest limit first."""
        if limits != UNLIMITED:
            wait = self._limited(self.customers, customer, limits, now).wait(now)
            if wait:
                return Load("customer", wait)
        if trunk_limits != UNLIMITED:
            wait = self._limited(self.trunks, trunk, trunk_limits, now).wait(now)
            if wait:
                return Load("trunk", wait)
        wait = self.node.wait(now)
        return Load("node", wait) if wait else FREE

    def begin(self, customer: str, trunk: str, now: float) -> None:
        """Count a call that is forwarded."""
        self._meter(self.customers, customer, now).take(now)
        self._meter(self.trunks, trunk, now).take(now)
        self.node.take(now)

    def resume(self, customer: str, trunk: str, back: bool, now: float) -> None:
        """Count a call that a process before this one forwarded, and took from the rates; a call back is the node's alone."""
        self.node.live += 1
        if not back:
            self._meter(self.customers, customer, now).live += 1
            self._meter(self.trunks, trunk, now).live += 1

    def end(self, customer: str, trunk: str) -> None:
        """Give back a call that `begin` counted."""
        self.node.live -= 1
        self.trunks[trunk].live -= 1
        meter = self.customers[customer]
        meter.live -= 1
        if not meter.live and len(self.customers) > KEPT_MOST:
            del self.customers[customer]

    def _limited(self, table: dict[str, Meter], name: str, limits: tuple[float, int], now: float) -> Meter:
        """The meter of `name` under these limits."""
        rate, most = limits
        meter = table.get(name)
        if meter is None:
            meter = table[name] = Meter(rate, most, now)
        elif meter.rate != rate or meter.most != most:
            meter.set(rate, most)
        return meter

    def _meter(self, table: dict[str, Meter], name: str, now: float) -> Meter:
        """The meter of `name`, under the limits that it has."""
        meter = table.get(name)
        if meter is None:
            meter = table[name] = Meter(0.0, 0, now)
        return meter
