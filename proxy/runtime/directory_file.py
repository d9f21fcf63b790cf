"""config/customers.toml to a `Directory`.

Reads customers and campaigns; their numbers are read by `number_rights.py`. Refuses what would let two customers show
one number on one day, a number that is not the customer's, and any key or word that it does not know.
"""

from __future__ import annotations

from proxy.policy.directory import (
    ATTESTED,
    BASES,
    CAUTIOUS_CONSENT,
    HOURS_PROFILES,
    MODES,
    PURPOSES,
    SECTORS,
    Campaign,
    ConsentBasis,
    Customer,
    Directory,
    NumberEntry,
)
from proxy.policy.ranges import FOREVER
from proxy.runtime.number_rights import SHOWABLE, check_overlap, entry_of
from proxy.runtime.numbering_file import Numbering
from proxy.runtime.toml_source import Table, TomlSource
from proxy.runtime.week import week_of

SIREN_DIGITS = 9


def load_directory(source: TomlSource, numbering: Numbering) -> Directory:
    """The whole file, checked."""
    customers: dict[str, Customer] = {}
    numbers: list[NumberEntry] = []
    of_number: dict[str, tuple[NumberEntry, ...]] = {}
    campaigns: list[Campaign] = []
    for table in source.root.tables("customer"):
        customer = customer_of(table, numbering)
        if customer.id in customers:
            raise table.error("id", "one customer of each id", f"`{customer.id}` twice")
        customers[customer.id] = customer
        held: set[str] = set()
        for row in table.tables("number"):
            entry = entry_of(row, customer.id, numbering)
            canonical = entry.number.canonical
            check_overlap(row, entry, of_number.get(canonical, ()))
            of_number[canonical] = (*of_number.get(canonical, ()), entry)
            numbers.append(entry)
            held.add(canonical)
        check_held(table, "default_npv", customer.default_npv, held)
        campaigns.extend(campaigns_of(table, customer.id, numbering, held))
        table.close()
    source.root.close()
    return Directory(list(customers.values()), numbers, campaigns)


def customer_of(table: Table, numbering: Numbering) -> Customer:
    """One `[[customer]]` without its numbers and campaigns."""
    siren = table.text("siren")
    if len(siren) != SIREN_DIGITS or not siren.isdigit():
        raise table.error("siren", f"{SIREN_DIGITS} digits in quotes")
    kyc = table.table("kyc")
    status = kyc.one_of("status", ("verified", "pending", "refused"))
    evidence = kyc.text("evidence", "")
    if status == "verified" and not evidence:
        raise kyc.error("evidence", "a reference to the evidence of a verified customer")
    made = Customer(
        id=name_of(table, "id"),
        name=table.text("name"),
        siren=siren,
        status=table.one_of("status", ("active", "suspended")),
        kyc_status=status,
        kyc_evidence=evidence,
        kyc_expires=kyc.day("expires"),
        purpose=table.one_of("purpose", PURPOSES),
        mode=table.one_of("mode", MODES),
        default_npv=npv_of(table, "default_npv", numbering),
        mobile_cli=table.one_of("mobile_cli", ("refuse", "rewrite"), "refuse"),
        class_cli=table.one_of("class_cli", ("refuse", "rewrite"), "rewrite"),
        match_zone=table.flag("match_zone", False),
        display_name=table.text("display_name", ""),
        platform_exchanges=table.flag("platform_exchanges", False),
        consent=consent_of(table) or CAUTIOUS_CONSENT,
        sector=table.one_of("sector", SECTORS, ""),
        hours_profile=table.one_of("hours_profile", HOURS_PROFILES, ""),
        calls_per_second=float(table.bound("calls_per_second")),
        most_calls=table.bound("most_calls"),
        longest_call=float(table.bound("longest_call")),
        weight=float(table.positive("weight", 1)),
    )
    kyc.day("verified_on")
    kyc.close()
    table.text("note", "")
    return made


def consent_of(table: Table) -> ConsentBasis | None:
    """The `consent` table; an attested basis says by what and since when."""
    if not table.has("consent"):
        return None
    stated = table.table("consent")
    basis = stated.one_of("basis", BASES)
    reference = stated.text("reference", "")
    given = stated.day("given")
    if basis == ATTESTED and not reference:
        raise stated.error("reference", "a reference to the customer's attestation")
    if basis == ATTESTED and given is None:
        raise stated.error("given", "the date of the attestation, which holds for one year")
    stated.close()
    return ConsentBasis(basis, reference, given or 0)


def name_of(table: Table, key: str) -> str:
    """An id: letters, digits, `-`, `_` and `.`."""
    text = table.text(key)
    if not text or not text.isascii() or not text.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise table.error(key, "letters, digits, `-`, `_` or `.`")
    return text


def npv_of(table: Table, key: str, numbering: Numbering) -> str:
    """The canonical form of a number named by a customer or a campaign; empty when absent."""
    text = table.text(key, "")
    if not text:
        return ""
    number = numbering.plan.number(text, FOREVER)
    if number is None or not number.complete or number.cls not in SHOWABLE:
        raise table.error(key, "a number that may be shown, such as `+33162000001`")
    return number.canonical


def check_held(table: Table, key: str, canonical: str, held: set[str]) -> None:
    """Refuses to name a number that the customer's list does not have."""
    if canonical and canonical not in held:
        raise table.error(key, "one of the customer's numbers, each in a `[[customer.number]]`")


def campaigns_of(table: Table, customer_id: str, numbering: Numbering, held: set[str]) -> list[Campaign]:
    """The `[[customer.campaign]]` tables of one customer."""
    found: dict[str, Campaign] = {}
    for row in table.tables("campaign"):
        campaign = campaign_of(row, customer_id, numbering)
        if campaign.id in found:
            raise row.error("id", "one campaign of each id", f"`{campaign.id}` twice")
        check_held(row, "npv", campaign.npv, held)
        found[campaign.id] = campaign
    return list(found.values())


def campaign_of(row: Table, customer_id: str, numbering: Numbering) -> Campaign:
    """One campaign."""
    since = row.day("since")
    until = row.day("until")
    if since is not None and until is not None and until < since:
        raise row.error("until", "a day not before `since`")
    attempts = row.table("attempts")
    campaign = Campaign(
        id=name_of(row, "id"),
        customer=customer_id,
        purpose=row.one_of("purpose", PURPOSES, ""),
        mode=row.one_of("mode", MODES, ""),
        npv=npv_of(row, "npv", numbering),
        match_zone=row.flag("match_zone") if row.has("match_zone") else None,
        week=week_of(row, "hours") if row.has("hours") else None,
        since=0 if since is None else since,
        until=until,
        consent=consent_of(row),
        sector=row.one_of("sector", SECTORS, ""),
        hours_profile=row.one_of("hours_profile", HOURS_PROFILES, ""),
        most_attempts=count_of(attempts, "most"),
        least_gap=count_of(attempts, "minutes_between") * 60.0,
    )
    attempts.close()
    row.text("note", "")
    row.close()
    return campaign


def count_of(table: Table, key: str) -> int:
    """A whole number from 0, which is also what an absent key means."""
    value = table.integer(key, 0)
    if value < 0:
        raise table.error(key, "a whole number from 0")
    return value
