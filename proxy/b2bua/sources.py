"""Who sent this: the trunk of a source address, by `ip:port`, by `ip`, by network.

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
        for gateway in routing.gateways():
            if not gateway.carrier.platform:
                name, hop = gateway.carrier.name, gateway.hop
                face = PlatformTrunk(name, (), TrunkFacts(name), name, calls_back=True)
                self._carriers.setdefault((hop.host, hop.port), face)
                self._carrier_hosts.setdefault(hop.host, face)
        self._known: Final[dict[Hop, PlatformTrunk | None]] = {}
        for trunk in topology.platforms:
            for source in trunk.sources:
                if "/" in source:
                    self._networks.append((ip_network(source, strict=False), trunk))
                else:
                    self._exact[source] = trunk

    def platform(self, hop: Hop) -> PlatformTrunk | None:
        """The platform trunk of a source; None for a stranger, for a carrier's own address and port, and for a
        transport that the trunk does not accept."""
        if hop in self._known:
            return self._known[hop]
        if len(self._known) >= _REMEMBERED_MOST:
            self._known.clear()
        found = None if (hop.host, hop.port) in self._carriers else self._find(hop.host, hop.port)
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
        return self._carriers.get((hop.host, hop.port)) or self._carrier_hosts.get(hop.host)

    def is_gateway(self, hop: Hop) -> bool:
        """Is this the very address and port that a carrier is called at?"""
        return (hop.host, hop.port) in self._carriers

    def is_carrier(self, hop: Hop) -> bool:
        """Does a carrier send from here?"""
        if (hop.host, hop.port) in self._carriers:
            return True
        return hop.host in self._carrier_hosts and self.platform(hop) is None
