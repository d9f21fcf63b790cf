"""config/customers.toml to a `Directory`.

Refuses what would let two customers show one number on one day, a number that the plan does not know,
a quarantine shorter than the plan asks, and any key or word that it does not know.
"""

from __future__ import annotations

from proxy.policy.directory import ACTIVE, ENDED, MODES, PURPOSES, Campaign, Customer, Directory, NumberEntry
from proxy.policy.numbers import Number
from proxy.policy.ranges import FOREVER
from proxy.runtime.numbering_file import Numbering
from proxy.runtime.toml_source import Table, TomlSource
from proxy.runtime.week import week_of

SHOWABLE = frozenset({"npv", "npuept", "geo", "poly"})
STATES = (ACTIVE, "reserved", "suspended", *ENDED)
QUARANTINE_DAYS = (45, 120)  # decision 2022-1583, 2.2.6
SIREN_DIGITS = 9


def load_directory(source: TomlSource, numbering: Numbering) -> Directory:
    """The whole file, checked."""
    customers: list[Customer] = []
    numbers: list[NumberEntry] = []
    campaigns: list[Campaign] = []
    for table in source.root.tables("customer"):
        customer = customer_of(table, numbering)
        if any(customer.id == other.id for other in customers):
            raise table.error("id", "one customer of each id", f"`{customer.id}` twice")
        customers.append(customer)
        for row in table.tables("number"):
            entry = entry_of(row, customer.id, numbering)
            check_overlap(row, entry, numbers)
            numbers.append(entry)
        held = {entry.number.canonical for entry in numbers if entry.customer == customer.id}
        check_held(table, "default_npv", customer.default_npv, held)
        campaigns.extend(campaigns_of(table, customer.id, numbering, held))
        table.close()
    source.root.close()
    return Directory(customers, numbers, campaigns)


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
    )
    kyc.day("verified_on")
    kyc.close()
    table.text("note", "")
    return made


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


def entry_of(row: Table, customer_id: str, numbering: Numbering) -> NumberEntry:
    """One `[[customer.number]]`."""
    since = row.required_day("since")
    until = row.day("until")
    if until is not None and until < since:
        raise row.error("until", "a day not before `since`")
    number = showable(row, numbering, since, FOREVER if until is None else until)
    state = row.one_of("state", STATES, ACTIVE)
    if state in ENDED and until is None:
        raise row.error("until", f"the last day of the right, since the state is `{state}`")
    quarantine = row.day("quarantine_until")
    if quarantine is not None:
        if until is None:
            raise row.error("quarantine_until", "an `until` beside it, from which the days are counted")
        if not QUARANTINE_DAYS[0] <= quarantine - until <= QUARANTINE_DAYS[1]:
            raise row.error("quarantine_until", f"{QUARANTINE_DAYS[0]} to {QUARANTINE_DAYS[1]} days after `until`")
    right = row.one_of("right", ("assigned", "consented"), "assigned")
    evidence = row.text("evidence", "")
    if right == "consented" and not evidence:
        raise row.error("evidence", "a reference to the consent of the number's assignee")
    callback = row.text("callback_target", "")
    row.text("note", "")
    row.close()
    return NumberEntry(number, customer_id, right, since, until, state, quarantine, callback, evidence)


def showable(row: Table, numbering: Numbering, since: int, until: int) -> Number:
    """The number as the plan knows it at the end of the right, open in the plan at its beginning."""
    text = row.text("number")
    number = numbering.plan.number(text, until)
    first = numbering.plan.number(text, since)
    if number is None or first is None or not number.complete or number.cls not in SHOWABLE:
        raise row.error("number", "a number that may be shown, such as `+33162000001`")
    if first.cls not in SHOWABLE:
        raise row.error("number", "a number whose range is open in the plan on `since`")
    return number


def check_overlap(row: Table, entry: NumberEntry, others: list[NumberEntry]) -> None:
    """Refuses a second assignee, and a new one before the quarantine of the last has ended."""
    for other in others:
        if other.number.canonical != entry.number.canonical or "consented" in (entry.right, other.right):
            continue
        same = other.customer == entry.customer
        if entry.since <= last_day(other, same) and other.since <= last_day(entry, same):
            raise row.error("number", f"a number free on that day, since `{other.customer}` holds it")


def last_day(entry: NumberEntry, same_customer: bool) -> int:
    """The last day of the right, or for anybody else the last day of the quarantine after it."""
    if entry.until is None:
        return FOREVER
    if same_customer:
        return entry.until
    return entry.quarantine_until or entry.until + QUARANTINE_DAYS[0]


def check_held(table: Table, key: str, canonical: str, held: set[str]) -> None:
    """Refuses to name a number that the customer's list does not have."""
    if canonical and canonical not in held:
        raise table.error(key, "one of the customer's numbers, each in a `[[customer.number]]`")


def campaigns_of(table: Table, customer_id: str, numbering: Numbering, held: set[str]) -> list[Campaign]:
    """The `[[customer.campaign]]` tables of one customer."""
    found: list[Campaign] = []
    for row in table.tables("campaign"):
        since = row.day("since")
        until = row.day("until")
        if since is not None and until is not None and until < since:
            raise row.error("until", "a day not before `since`")
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
        )
        if any(campaign.id == other.id for other in found):
            raise row.error("id", "one campaign of each id", f"`{campaign.id}` twice")
        check_held(row, "npv", campaign.npv, held)
        row.text("note", "")
        row.close()
        found.append(campaign)
    return found
