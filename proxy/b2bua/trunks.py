"""What the engine is told about its surroundings: trunks, limits and its own addresses.

Frozen records, built by `runtime/node_topology.py` and swapped as a whole by a reload or a new directory. No look-up of names and
no reading of files happens here; `host` is an address that a socket can send to at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from proxy.b2bua.header_policy import HeaderPolicy
from proxy.b2bua.logins import Auth, AuthPolicy, CarrierLogin
from proxy.policy.facts import TrunkFacts
from proxy.sip.hop import TRANSPORTS, UDP


@dataclass(frozen=True)
class PlatformTrunk:
    """A SIP peer that places calls for customers (A leg).

    `sources` are `ip`, `ip:port` or CIDR texts; a request whose source matches none of any trunk's is refused.
    `customer` names the one customer of the trunk; when empty, the header `customer_header` names it per call.
    The naming headers never cross. `attested` says that the peer's caller numbers arrive authenticated.
    `calls_per_second` and `most_calls` bound what it may send; 0 means no bound; `weight` is its share of what can be
    served when all ask for more. `transports` are those that it may
    come by (`udp`, `tcp`, `tls`), empty: any. Its calls go to `carrier`, or by `route` over several carriers. `auth` is
    what it must show besides its address; without `sources` it is known by that alone. `callee` is it where calls back
    are sent to, also those to `callback_hosts`; `calls_back` marks the face of a carrier whose calls come to our numbers.
    """

    name: str
    sources: tuple[str, ...]
    facts: TrunkFacts
    carrier: str = ""
    customer: str = ""
    customer_header: str = ""
    campaign_header: str = ""
    purpose_header: str = ""
    mode_header: str = ""
    attested: bool = False
    calls_per_second: float = 0.0
    most_calls: int = 0
    transports: tuple[str, ...] = ()
    route: str = ""
    transfer: bool = False
    auth: Auth | None = None
    callee: CarrierTrunk | None = None
    callback_hosts: tuple[str, ...] = ()
    calls_back: bool = False
    weight: float = 1.0

    @property
    def way(self) -> str:
        """What `Routing.choose` is asked for: its route, else its one carrier."""
        return route_key(self.route) if self.route else self.carrier


@dataclass(frozen=True)
class TlsClient:
    """How a TLS connection to a trunk is judged, and what we show there; read by the runtime only.

    `server_name` is asked for (SNI) and must be proved; the files are PEM: `ca` of the authorities that are trusted,
    those of the system when empty, `certificate` and `key` ours.
    """

    server_name: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    verify: bool = True


@dataclass(frozen=True)
class CarrierTrunk:
    """A SIP peer that takes calls (B leg).

    `domain` is the host shown in From, To and P-Asserted-Identity towards it; `numbers` is how numbers are written:
    `e164`, `00` or `national`; `hidden` is the display of a withheld call: `withheld` (RFC 3323, 3325) or
    `unavailable`; `network_number` is shown in P-Asserted-Identity with `Privacy: id` when the carrier wants one.
    `cross` adds header names that may cross to it; identity headers are refused by the settings loader. `drop` takes
    names away in both directions. `t1`, `t2`, `t4` are the RFC 3261 timers in seconds, out of `own_timers` where those
    are not 0, else out of the node's. `transport` is `udp`, `tcp`,
    `tls` or `auto`, `listener` the name of the listener that it is reached from; the first one of that transport and IP
    version when empty. `login` answers its challenges.

    `host` is an address, or empty: then the carrier is a name, `address` holds it as it is written, and its places come
    by `Routing.use_places`. `drained` takes it no new calls. Every `probe_every` seconds (0: never) it gets OPTIONS; it
    is down after `down_after` failures in a row and up after `up_after` successes. An INVITE that hears nothing in
    `silent_after` seconds (0: timer B) goes elsewhere; one that hears no 18x in `no_progress` seconds (0: the answer
    timeout) is cancelled and goes elsewhere, or ends. `redirects`: its 3xx are followed; `large_over_tcp`: an INVITE too
    large for a datagram goes over TCP; `transfer`: a REFER of it is decided instead of refused; `platform`: it is a
    platform, which takes calls back. Its own calls may come from `sources`, as those of a platform, beside the host that
    it is called at.
    `calls_per_second` and `most_calls` bound what it gets; 0 means no bound. `overload_control`: it may tell us to send
    less (RFC 7339).
    """

    name: str
    host: str
    port: int
    domain: str
    numbers: str = "e164"
    user_phone: bool = True
    hidden: str = "withheld"
    network_number: str = ""
    cross: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    transport: str = "udp"
    listener: str = ""
    tls: TlsClient = TlsClient()
    address: str = ""
    drained: bool = False
    probe_every: float = 0.0
    down_after: int = 3
    up_after: int = 2
    silent_after: float = 0.0
    no_progress: float = 0.0
    redirects: bool = False
    large_over_tcp: bool = False
    transfer: bool = False
    login: CarrierLogin | None = None
    platform: bool = False
    sources: tuple[str, ...] = ()
    overload_control: bool = False
    own_timers: tuple[float, float, float] = (0.0, 0.0, 0.0)
    calls_per_second: float = 0.0
    most_calls: int = 0


@dataclass(frozen=True)
class RouteLeg:
    """One carrier of a route: a lower `priority` is used first, `weight` shares calls within a priority."""

    carrier: str
    priority: int = 1
    weight: int = 1


@dataclass(frozen=True)
class Route:
    """Carriers for the same calls: the next one is tried when one fails before anybody was called."""

    name: str
    legs: tuple[RouteLeg, ...]


def route_key(name: str) -> str:
    """How a route is named where carriers are named too: never like a carrier, whose names have no colon."""
    return f"route:{name}"


@dataclass(frozen=True)
class Limits:
    """Bounds in seconds; `max_calls` and `calls_per_second` bound the node, 0 means no bound.

    Calls without session timers are asked after every `session_refresh` seconds; 0: never. Where messages wait longer
    than `queue_delay` seconds to be read, new calls are refused; 0: never.
    """

    answer_timeout: float = 180.0
    longest_call: float = 14400.0
    decision_timeout: float = 0.05
    max_calls: int = 0
    calls_per_second: float = 0.0
    session_refresh: float = 1800.0
    queue_delay: float = 0.0


@dataclass(frozen=True)
class Listener:
    """One address at which we receive. `host` and `port` are what Via and Contact show, `version` is that of IP.

    Where several workers share the address, requests of ours leave by the listener number `way_out` instead, a port of
    this worker alone (-1: there is none), or `mark` is the user of our Contact, by which requests find the worker.
    """

    host: str
    port: int
    transport: int = UDP
    name: str = "udp"
    version: int = 4
    way_out: int = -1
    mark: str = ""

    @property
    def user(self) -> bytes:
        """What stands before the host in our Contact."""
        return self.mark.encode("ascii") + b"@" if self.mark else b""


@dataclass(frozen=True)
class Topology:
    """Everything about the node and its peers. The place of a listener in `listeners` is its number in a `Hop`.

    `timers` are T1, T2 and T4 towards platforms, in seconds (RFC 3261 table 4).
    `headers` says which headers cross; none by default. `call_backs` are platforms as callees, each by its own name.
    """

    listeners: tuple[Listener, ...]
    platforms: tuple[PlatformTrunk, ...]
    carriers: tuple[CarrierTrunk, ...]
    limits: Limits = field(default_factory=Limits)
    server_name: str = ""
    node: str = "edge"
    headers: HeaderPolicy = field(default_factory=HeaderPolicy)
    routes: tuple[Route, ...] = ()
    auth: AuthPolicy = field(default_factory=AuthPolicy)
    call_backs: tuple[CarrierTrunk, ...] = ()
    timers: tuple[float, float, float] = (0.5, 4.0, 5.0)

    @property
    def callees(self) -> tuple[CarrierTrunk, ...]:
        """Everybody that calls are sent to."""
        return self.carriers + self.call_backs

    def listener_to(self, carrier: CarrierTrunk, transport: str = "", host: str = "") -> int:
        """The number of the listener that requests to `carrier` leave by, at its `host` over `transport` if they are
        named; -1 when no listener suits it."""
        wanted, version = transport or carrier.transport, 6 if ":" in (host or carrier.host) else 4
        for number, listener in enumerate(self.listeners):
            named = not carrier.listener or carrier.listener == listener.name
            if named and listener.version == version and TRANSPORTS[listener.transport] == wanted:
                return number if listener.way_out < 0 else listener.way_out
        return -1
