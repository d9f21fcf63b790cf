"""Where the simulated calls are carried: two platforms, two carriers, the shipped rules, fictional customers.

The first platform has one carrier, the second a route over both: a call goes to the other one when the first fails.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from proxy.b2bua.trunks import CarrierTrunk, Limits, Listener, PlatformTrunk, Route, RouteLeg, Topology
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.runtime.edition_file import load_edition
from proxy.runtime.headers_file import load_headers
from proxy.sip.hop import TCP
from tests.simulation.network import NODE, Address

HERE: Final = Path(__file__).parent
CONFIG: Final = HERE.parents[1] / "config"
PLATFORMS: Final[tuple[Address, ...]] = (("10.1.0.1", 5070), ("10.1.0.2", 5070))
CARRIERS: Final[tuple[Address, ...]] = (("10.2.0.1", 5080), ("10.2.0.2", 5080))
LONGEST_CALL: Final = 150.0
BOTH: Final = Route("both", (RouteLeg("carrier-1", 1, 1), RouteLeg("carrier-0", 2, 1)))


@cache
def edition() -> Edition:
    """The shipped rules with the customers of the simulation."""
    return load_edition(CONFIG / "rules", CONFIG / "numbering.toml", HERE / "customers.toml")


@cache
def topology(streams: bool) -> Topology:
    """The node between them; with `streams` the second platform and the second carrier are reached over TCP."""
    platforms = tuple(
        PlatformTrunk(
            f"platform-{at}", (address[0],), TrunkFacts(f"platform-{at}"), "" if at else "carrier-0",
            customer_header="X-Account", campaign_header="X-Campaign", route="both" if at else "",
        )
        for at, address in enumerate(PLATFORMS)
    )  # fmt: skip
    carriers = tuple(
        CarrierTrunk(
            f"carrier-{at}", address[0], address[1], "edge.example.net", transport="tcp" if streams and at else "udp",
            no_progress=8.0 if at else 0.0,
        )
        for at, address in enumerate(CARRIERS)
    )  # fmt: skip
    limits = Limits(answer_timeout=60.0, longest_call=LONGEST_CALL)
    return Topology(
        (Listener(*NODE), Listener(*NODE, TCP, "tcp")),
        platforms,
        carriers,
        limits,
        routes=(BOTH,),
        headers=load_headers(CONFIG / "headers.toml"),
    )
