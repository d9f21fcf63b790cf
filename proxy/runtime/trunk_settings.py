"""`[[platform]]` and `[[carrier]]` of `proxy.toml`: who may send calls to us, and where calls go.

Each `read_platform` and `read_carrier` reads one table, refuses what it does not know and returns the frozen record that
`b2bua` works with; `read_trunks` reads them all and checks what they say about each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Final

from proxy.b2bua.header_policy import IDENTITY_HEADERS, NEEDED
from proxy.b2bua.trunks import CarrierTrunk, PlatformTrunk
from proxy.policy.facts import TrunkFacts
from proxy.runtime import addresses
from proxy.runtime.headers_file import HEADER, header_name
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.toml_source import Table, seen

SIP_PORT: Final = 5060
NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
E164: Final = re.compile(r"\+[1-9][0-9]{5,14}")
NAMING_HEADERS: Final = ("customer_header", "campaign_header", "purpose_header", "mode_header")
ORIGINS: Final = ("national", "international")
PASS_OR_REFUSE: Final = ("pass", "refuse")
PROFILES: Final = ("law", "strict")
NUMBER_FORMS: Final = ("e164", "00", "national")
HIDDEN_FORMS: Final = ("withheld", "unavailable")


@dataclass(frozen=True)
class Timers:
    """RFC 3261 timers towards carriers, in seconds."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0


def read_trunks(
    root: Table, timers: Timers, family: int, mistakes: Mistakes
) -> tuple[tuple[CarrierTrunk, ...], tuple[PlatformTrunk, ...]]:
    """All peers that could be read. Names and sources occur once, and each platform has its carrier."""
    carrier_tables = peer_tables(root, "carrier", mistakes)
    platform_tables = peer_tables(root, "platform", mistakes)
    carriers = [mistakes.attempt(partial(read_carrier, table, timers, family)) for table in carrier_tables]
    platforms = [mistakes.attempt(partial(read_platform, table)) for table in platform_tables]
    once(carrier_tables, "name", mistakes)
    once(platform_tables, "name", mistakes)
    once(platform_tables, "sources", mistakes)
    known = [str(table.values.get("name")) for table in carrier_tables]
    for table in platform_tables:
        if table.has("carrier") and table.values["carrier"] not in known:
            mistakes.add(table.error("carrier", "the name of a carrier: " + ", ".join(f"`{name}`" for name in known)))
    return tuple(filter(None, carriers)), tuple(filter(None, platforms))


def peer_tables(root: Table, key: str, mistakes: Mistakes) -> list[Table]:
    """The `[[key]]` tables; at least one."""
    found = mistakes.attempt(partial(root.tables, key))
    if found == []:
        mistakes.add(root.error(key, f"at least one [[{key}]]", "none"))
    return found or []


def once(tables: list[Table], key: str, mistakes: Mistakes) -> None:
    """Keep a mistake for each text of `key` that an earlier table has too."""
    lines: dict[str, int] = {}
    for table in tables:
        value = table.values.get(key)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and lines.setdefault(text, table.line) != table.line:
                mistakes.add(table.error(key, f"another one than the table of line {lines[text]}", seen(text)))


def read_platform(table: Table) -> PlatformTrunk:
    """One peer that places calls for customers."""
    name = trunk_name(table)
    customer = table.text("customer", "")
    headers = {key: naming_header(table, key) for key in NAMING_HEADERS}
    if bool(customer) == bool(headers["customer_header"]):
        both = "both" if customer else "neither"
        raise table.error("customer", "either `customer` or `customer_header` to say who calls", both)
    platform = PlatformTrunk(
        name=name,
        sources=sources(table),
        facts=TrunkFacts(
            name=name,
            origin=table.one_of("origin", ORIGINS, "national"),
            emergency=table.one_of("emergency", PASS_OR_REFUSE, "pass"),
            unopened=table.one_of("unopened", PASS_OR_REFUSE, "pass"),
            allowed_classes=frozenset(table.texts("destinations")),
            profile=table.one_of("profile", PROFILES, "law"),
        ),
        carrier=table.text("carrier"),
        customer=customer,
        attested=table.flag("attested", False),
        calls_per_second=float(table.bound("calls_per_second")),
        most_calls=table.bound("most_calls"),
        customer_header=headers["customer_header"],
        campaign_header=headers["campaign_header"],
        purpose_header=headers["purpose_header"],
        mode_header=headers["mode_header"],
    )
    table.close()
    return platform


def read_carrier(table: Table, timers: Timers, family: int) -> CarrierTrunk:
    """One peer that takes calls. A name in `address` is looked up now, for an address of IP version `family`."""
    address = table.text("address")
    try:
        endpoint = addresses.endpoint(address, SIP_PORT)
        if not addresses.is_host(endpoint.host):
            raise ValueError("`address:port` or `name:port`")
        host = addresses.looked_up(endpoint.host, family)
    except ValueError as wrong:
        raise table.error("address", str(wrong)) from None
    domain = table.text("domain", endpoint.host)
    if not addresses.is_host(domain):
        raise table.error("domain", "a host name or an IP address")
    carrier = CarrierTrunk(
        name=trunk_name(table),
        host=host,
        port=endpoint.port,
        domain=f"[{domain}]" if ":" in domain else domain,
        numbers=table.one_of("numbers", NUMBER_FORMS, "e164"),
        user_phone=table.flag("user_phone", True),
        hidden=table.one_of("hidden", HIDDEN_FORMS, "withheld"),
        network_number=network_number(table),
        cross=crossing(table),
        drop=dropping(table),
        t1=timers.t1,
        t2=timers.t2,
        t4=timers.t4,
    )
    table.close()
    return carrier


def trunk_name(table: Table) -> str:
    """The name of a trunk: it becomes a metric label and a word in the journal."""
    name = table.text("name")
    if not NAME.fullmatch(name):
        raise table.error("name", "up to 64 lower-case letters, digits, dots and dashes")
    return name


def sources(table: Table) -> tuple[str, ...]:
    """Where requests of a platform come from; at least one."""
    found = []
    for text in table.texts("sources"):
        try:
            found.append(addresses.source(text))
        except ValueError as wrong:
            raise table.error("sources", str(wrong), seen(text)) from None
    if not found:
        raise table.error("sources", "at least one IP address or network")
    return tuple(found)


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
