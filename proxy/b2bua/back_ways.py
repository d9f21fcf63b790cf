"""Where calls back to a customer go: the platform that its call-back target names, its own trunk, or its carriers.

A target at a host goes to the platform trunk of that `address` (host and port, else host) or of
those `callback_hosts`, a customer's own first; at a host that no trunk
covers, to the customer's own trunk that has an `address`. A target that is a telephone number goes where calls of the
customer's own trunk go, else to the carrier that the call came from. Made once for each topology.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.trunks import PlatformTrunk, Topology
from proxy.policy.call_back import CallBack, host_of, place_of


@final
class BackWays:
    """Ways by host and by customer; `own` are the places by which a target may name this node itself."""

    __slots__ = ("own", "_by_host", "_addressed", "_routes")

    def __init__(self, topology: Topology) -> None:
        self.own: Final = frozenset([f"{one.host.lower()}:{one.port}" for one in topology.listeners])
        self._by_host: Final[dict[str, list[PlatformTrunk]]] = {}
        self._addressed: Final[dict[str, str]] = {}  # by customer: a trunk that calls back can be sent to
        self._routes: Final[dict[str, str]] = {}  # by customer: where the calls of its trunk go
        for trunk in topology.platforms:
            if trunk.customer:
                self._routes.setdefault(trunk.customer, trunk.way)
            if trunk.callee is not None:
                host = trunk.callee.host.lower()
                self._by_host.setdefault(host, []).append(trunk)
                for further in trunk.callback_hosts:
                    self._by_host.setdefault(further.lower(), []).append(trunk)
                self._by_host.setdefault(f"{host}:{trunk.callee.port}", []).append(trunk)
                if trunk.customer:
                    self._addressed.setdefault(trunk.customer, trunk.name)

    def leads(self, chosen: CallBack) -> bool:
        """Is there a way to this target, whichever carrier the call comes from?"""
        if chosen.number is not None:
            return True
        return chosen.entry is not None and bool(self.to_host(chosen.uri, chosen.entry.customer))

    def to_host(self, uri: str, customer: str) -> str:
        """The way of a target at the host of `uri`; empty when no trunk covers it."""
        trunks = self._by_host.get(place_of(uri)) or self._by_host.get(host_of(uri))
        if trunks is None:
            return self._addressed.get(customer, "")
        for trunk in trunks:
            if trunk.customer == customer:
                return trunk.name
        return trunks[0].name

    def to_number(self, customer: str, came_by: str) -> str:
        """The way of a target that is a number; `came_by` is the carrier that the call came from."""
        return self._routes.get(customer, came_by)
