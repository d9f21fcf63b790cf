"""Who sent this: the trunk of a source address, by `ip:port`, by `ip`, by network; platforms and carriers alike.

Answers are remembered per source, since a platform sends thousands of datagrams from one. No names are looked up.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, final

from proxy.b2bua.routing import Routing
from proxy.b2bua.trunks import PlatformTrunk, Topology
from proxy.policy.facts import TrunkFacts
from proxy.sip.hop import TRANSPORTS, Hop

_REMEMBERED_MOST: Final = 65536


@final
class Sources:
    """The trunks of one topology, found by source address."""

    def __init__(self, topology: Topology, routing: Routing) -> None:
        self._exact: Final[dict[str, PlatformTrunk]] = {}
        self._networks: Final[list[tuple[IPv4Network | IPv6Network, PlatformTrunk]]] = []
        self._carriers: Final[dict[tuple[str, int], PlatformTrunk]] = {}
        self._carrier_hosts: Final[dict[str, PlatformTrunk]] = {}
        self._known: Final[dict[Hop, PlatformTrunk | None]] = {}
        faces: dict[str, PlatformTrunk] = {}
        for carrier in topology.carriers:
            face = PlatformTrunk(carrier.name, carrier.sources, TrunkFacts(carrier.name), carrier.name, calls_back=True)
            faces[carrier.name] = face
            self._learn(face)
        for gateway in routing.gateways():
            known = faces.get(gateway.carrier.name)
            if known is not None:
                hop = gateway.hop
                self._carriers.setdefault((hop.host, hop.port), known)
                self._carrier_hosts.setdefault(hop.host, known)
        for trunk in topology.platforms:
            self._learn(trunk)
        self._networks.sort(key=_width, reverse=True)

    def _learn(self, trunk: PlatformTrunk) -> None:
        for source in trunk.sources:
            if "/" in source:
                self._networks.append((ip_network(source, strict=False), trunk))
            else:
                self._exact[source] = trunk

    def platform(self, hop: Hop) -> PlatformTrunk | None:
        """The platform trunk of a source; None for a stranger, for a carrier's own address and port, and for a
        transport that the trunk does not accept."""
        found = self._trunk(hop)
        return None if found is None or found.calls_back else found

    def _trunk(self, hop: Hop) -> PlatformTrunk | None:
        """Whoever is described to send from here, the face of a carrier too."""
        if hop in self._known:
            return self._known[hop]
        if len(self._known) >= _REMEMBERED_MOST:
            self._known.clear()
        found = self._carriers.get((hop.host, hop.port)) or self._find(hop.host, hop.port)
        if found is not None and found.transports and TRANSPORTS[hop.transport] not in found.transports:
            found = None
        self._known[hop] = found
        return found

    def _find(self, host: str, port: int) -> PlatformTrunk | None:
        exact = self._exact.get(f"[{host}]:{port}" if ":" in host else f"{host}:{port}") or self._exact.get(host)
        if exact is not None:
            return exact
        address = ip_address(host)
        for network, trunk in self._networks:
            if address in network:
                return trunk
        return None

    def calling_back(self, hop: Hop) -> PlatformTrunk | None:
        """The carrier that sends from here, as the trunk of its calls to our numbers."""
        found = self._trunk(hop)
        if found is None:
            return self._carrier_hosts.get(hop.host)
        return found if found.calls_back else None

    def is_gateway(self, hop: Hop) -> bool:
        """Is this the very address and port that a carrier is called at, or a source that its trunk names?"""
        found = self._trunk(hop)
        return found is not None and found.calls_back

    def is_carrier(self, hop: Hop) -> bool:
        """Does a carrier send from here?"""
        return self.calling_back(hop) is not None


def _width(row: tuple[IPv4Network | IPv6Network, PlatformTrunk]) -> int:
    """How closely a network describes: the closest is looked at first."""
    return row[0].prefixlen
