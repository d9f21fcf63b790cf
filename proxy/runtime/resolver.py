"""Where a carrier is to be found (RFC 3263 section 4): its name as addresses with ports, and for how long they hold.

The order of questions stands here, the questions themselves go through `Ask`; nothing waits for them on the way of a
call. NAPTR is asked only when the trunk leaves the transport open (`auto`), SRV only when it names no port, A and AAAA
in the end. A name server that fails is another thing than a name that does not exist: the first raises `Unanswered`,
and the addresses known before stay in force; the second leads to the next question.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from proxy.b2bua.gateways import Place

AUTO: Final = "auto"
UDP: Final = "udp"
TCP: Final = "tcp"
TLS: Final = "tls"
PORTS: Final = {UDP: 5060, TCP: 5060, TLS: 5061}
SERVICES: Final = {"SIP+D2U": UDP, "SIP+D2T": TCP, "SIPS+D2T": TLS}  # RFC 3263 4.1
SRV_NAMES: Final = {UDP: "_sip._udp.", TCP: "_sip._tcp.", TLS: "_sips._tcp."}
LONGEST: Final = 3600  # s that an answer holds at most
SHORTEST: Final = 5  # s; a TTL of 0 must not make a question of every call
ADDRESSES_MOST: Final = 32  # of one name; a carrier with more has a fault in its zone
FAMILY: Final = {4: "A", 6: "AAAA"}


class Unanswered(Exception):
    """The name servers could not be asked, or failed; what was known before stays in force."""


@dataclass(frozen=True)
class Found:
    """One resource record: its data as text and numbers, and its TTL in seconds.

    A and AAAA: `name` is the address. SRV: `name` is the target, with `priority`, `weight`, `port`. NAPTR: `name` is the
    replacement, `priority` the order, `weight` the preference, `service` and `flags` in upper case.
    """

    name: str
    ttl: int
    priority: int = 0
    weight: int = 0
    port: int = 0
    service: str = ""
    flags: str = ""


Ask = Callable[[str, str], Awaitable[Sequence[Found]]]
"""Name and record type to records, none if there are none. Raises Unanswered."""


@dataclass(frozen=True)
class Places:
    """All addresses of a name, best first, and the seconds after which they are to be asked again."""

    places: tuple[Place, ...]
    holds: int


@dataclass(frozen=True)
class Wanted:
    """What a trunk says: a host name, a port (0: none is named), a transport or `auto`, and the IP versions we speak."""

    host: str
    port: int
    transport: str
    versions: tuple[int, ...]
    transports: tuple[str, ...] = (UDP,)


@dataclass(frozen=True)
class _Target:
    """A host to look up, as SRV or the trunk itself names it."""

    transport: str
    host: str
    port: int
    priority: int
    weight: int
    ttl: int


async def located(wanted: Wanted, ask: Ask) -> Places:
    """The addresses of a trunk's name. Raises Unanswered; no address at all is an answer too, with no places."""
    targets = await _targets(wanted, ask)
    places: list[Place] = []
    ttls: list[int] = []
    for target in targets:
        for version in wanted.versions:
            for found in await ask(target.host, FAMILY[version]):
                place = Place(target.transport, found.name, target.port, target.priority, target.weight)
                if place not in places:
                    places.append(place)
                ttls.append(min(target.ttl, found.ttl))
    holds = min(max(min(ttls, default=SHORTEST), SHORTEST), LONGEST)
    return Places(tuple(places[:ADDRESSES_MOST]), holds)


async def _targets(wanted: Wanted, ask: Ask) -> list[_Target]:
    """Hosts by priority, the heavier first; for a name without SRV records the name itself."""
    if wanted.port:
        transport = wanted.transports[0] if wanted.transport == AUTO else wanted.transport
        return [_Target(transport, wanted.host, wanted.port, 0, 0, LONGEST)]
    for transport, name, ttl in await _services(wanted, ask):
        found = await ask(name, "SRV")
        if found:  # one record with the target `.` says that there is no such service (RFC 2782)
            ordered = sorted((one for one in found if one.name), key=lambda one: (one.priority, -one.weight))
            return [
                _Target(transport, one.name, one.port, one.priority, one.weight, min(ttl, one.ttl)) for one in ordered
            ]
    transport = wanted.transports[0] if wanted.transport == AUTO else wanted.transport
    return [_Target(transport, wanted.host, PORTS[transport], 0, 0, LONGEST)]


async def _services(wanted: Wanted, ask: Ask) -> list[tuple[str, str, int]]:
    """Transport, SRV name and TTL in the order in which they are to be tried."""
    if wanted.transport != AUTO:
        return [(wanted.transport, SRV_NAMES[wanted.transport] + wanted.host, LONGEST)]
    offered = []
    for one in sorted(await ask(wanted.host, "NAPTR"), key=lambda one: (one.priority, one.weight)):
        transport = SERVICES.get(one.service, "")
        if transport in wanted.transports and one.flags == "S" and one.name:
            offered.append((transport, one.name, one.ttl))
    return offered or [(one, SRV_NAMES[one] + wanted.host, LONGEST) for one in wanted.transports]
