"""`npv-proxy check`: what the files say, as a table on a terminal and as plain lines in a pipe."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.table import Table

from proxy.b2bua.trunks import CarrierTrunk, Topology
from proxy.policy.facts import CONFORMANCE
from proxy.policy.moment import iso_day
from proxy.policy.rulebook import OFF, WARN, RuleRow
from proxy.runtime import addresses
from proxy.runtime.addresses import Endpoint
from proxy.runtime.call_back_checks import CallBackChecks
from proxy.runtime.clock import SystemClock
from proxy.runtime.configuration import Configuration, load_configuration
from proxy.runtime.dns_query import DnsQuery
from proxy.runtime.listen_settings import Listening
from proxy.runtime.needs import shown
from proxy.runtime.node_topology import wanted
from proxy.runtime.resolver import Places, Unanswered, Wanted, located
from proxy.sip.hop import TRANSPORTS

NAMED_MOST: Final = 10  # numbers that a line names
STALE_DAYS: Final = 180  # a rule that nobody compared with its text for so long is named


def check(path: Path) -> None:
    """Print what is configured. Raises ConfigError when something is wrong."""
    found = load_configuration(path)
    show(str(path), summary(found, SystemClock().epoch()), Console())


def summary(found: Configuration, at: float) -> list[tuple[str, str]]:
    """What is configured, as (what, text); rules are counted as at the instant."""
    settings, edition = found.settings, found.edition
    topology, directory = settings.topology, edition.directory
    customers = directory.customers()
    day = edition.calendar.paris_day(at)
    rules = [rule.row for rule in edition.book.on(day, day).rules]
    warning = sum(1 for row in rules if row.mode == WARN)
    switched_off = sum(1 for row in rules if row.mode == OFF)
    rows = [
        ("node", settings.node),
        *([("workers", str(settings.workers))] if settings.workers > 1 else []),
        *((f"listener {one.name}", listening(one) + own_ports(one, settings.workers)) for one in settings.listen),
        ("admin", "off" if settings.admin is None else shown(settings.admin)),
        ("records", settings.records.path or "off"),
        ("ahead log", str(settings.state.located(settings.store.path))),
        ("customers", f"{len(customers)} ({sum(1 for one in customers if one.status == 'active')} active)"),
        ("numbers", str(sum(len(directory.numbers_of(one.id)) for one in customers))),
        ("campaigns", str(sum(len(directory.campaigns_of(one.id)) for one in customers))),
        ("rules in force", f"{len(rules)} ({warning} in mode warn, {switched_off} off)"),
    ]
    for platform in found.trunks.platforms:
        who = platform.customer or f"customer in {platform.customer_header}"
        where = f"{', '.join(platform.sources)} -> {platform.carrier or platform.way}, {who}"
        if platform.callee is not None:
            where += f", calls back to {located_at(topology, platform.callee, settings.name_servers)}"
        rows.append((f"platform {platform.name}", where))
        if platform.facts.profile == CONFORMANCE:
            rows.append(("ATTENTION", f"platform {platform.name} has the profile conformance: for test suites only"))
    for carrier in found.trunks.carriers:
        name, _, found_at = located_at(topology, carrier, settings.name_servers).partition(" ")
        rows.append((f"carrier {carrier.name}", f"{name}, {carrier.domain}{' ' if found_at else ''}{found_at}"))
    for route in found.trunks.routes:
        legs = ", ".join(f"{leg.carrier} (priority {leg.priority}, weight {leg.weight})" for leg in route.legs)
        rows.append((f"route {route.name}", legs))
    rows += deaf(found, day)
    rows.append(("configuration", found.digest))
    return rows + [("compare with the law again", stale(row)) for row in rules if day - row.checked_on > STALE_DAYS]


def located_at(topology: Topology, trunk: CarrierTrunk, servers: Sequence[str]) -> str:
    """Its address as it is written, and where that leads."""
    where = shown(Endpoint(trunk.host, trunk.port)) if trunk.port else trunk.host
    return where + reached(topology, trunk, servers)


def deaf(found: Configuration, day: int) -> list[tuple[str, str]]:
    """The numbers that a person calls back in vain, the first of them by name."""
    plan, directory = found.edition.plan, found.edition.directory
    checks = CallBackChecks(plan, directory, found.trunks, found.settings.topology)
    told: list[str] = []
    for customer in directory.customers():
        for entry in directory.numbers_of(customer.id):
            warning = checks.warning(entry, day)
            if warning:
                told.append(f"{entry.number.canonical} ({warning})")
    if len(told) > NAMED_MOST:
        told[NAMED_MOST:] = [f"and {len(told) - NAMED_MOST} more"]
    return [("called back in vain", ", ".join(told))] if told else []


def reached(topology: Topology, carrier: CarrierTrunk, servers: Sequence[str]) -> str:
    """Where a name leads now, or why calls to it would find no way; nothing for an address that can be reached."""
    if addresses.is_ip(carrier.host):
        return "" if topology.listener_to(carrier) >= 0 else " (no listener reaches it)"
    try:
        found = asyncio.run(asked(wanted(topology, carrier), servers))
    except Unanswered as failure:
        return f" (cannot be found now: {failure})"
    places = ", ".join(f"{shown(Endpoint(one.host, one.port))} {one.transport}" for one in found.places)
    return f" ({places} now)" if places else " (no address that a listener reaches)"


async def asked(question: Wanted, servers: Sequence[str]) -> Places:
    """One answer of the name servers. Raises Unanswered."""
    ask = DnsQuery(servers)
    try:
        return await located(question, ask)
    finally:
        await ask.close()


def listening(one: Listening) -> str:
    """Transport and address of a listener, and what it shows itself as."""
    return f"{TRANSPORTS[one.transport]} on {shown(one.address)}, shown as {shown(one.advertise)}"


def own_ports(one: Listening, workers: int) -> str:
    """The ports that workers have there for themselves; nothing where they have none."""
    if workers == 1 or not one.worker_ports:
        return ""
    return f", workers' own ports {one.worker_ports} to {one.worker_ports + workers - 1}"


def stale(row: RuleRow) -> str:
    """Where a rule stands and when it was last compared with its text."""
    return f"{row.id} ({row.file}:{row.line}, last on {iso_day(row.checked_on)})"


def show(path: str, rows: list[tuple[str, str]], console: Console) -> None:
    """A table for people, `what: text` lines for programs."""
    if console.is_terminal:
        table = Table("", f"{path} is right", title_style="bold", header_style="bold green")
        for what, text in rows:
            table.add_row(what, text)
        console.print(table)
        return
    typer.echo(f"{path} is right")
    for what, text in rows:
        typer.echo(f"{what}: {text}")
