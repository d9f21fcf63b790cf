"""`[[route]]`, and what a `[[carrier]]` says of its service: its health, its patience and timers, and whether it takes calls."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from proxy.b2bua.trunks import CarrierTrunk, Route, RouteLeg
from proxy.runtime.toml_source import Table, seen

LEG: Final = re.compile(r"([a-z0-9][a-z0-9._-]*)(?::([0-9]{1,3}))?(?::([0-9]{1,5}))?")
ACTIVE: Final = "active"
DRAINED: Final = "drained"
REFUSE: Final = "refuse"
FOLLOW: Final = "follow"
TRANSFERS: Final = (REFUSE, "decide")


def read_route(table: Table, name: str) -> Route:
    """One route; `carriers` are `name`, `name:priority` or `name:priority:weight`. Raises ConfigError."""
    legs: list[RouteLeg] = []
    for text in table.texts("carriers"):
        found = LEG.fullmatch(text)
        if found is None or (found[3] is not None and int(found[3]) == 0):
            raise table.error(
                "carriers", "`name`, `name:priority` or `name:priority:weight` with a weight above 0", seen(text)
            )
        if found[1] in [leg.carrier for leg in legs]:
            raise table.error("carriers", "each carrier once", seen(text))
        legs.append(RouteLeg(found[1], int(found[2] or 1), int(found[3] or 1)))
    if not legs:
        raise table.error("carriers", "at least one carrier", "none")
    table.close()
    return Route(name, tuple(legs))


def with_service(carrier: CarrierTrunk, table: Table) -> CarrierTrunk:
    """The carrier with what its table says of health, limits, patience and redirections; numbers are whole. Raises ConfigError."""
    return replace(
        carrier,
        drained=table.one_of("state", (ACTIVE, DRAINED), ACTIVE) == DRAINED,
        probe_every=float(table.bound("probe_every")),
        down_after=table.positive("down_after", 3),
        up_after=table.positive("up_after", 2),
        silent_after=float(table.bound("silent_after")),
        no_progress=float(table.bound("no_progress")),
        calls_per_second=float(table.bound("calls_per_second")),
        most_calls=table.bound("most_calls"),
        transfer=table.one_of("transfer", TRANSFERS, REFUSE) == "decide",
        large_over_tcp=table.one_of("large_requests", ("udp", "tcp"), "udp") == "tcp",
        own_timers=(table.bound("t1_ms") / 1e3, table.bound("t2_ms") / 1e3, table.bound("t4_ms") / 1e3),
        overload_control=table.flag("overload_control", False),
        redirects=table.one_of("redirects", (REFUSE, FOLLOW), REFUSE) == FOLLOW,
    )
