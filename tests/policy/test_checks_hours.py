from __future__ import annotations

from datetime import date

import pytest

from proxy.policy.checks import HIT, PASS
from proxy.policy.checks_hours import CampaignHoursCheck, HoursCheck, NationalHolidayCheck, TerritoryHolidayCheck
from proxy.policy.edition import Edition
from proxy.policy.ledger import EMPTY
from proxy.policy.ranges import FOREVER
from proxy.policy.schedule import CLOSED, WHOLE_DAY, Week
from tests.policy.desk import Desk

MONDAYS: Week = (((600, 780),), (), (), (), (), (), ())
NO_CLOCK = "+442079460000"


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        ("2026-11-23T10:00:00+01:00", PASS),
        ("2026-11-23T13:00:00+01:00", HIT),
        ("2026-11-24T11:00:00+01:00", HIT),
    ],
)
def test_hours(desk: Desk, shipped: Edition, at: str, outcome: int) -> None:
    facts = desk.facts(at=at)
    check = HoursCheck(MONDAYS, False)
    assert check.judge(facts, shipped.reference, EMPTY) == outcome
    expected = "closed" if "24T" in at else "10:00-13:00"
    assert check.saw(facts, shipped.reference, EMPTY) == f"{at}, open {expected}"


@pytest.mark.parametrize(("refuse", "outcome"), [(True, HIT), (False, PASS)])
def test_hours_without_a_clock(desk: Desk, shipped: Edition, refuse: bool, outcome: int) -> None:
    facts = desk.facts(to=NO_CLOCK)
    check = HoursCheck(MONDAYS, refuse)
    assert check.judge(facts, shipped.reference, EMPTY) == outcome
    assert check.saw(facts, shipped.reference, EMPTY) == "no clock for the called number"


@pytest.mark.parametrize(
    ("campaign", "at", "outcome"),
    [
        ("", "2026-11-22T03:00:00+01:00", PASS),
        ("spring", "2026-11-22T03:00:00+01:00", PASS),
        ("mornings", "2026-11-24T10:00:00+01:00", PASS),
        ("mornings", "2026-11-24T11:30:00+01:00", HIT),
        ("mornings", "2026-08-25T10:00:00+02:00", HIT),
        ("mornings", "2027-07-06T10:00:00+02:00", HIT),
    ],
)
def test_campaign_hours(desk: Desk, shipped: Edition, campaign: str, at: str, outcome: int) -> None:
    facts = desk.facts(campaign=campaign, at=at)
    assert CampaignHoursCheck().judge(facts, shipped.reference, EMPTY) == outcome
    assert CampaignHoursCheck().saw(facts, shipped.reference, EMPTY).startswith(at if campaign else "no campaign")


@pytest.mark.parametrize(("campaign", "outcome"), [("mornings", HIT), ("spring", PASS), ("", PASS)])
def test_campaign_hours_without_a_clock(desk: Desk, shipped: Edition, campaign: str, outcome: int) -> None:
    facts = desk.facts(campaign=campaign, to=NO_CLOCK)
    assert CampaignHoursCheck().judge(facts, shipped.reference, EMPTY) == outcome
    assert CampaignHoursCheck().saw(facts, shipped.reference, EMPTY).startswith("no c")


def test_holidays(desk: Desk, shipped: Edition) -> None:
    christmas = desk.facts(at="2026-12-25T11:00:00+01:00")
    abolition = desk.facts(to="0596000000", at="2026-05-22T11:00:00-04:00")
    nowhere = desk.facts(to=NO_CLOCK, at="2026-12-25T11:00:00+01:00")
    national, own = NationalHolidayCheck(), TerritoryHolidayCheck()
    outcomes = [
        [check.judge(facts, shipped.reference, EMPTY) for facts in (christmas, abolition, nowhere)]
        for check in (national, own)
    ]
    assert outcomes == [[HIT, PASS, PASS], [PASS, HIT, PASS]]
    assert national.saw(christmas, shipped.reference, EMPTY).endswith(", a national holiday")
    assert national.saw(abolition, shipped.reference, EMPTY).endswith(", no national holiday")
    assert own.saw(abolition, shipped.reference, EMPTY).endswith(", a holiday of MQ only")
    assert own.saw(christmas, shipped.reference, EMPTY).endswith(", no holiday of METRO only")
    assert national.saw(nowhere, shipped.reference, EMPTY) == own.saw(nowhere, shipped.reference, EMPTY)


def test_windows_of_a_day(desk: Desk, shipped: Edition) -> None:
    facts = desk.facts()
    christmas = shipped.calendar.paris_day(desk.facts(at="2026-12-25T11:00:00+01:00").at)
    assert NationalHolidayCheck().windows(facts, shipped.reference, "METRO", christmas) == CLOSED
    assert NationalHolidayCheck().windows(facts, shipped.reference, "METRO", christmas - 1) == WHOLE_DAY
    assert HoursCheck(MONDAYS, False).windows(facts, shipped.reference, "METRO", christmas - 4) == ((600, 780),)


def test_the_last_day_that_can_be_open(desk: Desk) -> None:
    last = CampaignHoursCheck().last_day(desk.facts(campaign="mornings"))
    assert last == date(2027, 6, 30).toordinal()
    assert CampaignHoursCheck().last_day(desk.facts(campaign="spring")) == FOREVER
    assert CampaignHoursCheck().last_day(desk.facts()) == FOREVER
    assert NationalHolidayCheck().last_day(desk.facts(campaign="mornings")) == FOREVER
