"""Local time and holidays by plain arithmetic: what time it is where the phone rings.

A zone is a table of plain transitions, a holiday is an ordinal in a set; both are made once by
`proxy.runtime.clock`. No library is called per decision and no clock is read: the instant is an
argument, POSIX seconds UTC. A `Moment` of the last second per territory is kept, for calls come in
bursts.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, final

DAY_SECONDS: Final = 86_400
PARIS: Final = "METRO"
EPOCH_ORDINAL: Final = 719_163  # date(1970, 1, 1).toordinal()
TWO: Final = tuple(f"{number:02d}" for number in range(100))


@final
class Moment:
    """An instant as the clock and the calendar of one territory show it."""

    __slots__ = ("territory", "day", "weekday", "minute", "second", "offset", "holiday", "local_holiday", "text")

    def __init__(self, territory: str, day: int, seconds: int, offset: int, holiday: bool, local_holiday: bool) -> None:
        self.territory: Final = territory
        self.day: Final = day
        self.weekday: Final[int] = (day + 6) % 7
        self.minute: Final[int] = seconds // 60
        self.second: Final[int] = seconds % 60
        self.offset: Final = offset
        self.holiday: Final = holiday
        self.local_holiday: Final = local_holiday
        self.text = ""

    def iso(self) -> str:
        """`2026-11-23T11:00:00+01:00`."""
        if not self.text:
            sign = "-" if self.offset < 0 else "+"
            east = abs(self.offset) // 60
            clock = TWO[self.minute // 60] + ":" + TWO[self.minute % 60] + ":" + TWO[self.second]
            self.text = iso_day(self.day) + "T" + clock + sign + TWO[east // 60] + ":" + TWO[east % 60]
        return self.text


@final
class Zone:
    """One territory's offsets: `starts[i]` is the first second of `offsets[i]`; `starts[0]` is the floor."""

    __slots__ = ("starts", "offsets", "_from", "_to", "_offset")

    def __init__(self, starts: tuple[int, ...], offsets: tuple[int, ...]) -> None:
        self.starts: Final = starts
        self.offsets: Final = offsets
        self._from = 0
        self._to = 0
        self._offset = 0

    def offset(self, second: int) -> int:
        """Seconds east of UTC at that second; before the first entry the first one holds."""
        if self._from <= second < self._to:
            return self._offset
        index = max(bisect_right(self.starts, second) - 1, 0)
        self._from = self.starts[index]
        self._to = self.starts[index + 1] if index + 1 < len(self.starts) else 1 << 60
        self._offset = self.offsets[index]
        return self._offset

    def epoch(self, day: int, minute: int) -> int:
        """The first second at which the local clock shows that minute, or the second after a gap that skips it."""
        local = (day - EPOCH_ORDINAL) * DAY_SECONDS + minute * 60
        before = self.offset(local - DAY_SECONDS)
        early = local - before
        after = self.offset(early)
        if after == before:
            return early
        late = local - after
        if self.offset(late) == after:
            return late
        return self.starts[bisect_right(self.starts, early) - 1]


@final
class Calendar:
    """Zones and holidays of all territories."""

    __slots__ = ("_zones", "_national", "_local", "_last_second", "_last", "_paris")

    def __init__(
        self, zones: dict[str, Zone], national_holidays: frozenset[int], local_holidays: dict[str, frozenset[int]]
    ) -> None:
        self._zones: Final = zones
        self._national: Final = national_holidays
        self._local: Final = local_holidays
        self._last_second: Final[dict[str, int]] = {}
        self._last: Final[dict[str, Moment]] = {}
        self._paris: Final = zones[PARIS]

    def knows(self, territory: str) -> bool:
        """Whether this territory has a clock here."""
        return territory in self._zones

    def zone(self, territory: str) -> Zone:
        """The zone of a territory that `knows` answers for."""
        return self._zones[territory]

    def moment(self, territory: str, at: float) -> Moment:
        """What clock and calendar of that territory show at the instant."""
        second = whole(at)
        if self._last_second.get(territory, -1) == second:
            return self._last[territory]
        offset = self._zones[territory].offset(second)
        local = second + offset
        day = local // DAY_SECONDS + EPOCH_ORDINAL
        made = Moment(
            territory, day, local % DAY_SECONDS, offset, day in self._national, self.local_holiday(territory, day)
        )
        self._last_second[territory] = second
        self._last[territory] = made
        return made

    def paris_day(self, at: float) -> int:
        """The ordinal of the day in Paris at the instant."""
        second = whole(at)
        return (second + self._paris.offset(second)) // DAY_SECONDS + EPOCH_ORDINAL

    def day(self, territory: str, at: float) -> int:
        """The ordinal of the day there at the instant."""
        second = whole(at)
        return (second + self._zones[territory].offset(second)) // DAY_SECONDS + EPOCH_ORDINAL

    def midnight(self, territory: str, day: int) -> float:
        """The first second of that local day."""
        return float(self._zones[territory].epoch(day, 0))

    def holiday(self, day: int) -> bool:
        """Whether the day is one of the national holidays (C. trav. L3133-1)."""
        return day in self._national

    def local_holiday(self, territory: str, day: int) -> bool:
        """Whether the day is a holiday of that territory only."""
        days = self._local.get(territory)
        return days is not None and day in days


def whole(at: float) -> int:
    """The second in which that instant lies."""
    second = int(at)
    return second - 1 if second > at else second


def iso_day(day: int) -> str:
    """`2026-11-23` for an ordinal, by the civil-from-days rule of the proleptic Gregorian calendar."""
    shifted = day + 305  # days since 0000-03-01
    era_day = shifted % 146_097
    year_of_era = (era_day - era_day // 1460 + era_day // 36_524 - era_day // 146_096) // 365
    day_of_year = era_day - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    month_day = day_of_year - (153 * month + 2) // 5 + 1
    year = year_of_era + (shifted // 146_097) * 400
    if month < 10:
        month += 3
    else:
        month -= 9
        year += 1
    return TWO[year // 100] + TWO[year % 100] + "-" + TWO[month] + "-" + TWO[month_day]
