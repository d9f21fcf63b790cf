"""Which trunk a datagram comes from."""

from __future__ import annotations

import pytest

from proxy.b2bua.routing import Routing
from proxy.b2bua.sources import Sources
from proxy.b2bua.trunks import Topology
from proxy.sip.hop import TCP, TLS, UDP, Hop
from tests.ladder import OWN_UDP, carrier, platform


def sources(*trunks: tuple[str, tuple[str, ...]]) -> Sources:
    platforms = tuple(platform(name=name, sources=given) for name, given in trunks)
    return of(Topology((OWN_UDP,), platforms, (carrier(),)))


def of(topology: Topology) -> Sources:
    return Sources(topology, Routing(topology))


def test_a_carrier_calls_from_its_gateways_and_from_the_sources_that_it_names() -> None:
    named = carrier(sources=("198.51.100.9", "10.1.2.0/24", "10.0.0.0/15"))
    known = of(Topology((OWN_UDP,), (platform(sources=("10.1.2.3", "10.1.0.0/16")),), (named,)))
    faces = {host: known.calling_back(Hop(UDP, host, 5099)) for host in ("10.2.0.1", "198.51.100.9", "10.1.2.9")}
    assert {face.name for face in faces.values() if face is not None and face.calls_back} == {"carrier-1"}
    assert None not in faces.values()
    for host, gateway in (("10.2.0.1", False), ("198.51.100.9", True), ("10.1.2.9", True)):
        hop = Hop(UDP, host, 5099)
        assert (known.is_gateway(hop), known.is_carrier(hop), known.platform(hop)) == (gateway, True, None)
    for host in ("10.1.2.3", "10.1.9.9"):
        hop = Hop(UDP, host, 5099)
        assert (known.calling_back(hop), known.is_carrier(hop)) == (None, False)
        assert known.platform(hop) is not None


@pytest.mark.parametrize(
    ("host", "port", "name"),
    [
        ("10.1.0.1", 5060, "host"),
        ("10.1.0.1", 5099, "exact"),
        ("10.1.7.7", 5060, "network"),
        ("2001:db8::1", 5060, "six"),
        ("2001:db8::1", 5099, "six exact"),
        ("2001:db8:1::9", 5060, "six network"),
        ("10.2.0.1", 5080, ""),
        ("192.0.2.1", 5060, ""),
        ("2001:db9::1", 5060, ""),
    ],
)
def test_the_closest_description_wins(host: str, port: int, name: str) -> None:
    known = sources(
        ("network", ("10.1.0.0/16",)),
        ("host", ("10.1.0.1",)),
        ("exact", ("10.1.0.1:5099",)),
        ("six", ("2001:db8::1",)),
        ("six exact", ("[2001:db8::1]:5099",)),
        ("six network", ("2001:db8:1::/48",)),
    )
    hop = Hop(UDP, host, port)
    for _ in range(2):  # from the search, then from memory
        found = known.platform(hop)
        assert (found.name if found is not None else "") == name


def test_a_carrier_is_known_by_its_address_and_by_its_host_where_no_platform_lives() -> None:
    apart = sources(("vms", ("10.1.0.1",)))
    assert apart.is_carrier(Hop(UDP, "10.2.0.1", 5080))
    assert apart.is_carrier(Hop(UDP, "10.2.0.1", 9999))
    assert not apart.is_carrier(Hop(UDP, "10.1.0.1", 5070))
    together = sources(("vms", ("10.2.0.1",)))
    assert together.is_carrier(Hop(UDP, "10.2.0.1", 5080))
    assert not together.is_carrier(Hop(UDP, "10.2.0.1", 9999))
    assert together.platform(Hop(UDP, "10.2.0.1", 5080)) is None


def test_a_trunk_may_insist_on_its_transports() -> None:
    known = of(Topology((OWN_UDP,), (platform(transports=("tls", "tcp")),), (carrier(),)))
    found = [known.platform(Hop(transport, "10.1.0.1", 40_000)) for transport in (UDP, TCP, TLS)]
    assert [one is not None for one in found] == [False, True, True]
