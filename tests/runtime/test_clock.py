from __future__ import annotations

from datetime import date

import pytest

from proxy.policy.edition import Edition
from proxy.policy.ranges import Territory
from proxy.runtime.clock import (
    FIRST_YEAR,
    LAST_YEAR,
    FixedClock,
    SystemClock,
    calendar_of,
    known_zone,
    national_holidays,
    own_days,
    zone_of,
)


def test_eleven_national_days_a_year() -> None:
    days = national_holidays()
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        of_year = [date.fromordinal(day) for day in days if date.fromordinal(day).year == year]
        # 1 May and Ascension, or 8 May and Ascension, may fall on one day
        assert len(of_year) in (10, 11), year
    assert {date(2026, 4, 6), date(2026, 5, 14), date(2026, 12, 25), date(2027, 3, 29)} <= {
        date.fromordinal(day) for day in days
    }
    assert date(2026, 4, 3).toordinal() not in days
    assert date(2026, 12, 26).toordinal() not in days


def test_own_days_every_year() -> None:
    days = own_days(("05-22",))
    assert date(2026, 5, 22).toordinal() in days
    assert len(days) == LAST_YEAR - FIRST_YEAR + 1


def test_a_zone_without_changes_has_one_entry() -> None:
    zone = zone_of("Indian/Reunion")
    assert zone.offsets == (4 * 3600,)


def test_a_zone_with_changes_has_two_a_year() -> None:
    zone = zone_of("Europe/Paris")
    assert len(zone.starts) == 1 + 2 * (LAST_YEAR - FIRST_YEAR + 1)
    assert set(zone.offsets) == {3600, 7200}
    assert 1_774_746_000 in zone.starts  # 2026-03-29T01:00:00Z


def test_territories_without_a_zone_have_no_clock(edition: Edition) -> None:
    metro = Territory("METRO", "33", "Europe/Paris", True, (), ())
    nowhere = Territory("UIFN", "800", "", False, (8,), ())
    calendar = calendar_of((metro, nowhere))
    assert calendar.knows("METRO")
    assert not calendar.knows("UIFN")


@pytest.mark.parametrize(("name", "known"), [("Europe/Paris", True), ("Europe/Pariss", False), ("../etc", False)])
def test_known_zone(name: str, known: bool) -> None:
    assert known_zone(name) is known


def test_fixed_clock_stands_still_or_runs() -> None:
    still = FixedClock(1000.0)
    assert still.epoch() == still.epoch() == 1000.0
    running = FixedClock(1000.0, running=True)
    first = running.epoch()
    assert first >= 1000.0
    assert running.epoch() >= first
    assert running.monotonic() <= running.monotonic()


def test_system_clock_goes_on() -> None:
    clock = SystemClock()
    assert clock.epoch() > 1_700_000_000
    assert clock.monotonic() <= clock.monotonic()
