"""`[[platform]]` and `[[carrier]]` of `trunks.toml` and of the directory: who may send calls to us, and where calls go.

`read_platform` and `read_carrier` read one table each, refuse what they do not know and return the frozen record that
`b2bua` works with; `load_trunks` reads a file of them. What trunks say about each other is looked at by `trunk_checks.py`.
No name is looked up here: `host` of a carrier is what its record says, and `node_topology.py` puts an address in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from proxy.b2bua.header_policy import IDENTITY_HEADERS, NEEDED
from proxy.b2bua.trunks import CarrierTrunk, PlatformTrunk, Route
from proxy.policy.facts import CONFORMANCE, TrunkFacts
from proxy.policy.ranges import FOREIGN
from proxy.runtime import addresses
from proxy.runtime.headers_file import HEADER, header_name
from proxy.runtime.login_checks import check_logins
from proxy.runtime.login_settings import read_auth, read_login
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.numbering_file import Numbering
from proxy.runtime.route_settings import TRANSFERS, read_route, with_service
from proxy.runtime.toml_source import Table, TomlSource, seen
from proxy.runtime.trunk_checks import FACES, PLATFORM, ROUTE, Written, check_trunks
from proxy.runtime.trunk_transport import NUMBER_FORMS, callback_hosts, endpoint_of, read_callee, tls_of, transport_of
from proxy.sip.hop import TRANSPORTS

NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
E164: Final = re.compile(r"\+[1-9][0-9]{5,14}")
NAMING_HEADERS: Final = ("customer_header", "campaign_header", "purpose_header", "mode_header")
ORIGINS: Final = ("national", "international")
PASS_OR_REFUSE: Final = ("pass", "refuse")
PROFILES: Final = ("law", "strict", CONFORMANCE)
HIDDEN_FORMS: Final = ("withheld", "unavailable")

Trunk = PlatformTrunk | CarrierTrunk | Route


@dataclass(frozen=True)
class Trunks:
    """All peers; two are equal when their records say the same. The host of a carrier is as it was written."""

    said: tuple[Mapping[str, object], ...]
    platforms: tuple[PlatformTrunk, ...] = field(compare=False)
    carriers: tuple[CarrierTrunk, ...] = field(compare=False)
    routes: tuple[Route, ...] = field(compare=False, default=())


NO_TRUNKS: Final = Trunks((), (), ())


def trunks_of(trunks: Iterable[Trunk], said: Iterable[Mapping[str, object]]) -> Trunks:
    """These peers and what was said of them, both in one order."""
    found = tuple(trunks)
    return Trunks(
        tuple(said),
        tuple(one for one in found if isinstance(one, PlatformTrunk)),
        tuple(one for one in found if isinstance(one, CarrierTrunk)),
        tuple(one for one in found if isinstance(one, Route)),
    )


def load_trunks(source: TomlSource, numbering: Numbering, customers: Iterable[str]) -> Trunks:
    """The whole file, checked. Raises ConfigError, or ConfigErrors with all that is wrong."""
    mistakes = Mistakes()
    rows: list[Written] = []
    read: list[Trunk] = []
    for faces in FACES:
        for table in mistakes.attempt(partial(source.root.tables, faces)) or []:
            trunk = mistakes.attempt(partial(read_trunk, table, faces, numbering))
            rows.append(Written(table, faces, trunk))
            if trunk is not None:
                read.append(trunk)
    mistakes.attempt(source.root.close)
    check_trunks(rows, frozenset(customers), source.root, mistakes)
    check_logins(rows, frozenset(customers), mistakes)
    mistakes.raise_any()
    return trunks_of(read, [row.table.values for row in rows])


def read_trunk(table: Table, faces: str, numbering: Numbering) -> Trunk:
    """One peer that faces a platform or a carrier. Raises ConfigError."""
    if faces == ROUTE:
        return read_route(table, trunk_name(table))
    return read_platform(table, numbering) if faces == PLATFORM else read_carrier(table)


def read_platform(table: Table, numbering: Numbering) -> PlatformTrunk:
    """One peer that places calls for customers."""
    name = trunk_name(table)
    customer = table.text("customer", "")
    headers = {key: naming_header(table, key) for key in NAMING_HEADERS}
    auth = read_auth(table.table("auth")) if table.has("auth") else None
    told = auth is not None and bool(auth.users) and all(user.customer for user in auth.users)
    if bool(customer) == bool(headers["customer_header"]) and (customer or not told):
        both = "both" if customer else "neither"
        raise table.error("customer", "either `customer` or `customer_header` to say who calls", both)
    carrier, route = table.text("carrier", ""), table.text("route", "")
    if bool(carrier) == bool(route):
        both = "both" if carrier else "neither"
        raise table.error("carrier", "either `carrier` or `route` to say where its calls go", both)
    callee = read_callee(table, name) if table.has("address") else None
    profile = table.one_of("profile", PROFILES, "law")
    if profile == CONFORMANCE and (not customer or any(headers.values())):
        raise table.error(
            "profile", "`conformance` only with one `customer`, and no header that names another", profile
        )
    platform = PlatformTrunk(
        name=name,
        sources=sources(table, auth is not None),
        auth=auth,
        facts=TrunkFacts(
            name=name,
            origin=table.one_of("origin", ORIGINS, "national"),
            emergency=table.one_of("emergency", PASS_OR_REFUSE, "pass"),
            unopened=table.one_of("unopened", PASS_OR_REFUSE, "pass"),
            allowed_classes=frozenset(destinations(table, numbering)),
            profile=profile,
        ),
        carrier=carrier,
        route=route,
        customer=customer,
        attested=table.flag("attested", False),
        transfer=table.one_of("transfer", TRANSFERS, "refuse") == "decide",
        calls_per_second=float(table.bound("calls_per_second")),
        most_calls=table.bound("most_calls"),
        weight=float(table.positive("weight", 1)),
        customer_header=headers["customer_header"],
        campaign_header=headers["campaign_header"],
        purpose_header=headers["purpose_header"],
        mode_header=headers["mode_header"],
        transports=table.texts("transports", TRANSPORTS),
        callee=callee,
        callback_hosts=callback_hosts(table) if callee is not None else (),
    )
    table.close()
    return platform


def read_carrier(table: Table) -> CarrierTrunk:
    """One peer that takes calls; `host` may be a name."""
    transport = transport_of(table)
    endpoint = endpoint_of(table, transport)
    domain = table.text("domain", endpoint.host)
    if not addresses.is_host(domain):
        raise table.error("domain", "a host name or an IP address")
    carrier = CarrierTrunk(
        name=trunk_name(table),
        host=endpoint.host,
        port=endpoint.port,
        domain=f"[{domain}]" if ":" in domain else domain,
        numbers=table.one_of("numbers", NUMBER_FORMS, "e164"),
        user_phone=table.flag("user_phone", True),
        hidden=table.one_of("hidden", HIDDEN_FORMS, "withheld"),
        network_number=network_number(table),
        cross=crossing(table),
        drop=dropping(table),
        transport=transport,
        listener=table.text("listener", ""),
        tls=tls_of(table),
        sources=sources(table, True),
        login=read_login(table.table("login")) if table.has("login") else None,
    )
    carrier = with_service(carrier, table)
    table.close()
    return carrier


def trunk_name(table: Table) -> str:
    """The name of a trunk: it becomes a metric label and a word in the journal."""
    name = table.text("name")
    if not NAME.fullmatch(name):
        raise table.error("name", "up to 64 lower-case letters, digits, dots and dashes")
    return name


def sources(table: Table, optional: bool) -> tuple[str, ...]:
    """Where requests of a peer come from; at least one, unless it is known by something else."""
    found = []
    for text in table.texts("sources"):
        try:
            found.append(addresses.source(text))
        except ValueError as wrong:
            raise table.error("sources", str(wrong), seen(text)) from None
    if not found and not optional:
        raise table.error("sources", "at least one IP address or network")
    return tuple(found)


def destinations(table: Table, numbering: Numbering) -> tuple[str, ...]:
    """Classes of called numbers, of the plan or `foreign`."""
    names = table.texts("destinations")
    classes = {FOREIGN, *(number_class.name for number_class in numbering.plan.classes())}
    for name in names:
        if name not in classes:
            expected = "classes of numbers: " + ", ".join(f"`{known}`" for known in sorted(classes))
            raise table.error("destinations", expected, seen(name))
    return names


def naming_header(table: Table, key: str) -> str:
    """A header that names something to us; empty when the key is absent."""
    name = table.text(key, "")
    if name and (not HEADER.fullmatch(name) or name.lower().encode("ascii") in IDENTITY_HEADERS):
        raise table.error(key, "the name of a header that SIP itself does not use, such as `X-Account`")
    return name


def network_number(table: Table) -> str:
    """The number shown to the carrier, not to the callee, when the caller is withheld."""
    number = table.text("network_number", "")
    if number and not E164.fullmatch(number):
        raise table.error("network_number", "a number such as `+33162000001`")
    return number


def crossing(table: Table) -> tuple[str, ...]:
    """Further headers that may cross to this carrier; none of those that can show who calls."""
    names = table.texts("cross")
    for name in names:
        header_name(table, "cross", name, IDENTITY_HEADERS)
    return names


def dropping(table: Table) -> tuple[str, ...]:
    """Headers that do not cross to or from this carrier; none of those that a message needs to be understood."""
    names = table.texts("drop")
    for name in names:
        if header_name(table, "drop", name, frozenset()) in NEEDED:
            raise table.error("drop", "headers that a message can do without", seen(name))
    return names
