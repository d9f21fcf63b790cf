"""A customer's right to show a number, as one table of a file or of the store, to a `NumberEntry`.

Here stands what the plan asks of such a right: a number that may be shown, one owner at a time, and the rest after its
release. Who the customer is and what else it has is the matter of `directory_file.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from proxy.policy.directory import ACTIVE, ENDED, NumberEntry
from proxy.policy.moment import iso_day
from proxy.policy.numbers import Number
from proxy.policy.ranges import FOREVER
from proxy.runtime.numbering_file import Numbering
from proxy.runtime.toml_source import Table

SHOWABLE: Final = frozenset({"npv", "npuept", "geo", "poly"})
STATES: Final = (ACTIVE, "reserved", "suspended", *ENDED)
CONSENTED: Final = "consented"

# first day, least and most days between the end of a right and the next assignee, legal text
QUARANTINE: Final = (
    (date(2023, 1, 1).toordinal(), 45, 120, "decision 2022-1583 of Arcep, 2.2.6; 30 days were never enough"),
    (date(2019, 2, 1).toordinal(), 90, 180, "the numbering plan of 2018, in force until 2022-12-31"),
)


def quarantine_days(until: int) -> tuple[int, int, str]:
    """Least and most days of rest of a number whose right ended on that day, and the text that says so."""
    for first, least, most, basis in QUARANTINE:
        if until >= first:
            return least, most, basis
    return 0, FOREVER, ""


def entry_of(row: Table, customer_id: str, numbering: Numbering) -> NumberEntry:
    """One right."""
    since = row.required_day("since")
    until = row.day("until")
    if until is not None and until < since:
        raise row.error("until", "a day not before `since`")
    number = showable(row, numbering, since, FOREVER if until is None else until)
    state = row.one_of("state", STATES, ACTIVE)
    if state in ENDED and until is None:
        raise row.error("until", f"the last day of the right, since the state is `{state}`")
    quarantine = quarantine_of(row, until)
    right = row.one_of("right", ("assigned", CONSENTED), "assigned")
    evidence = row.text("evidence", "")
    if right == CONSENTED and not evidence:
        raise row.error("evidence", "a reference to the consent of the number's assignee")
    callback = row.text("callback_target", "")
    if row.day("callback_tested") is not None and not callback:
        raise row.error("callback_tested", "a `callback_target` beside it, that was tested on that day")
    row.text("note", "")
    row.close()
    return NumberEntry(number, customer_id, right, since, until, state, quarantine, callback, evidence)


def quarantine_of(row: Table, until: int | None) -> int | None:
    """The last day of rest, if it is stated; too short or too long is refused with the text that says so."""
    quarantine = row.day("quarantine_until")
    if quarantine is None:
        return None
    if until is None:
        raise row.error("quarantine_until", "an `until` beside it, from which the days are counted")
    least, most, basis = quarantine_days(until)
    if not least <= quarantine - until <= most:
        seen = f"`{iso_day(quarantine)}`, {quarantine - until} days after"
        raise row.error("quarantine_until", f"{least} to {most} days after `until` ({basis})", seen)
    return quarantine


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


def check_overlap(row: Table, entry: NumberEntry, others: tuple[NumberEntry, ...]) -> None:
    """Refuses a second assignee, and a new one before the rest of the last has ended; `others` are of this number."""
    for other in others:
        if CONSENTED in (entry.right, other.right):
            continue
        same = other.customer == entry.customer
        if entry.since <= last_day(other, same) and other.since <= last_day(entry, same):
            expected = f"a number free on that day, since `{other.customer}` holds it {span(other, same)}"
            raise row.error(
                "number", expected, f"`{entry.number.canonical}` for `{entry.customer}` {span(entry, same)}"
            )


def span(entry: NumberEntry, same_customer: bool) -> str:
    """From when until when nobody else may have the number."""
    since = f"from {iso_day(entry.since)}"
    if entry.until is None:
        return f"{since} on"
    last = last_day(entry, same_customer)
    rest = "" if last == entry.until else f" and it rests until {iso_day(last)}"
    return f"{since} until {iso_day(entry.until)}{rest}"


def last_day(entry: NumberEntry, same_customer: bool) -> int:
    """The last day of the right, or for anybody else the last day of the rest after it."""
    if entry.until is None:
        return FOREVER
    if same_customer or entry.state == "ported_out":
        return entry.until
    return entry.quarantine_until or entry.until + quarantine_days(entry.until)[0]
