"""What is lawful today but will not stay so, or is not proved: shown beside numbers and customers, never in the way.

Days are ordinals. Rests, owners and words that are wrong are refused by the loaders; these are only told.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from proxy.policy.directory import ACTIVE, Customer, NumberEntry
from proxy.policy.moment import iso_day
from proxy.runtime.number_rights import CONSENTED, last_day
from proxy.runtime.store.directory_interface import Use
from proxy.runtime.store.directory_records import Record

MINIMUM_USE: Final = 3  # days: 72 h for a newly assigned number, a trade union's note on decision 2022-1583
YEAR: Final = 365  # days: decision 2025-2215 of Arcep wants a number of each block used within a year
TESTED_EVERY: Final = 180  # days
SOON: Final = 30  # days


def number_warnings(entry: NumberEntry, record: Record, use: Use | None, today: int) -> list[str]:
    """What to do about a right."""
    told: list[str] = []
    if entry.until is not None and entry.until - entry.since < MINIMUM_USE:
        told.append("assigned for less than 72 hours")
    if entry.until is not None and entry.until < today:
        rests = last_day(entry, same_customer=False)
        told.append(
            "ended" if rests <= entry.until else f"free after {iso_day(rests)}" if today <= rests else "free again"
        )
        return told
    if entry.until is not None and entry.until - today < SOON:
        told.append(f"ends on {iso_day(entry.until)}")
    if entry.state != ACTIVE or entry.since > today:
        return told
    if entry.right == CONSENTED and entry.until is None:
        told.append("the assignee's consent has no end: check that it still holds")
    return told + callback_warnings(entry, record, today) + use_warnings(entry, use, today)


def callback_warnings(entry: NumberEntry, record: Record, today: int) -> list[str]:
    """Whether a call back reaches somebody."""
    tested = record.values.get("callback_tested")
    if not entry.callback_target:
        return ["no call-back target: not shown"]
    if not isinstance(tested, date):
        return ["call back never tested"]
    if today - tested.toordinal() > TESTED_EVERY:
        return [f"call back last tested on {tested}"]
    return []


def use_warnings(entry: NumberEntry, use: Use | None, today: int) -> list[str]:
    """Whether the number is shown at all."""
    if use is None or use.last < entry.since:
        return ["never used within a year" if today - entry.since >= YEAR else "never used"]
    if today - use.last >= YEAR:
        return [f"unused for a year, last on {iso_day(use.last)}"]
    return []


def customer_warnings(customer: Customer, today: int) -> list[str]:
    """What to do about a customer's verification."""
    if customer.kyc_status != "verified":
        return [f"verification {customer.kyc_status}"]
    if customer.kyc_expires is None:
        return ["verification without an end"]
    if customer.kyc_expires < today:
        return [f"verification expired on {iso_day(customer.kyc_expires)}"]
    if customer.kyc_expires - today < SOON:
        return [f"verification expires on {iso_day(customer.kyc_expires)}"]
    return []
