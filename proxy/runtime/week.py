"""Opening hours as an operator writes them, to the `Week` that rules and campaigns use.

`[{ days = "mon-fri", from = "10:00", to = "13:00" }, { days = "sat", from = "09:00", to = "24:00" }]`
"""

from __future__ import annotations

from proxy.policy.schedule import DAY_MINUTES, Week
from proxy.runtime.toml_source import Table

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def week_of(table: Table, key: str) -> Week:
    """The list of windows under that key; an empty week, a crossing of midnight and an overlap are refused."""
    week: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    windows = table.tables(key)
    if not windows:
        raise table.error(key, "at least one window")
    for window in windows:
        start = minute_of(window, "from")
        end = minute_of(window, "to")
        if end <= start:
            raise window.error("to", "an hour after `from` on the same day")
        for day in days_of(window):
            if any(start < other[1] and other[0] < end for other in week[day]):
                raise window.error("days", "windows that do not overlap", f"`{DAYS[day]}` covered twice")
            week[day].append((start, end))
        window.close()
    days = [tuple(sorted(day)) for day in week]
    return (days[0], days[1], days[2], days[3], days[4], days[5], days[6])


def days_of(window: Table) -> list[int]:
    """`mon-fri` or `sat` as weekday numbers."""
    text = window.text("days")
    first, dash, last = text.partition("-")
    expected = "one day or a span out of " + " ".join(DAYS) + " such as `mon-fri`"
    if first not in DAYS or (dash and last not in DAYS):
        raise window.error("days", expected)
    start = DAYS.index(first)
    end = DAYS.index(last) if dash else start
    if end < start:
        raise window.error("days", expected)
    return list(range(start, end + 1))


def minute_of(window: Table, key: str) -> int:
    """`HH:MM` as a minute of the day; 24:00 is its end."""
    text = window.text(key)
    hours, colon, minutes = text.partition(":")
    if len(hours) == 2 and colon and len(minutes) == 2 and hours.isdigit() and minutes.isdigit() and int(minutes) < 60:
        minute = int(hours) * 60 + int(minutes)
        if minute <= DAY_MINUTES:
            return minute
    raise window.error(key, "an hour such as `10:00`")
