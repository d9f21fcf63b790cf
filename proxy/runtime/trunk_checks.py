"""What trunks say about each other: names and sources occur once, and whatever a platform names is there.

The file that seeds a store and every change of the directory are held to the same checks; all mistakes are told, each
where it is written.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from proxy.b2bua.trunks import CarrierTrunk, PlatformTrunk, Route
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.toml_source import Table, seen

PLATFORM: Final = "platform"
CARRIER: Final = "carrier"
ROUTE: Final = "route"
FACES: Final = (PLATFORM, CARRIER, ROUTE)
NEEDED: Final = (PLATFORM, CARRIER)


@dataclass(frozen=True)
class Written:
    """One trunk, `platform` or `carrier`, and where it is written.

    `trunk` is none when it could not be read, `faces` empty when not even that can be told.
    """

    table: Table
    faces: str
    trunk: PlatformTrunk | CarrierTrunk | Route | None

    @property
    def name(self) -> str:
        """Its name, as far as it can be read."""
        return str(self.table.values.get("name", "")) if self.trunk is None else self.trunk.name

    @property
    def place(self) -> str:
        """Where it stands, for the mistake of another one."""
        line = self.table.line
        return f"the one of line {line}" if line else f"`{self.name}`"


def check_trunks(rows: Sequence[Written], customers: Set[str], whole: Table, mistakes: Mistakes) -> None:
    """Keep every mistake of these trunks, which are all there are; `whole` is where a missing one would stand."""
    for faces in NEEDED:
        if all(row.faces not in (faces, "") for row in rows):
            mistakes.add(whole.error(faces, f"at least one {faces}", "none"))
    check_names(rows, mistakes)
    check_sources(rows, mistakes)
    carriers = [row.name for row in rows if row.faces in (CARRIER, "")]
    routes = [row.name for row in rows if row.faces in (ROUTE, "")]
    for row in rows:
        if isinstance(row.trunk, Route):
            for leg in row.trunk.legs:
                if leg.carrier not in carriers:
                    mistakes.add(row.table.error("carriers", one_of("carrier", carriers), seen(leg.carrier)))
        if isinstance(row.trunk, PlatformTrunk):
            if row.trunk.route and row.trunk.route not in routes:
                mistakes.add(row.table.error("route", one_of("route", routes)))
            if not row.trunk.route and row.trunk.carrier not in carriers:
                mistakes.add(row.table.error("carrier", one_of("carrier", carriers)))
            if row.trunk.customer and row.trunk.customer not in customers:
                mistakes.add(row.table.error("customer", "the id of a customer in the directory"))


def one_of(what: str, names: Sequence[str]) -> str:
    """What is expected where one of these is named."""
    return f"the name of a {what} ({', '.join(f'`{name}`' for name in names) or 'none is there'})"


def check_names(rows: Sequence[Written], mistakes: Mistakes) -> None:
    """Keep a mistake for each name that an earlier trunk has too, whatever it faces."""
    first: dict[str, Written] = {}
    for row in rows:
        if row.name and first.setdefault(row.name, row) is not row:
            mistakes.add(row.table.error("name", f"another name than {first[row.name].place}"))


def check_sources(rows: Sequence[Written], mistakes: Mistakes) -> None:
    """Keep a mistake for each source that an earlier trunk has too."""
    first: dict[str, Written] = {}
    for row in rows:
        if isinstance(row.trunk, PlatformTrunk | CarrierTrunk):
            for source in row.trunk.sources:
                if first.setdefault(source, row) is not row:
                    expected = f"another source than {first[source].place}"
                    mistakes.add(row.table.error("sources", expected, seen(source)))
