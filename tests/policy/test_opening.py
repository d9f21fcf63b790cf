from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.policy.checks import Schedule
from proxy.policy.checks_hours import HoursCheck, NationalHolidayCheck
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.ledger import EMPTY
from proxy.policy.moment import DAY_SECONDS, Zone
from proxy.policy.opening import first_second, next_opening, open_windows
from proxy.policy.schedule import Week
from tests.policy.desk import Desk, epoch
from tests.policy.shelf import edition_with, rule

CALLED = {"METRO": "0140000000", "MQ": "0596000000", "RE": "0262000000", "PM": "0508411234"}
NIGHTS: Week = (((0, 90),), ((0, 90),), ((0, 90),), ((0, 90),), ((0, 90),), ((0, 90),), ((120, 180),))
NEVER: Week = ((), (), (), (), (), (), ())


def is_open_at(facts: CallFacts, edition: Edition, at: float) -> bool:
    """Whether every schedule that concerns the call is open at another instant, asked the long way."""
    assert facts.moment is not None
    moment = edition.calendar.moment(facts.moment.territory, at)
    walk = edition.book.on(moment.day, moment.day).walk(facts.purpose, facts.mode, facts.method, "law")
    return all(
        any(
            start <= moment.minute < end
            for start, end in schedule.windows(facts, edition.reference, moment.territory, moment.day)
        )
        for schedule in walk.schedules
    )


@settings(max_examples=60)
@given(
    st.integers(int(epoch("2023-03-02T00:00:00Z")), int(epoch("2029-01-01T00:00:00Z"))),
    st.sampled_from(sorted(CALLED)),
    st.sampled_from(["", "mornings"]),
)
def test_open_then_and_at_no_minute_before(
    desk: Desk, shipped: Edition, at: int, territory: str, campaign: str
) -> None:
    at -= at % 60
    facts = desk.facts(
        to=CALLED[territory], campaign=campaign, at=f"{date.fromordinal(719_163 + at // DAY_SECONDS)}T00:00:00+00:00"
    )
    opening = next_opening(facts, shipped, facts.at)
    if opening == 0.0:
        assert campaign == "mornings"
        return
    assert opening > facts.at
    assert is_open_at(facts, shipped, opening)
    assert not is_open_at(facts, shipped, opening - 60)
    minute = facts.at + 60
    while minute < opening:
        if is_open_at(facts, shipped, minute):
            assert is_open_at(facts, shipped, facts.at)
            break
        minute += 1800


@pytest.mark.parametrize(
    ("at", "campaign", "opening"),
    [
        ("2026-12-24T20:00:00+01:00", "", "2026-12-28T10:00:00+01:00"),
        ("2026-12-31T12:00:00+01:00", "mornings", "2027-01-05T10:00:00+01:00"),
    ],
)
def test_intersection_of_hours_holidays_and_campaign(
    desk: Desk, shipped: Edition, at: str, campaign: str, opening: str
) -> None:
    facts = desk.facts(at=at, campaign=campaign)
    assert next_opening(facts, shipped, facts.at) == epoch(opening)


def test_no_clock_no_opening(desk: Desk, shipped: Edition) -> None:
    facts = desk.facts(to="+442079460000")
    assert next_opening(facts, shipped, facts.at) == 0.0
    assert next_opening(facts, shipped, facts.at + 60) == facts.at + 60


def test_what_never_opens_is_given_up(desk: Desk, shipped: Edition) -> None:
    never = edition_with(shipped, rule("hours.never", HoursCheck(NEVER, False), clock="called"))
    facts = desk.facts()
    assert next_opening(facts, never, facts.at) == 0.0
    assert next_opening(facts, never, facts.at + 60) == 0.0


def test_a_rule_that_only_warns_closes_nothing(desk: Desk, shipped: Edition) -> None:
    never = rule("hours.never", HoursCheck(NEVER, False), clock="called", mode="warn")
    edition = edition_with(shipped, never, rule("holiday", NationalHolidayCheck(), clock="called"))
    facts = desk.facts(at="2026-12-24T11:00:00+01:00")
    assert next_opening(facts, edition, facts.at) == epoch("2026-12-26T00:00:00+01:00")


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-03-28T02:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("2026-10-24T02:00:00+02:00", "2026-10-25T02:00:00+02:00"),
    ],
)
def test_a_window_in_the_hour_of_a_change_of_clocks(desk: Desk, shipped: Edition, at: str, opening: str) -> None:
    edition = edition_with(shipped, rule("hours.nights", HoursCheck(NIGHTS, False), clock="called"))
    facts = desk.facts(at=at)
    assert next_opening(facts, edition, facts.at) == epoch(opening)


def test_a_skipped_window_has_no_first_second() -> None:
    zone = Zone((0, 10 * DAY_SECONDS + 7200), (0, 3600))
    assert first_second(zone, 719_173, 130, ((130, 170),)) == 0
    assert first_second(zone, 719_173, 130, ((130, 200),)) == 10 * DAY_SECONDS + 7200
    assert first_second(zone, 719_173, 60, ((60, 90),)) == 10 * DAY_SECONDS + 3600


def test_windows_of_a_day(desk: Desk, shipped: Edition) -> None:
    facts = desk.facts(campaign="mornings")
    walk = shipped.book.walk(facts)
    assert all(isinstance(schedule, Schedule) for schedule in walk.schedules)
    tuesday = date(2026, 11, 24).toordinal()
    assert open_windows(facts, shipped, walk, "METRO", tuesday) == ((600, 690),)
    assert open_windows(facts, shipped, walk, "METRO", tuesday - 1) == ()
    assert walk.schedules[0].judge(facts, shipped.reference, EMPTY) == 0


@pytest.mark.parametrize(
    ("after", "opening"),
    [
        ("2026-11-24T00:00:00+01:00", "2026-11-24T10:00:00+01:00"),
        ("2026-11-24T10:00:00+01:00", "2026-11-24T10:00:00+01:00"),
        ("2026-11-24T11:30:15+01:00", "2026-11-24T11:30:15+01:00"),
        ("2026-11-24T13:00:00+01:00", "2026-11-24T14:00:00+01:00"),
        ("2026-12-24T20:00:00+01:00", "2026-12-28T10:00:00+01:00"),
        ("2026-12-25T11:00:00+01:00", "2026-12-28T10:00:00+01:00"),
    ],
)
def test_the_opening_from_a_later_instant_on(desk: Desk, shipped: Edition, after: str, opening: str) -> None:
    assert next_opening(desk.facts(), shipped, epoch(after)) == epoch(opening)
