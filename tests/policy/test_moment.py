from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.policy.edition import Edition
from proxy.policy.moment import DAY_SECONDS, Zone, iso_day, whole
from tests.policy.desk import epoch

ZONES = {
    "METRO": "Europe/Paris",
    "GP": "America/Guadeloupe",
    "MQ": "America/Martinique",
    "GF": "America/Cayenne",
    "RE": "Indian/Reunion",
    "YT": "Indian/Mayotte",
    "PM": "America/Miquelon",
    "NC": "Pacific/Noumea",
    "PF": "Pacific/Tahiti",
    "WF": "Pacific/Wallis",
}
INSTANTS = st.integers(int(epoch("2018-01-01T12:00:00Z")), int(epoch("2041-12-31T00:00:00Z")))
HOUR = 3600


@given(st.sampled_from(sorted(ZONES)), INSTANTS)
def test_local_time_is_that_of_tzdata(shipped: Edition, territory: str, at: int) -> None:
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(ZONES[territory]))
    moment = shipped.calendar.moment(territory, at + 0.25)
    assert moment.iso() == local.isoformat()
    assert moment.day == local.date().toordinal()
    assert moment.weekday == local.weekday()
    assert moment.minute == local.hour * 60 + local.minute
    assert moment.second == local.second
    assert moment.offset == (local.utcoffset() or local - local).total_seconds()


@given(INSTANTS)
def test_paris_day(shipped: Edition, at: int) -> None:
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo("Europe/Paris"))
    assert shipped.calendar.paris_day(at) == local.date().toordinal()


@given(st.dates())
def test_iso_day(day: date) -> None:
    assert iso_day(day.toordinal()) == day.isoformat()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"),
        ("2026-10-25T02:59:59+02:00", "2026-10-25T02:00:00+01:00"),
    ],
)
def test_the_second_of_a_change_of_clocks(shipped: Edition, before: str, after: str) -> None:
    assert shipped.calendar.moment("METRO", epoch(after) - 1).iso() == before
    assert shipped.calendar.moment("METRO", epoch(after)).iso() == after


@given(st.sampled_from(sorted(ZONES)), INSTANTS)
def test_epoch_finds_the_first_second_of_a_local_minute(shipped: Edition, territory: str, at: int) -> None:
    zone = shipped.calendar.zone(territory)
    moment = shipped.calendar.moment(territory, at)
    found = zone.epoch(moment.day, moment.minute)
    again = shipped.calendar.moment(territory, found)
    assert (again.day, again.minute, again.second) == (moment.day, moment.minute, 0)
    assert found <= at
    assert at - found < 60 or at - found in range(HOUR, HOUR + 60)


def test_epoch_of_a_minute_that_the_clocks_skip() -> None:
    zone = Zone((0, 10 * DAY_SECONDS + 2 * HOUR), (0, HOUR))
    assert zone.epoch(719_163 + 10, 2 * 60 + 30) == 10 * DAY_SECONDS + 2 * HOUR


def test_before_the_first_entry_the_first_one_holds() -> None:
    zone = Zone((0, 100), (HOUR, 0))
    assert [zone.offset(second) for second in (-5, 0, 99, 100, 101, -5)] == [HOUR, HOUR, HOUR, 0, 0, HOUR]


def test_holidays_by_the_calendar_of_the_territory(shipped: Edition) -> None:
    christmas_in_paris = epoch("2026-12-25T00:30:00+01:00")
    assert shipped.calendar.moment("METRO", christmas_in_paris).holiday
    assert not shipped.calendar.moment("MQ", christmas_in_paris).holiday
    abolition = epoch("2026-05-22T12:00:00-04:00")
    assert shipped.calendar.moment("MQ", abolition).local_holiday
    assert not shipped.calendar.moment("MQ", abolition).holiday
    assert not shipped.calendar.moment("GP", abolition).local_holiday


def test_a_foreign_number_without_clock(shipped: Edition) -> None:
    assert shipped.calendar.knows("PM")
    assert not shipped.calendar.knows("UIFN")
    assert not shipped.calendar.local_holiday("UIFN", 739_942)


@given(st.floats(-1e11, 1e11) | st.integers(-(10**9), 10**9).map(float))
def test_the_second_of_an_instant_begins_before_it(at: float) -> None:
    assert whole(at) <= at < whole(at) + 1
