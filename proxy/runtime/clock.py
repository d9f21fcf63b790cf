"""Clocks, zone tables and holidays: the only place where time is read.

Zones are expanded from tzdata into plain transitions and holidays from the `holidays` library into
ordinals, once at load, so that a decision does arithmetic only. `FixedClock` stands still for tests
and for the `decide` command.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from proxy.policy.moment import Calendar, Zone
from proxy.policy.ranges import Territory

FIRST_YEAR = 2018
LAST_YEAR = 2041
STEP = timedelta(days=7)


class Clock(Protocol):
    """Where the runtime takes its time from."""

    def epoch(self) -> float:
        """POSIX seconds UTC."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""


class SystemClock:
    """The clock of the machine; asked several times for each datagram, it is the functions themselves."""

    epoch = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


class FixedClock:
    """A wall clock that stands still, or starts at a chosen instant; the monotonic one runs on."""

    def __init__(self, at: float, running: bool = False) -> None:
        self.at = at
        self._started = time.monotonic() if running else None

    def epoch(self) -> float:
        """The chosen instant, plus the time since the start if running."""
        return self.at if self._started is None else self.at + time.monotonic() - self._started

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()


def calendar_of(territories: tuple[Territory, ...]) -> Calendar:
    """Zones and holidays of all territories that have a clock."""
    zones: dict[str, Zone] = {}
    local: dict[str, frozenset[int]] = {}
    for territory in territories:
        if territory.tz:
            zones[territory.name] = zone_of(territory.tz)
            local[territory.name] = own_days(territory.own_holidays)
    return Calendar(zones, national_holidays(), local)


def zone_of(name: str) -> Zone:
    """All changes of clocks of a zone between the first and the last year, to the second."""
    info = ZoneInfo(name)
    instant = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    offset = offset_at(info, instant)
    starts = [int(instant.timestamp())]
    offsets = [offset]
    while instant < end:
        following = instant + STEP
        if offset_at(info, following) != offset:
            change = first_change(info, instant, following, offset)
            offset = offset_at(info, change)
            starts.append(int(change.timestamp()))
            offsets.append(offset)
        instant = following
    return Zone(tuple(starts), tuple(offsets))


def known_zone(name: str) -> bool:
    """Whether tzdata has a zone of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def offset_at(info: ZoneInfo, instant: datetime) -> int:
    """Seconds east of UTC."""
    offset = instant.astimezone(info).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def first_change(info: ZoneInfo, before: datetime, after: datetime, offset: int) -> datetime:
    """The first second after `before` whose offset differs, by halving."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if offset_at(info, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def national_holidays() -> frozenset[int]:
    """The eleven days of C. trav. L3133-1, each year."""
    days = holidays.country_holidays("FR", years=range(FIRST_YEAR, LAST_YEAR + 1))
    return frozenset(day.toordinal() for day in days)


def own_days(month_days: tuple[str, ...]) -> frozenset[int]:
    """The ordinals of `MM-DD` days in every year."""
    found: list[int] = []
    for month_day in month_days:
        month, _, day = month_day.partition("-")
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            found.append(date(year, int(month), int(day)).toordinal())
    return frozenset(found)
