"""Checks on the local time and day of the called person: legal hours, campaign hours, holidays."""

from __future__ import annotations

from typing import Final, final

from proxy.policy.checks import HIT, PASS, Schedule
from proxy.policy.directory import ATTESTED
from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import consented, in_slot
from proxy.policy.ledger import LedgerView
from proxy.policy.ranges import FOREVER
from proxy.policy.reference import Reference
from proxy.policy.schedule import CLOSED, WHOLE_DAY, Week, Windows, written


@final
class HoursCheck(Schedule):
    """The hours of the row, by weekday; with a `profile`, only for those who keep that one."""

    def __init__(
        self,
        week: Week,
        refuse_without_clock: bool,
        closed_on_holidays: bool = False,
        profile: str = "",
        way_out: str = "",
    ) -> None:
        super().__init__(way_out)
        self.week: Final = week
        self.refuse_without_clock: Final = refuse_without_clock
        self.closed_on_holidays: Final = closed_on_holidays
        self.profile: Final = profile

    def windows(self, facts: CallFacts, reference: Reference, territory: str, day: int) -> Windows:
        """The row's windows of that weekday."""
        if self.profile and facts.hours_profile != self.profile:
            return WHOLE_DAY
        if self.closed_on_holidays and reference.calendar.holiday(day):
            return CLOSED
        return self.week[(day + 6) % 7]

    def without_clock(self, facts: CallFacts) -> int:
        """As the row says."""
        return HIT if self.refuse_without_clock else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The local time and the windows of the day."""
        moment = facts.moment
        if moment is None:
            return "no clock for the called number"
        open_text = written(self.windows(facts, reference, moment.territory, moment.day))
        return f"{moment.iso()}, open {open_text}{way_out_text(self, facts, ledger)}"


@final
class CampaignHoursCheck(Schedule):
    """The campaign's own hours and its first and last day."""

    def windows(self, facts: CallFacts, reference: Reference, territory: str, day: int) -> Windows:
        """The campaign's windows of that day; the whole day without a campaign or without hours."""
        campaign = facts.campaign
        if campaign is None:
            return WHOLE_DAY
        if day < campaign.since or (campaign.until is not None and day > campaign.until):
            return CLOSED
        return WHOLE_DAY if campaign.week is None else campaign.week[(day + 6) % 7]

    def last_day(self, facts: CallFacts) -> int:
        """The campaign's last day."""
        campaign = facts.campaign
        return FOREVER if campaign is None or campaign.until is None else campaign.until

    def without_clock(self, facts: CallFacts) -> int:
        """Stated hours that cannot be checked are a refusal."""
        return HIT if facts.campaign is not None and facts.campaign.week is not None else PASS

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The local time and the campaign's windows of the day."""
        moment = facts.moment
        if facts.campaign is None or moment is None:
            return "no campaign" if facts.campaign is None else "no clock for the called number"
        return f"{moment.iso()}, open {written(self.windows(facts, reference, moment.territory, moment.day))}"


@final
class NationalHolidayCheck(Schedule):
    """The eleven national holidays (C. trav. L3133-1)."""

    def windows(self, facts: CallFacts, reference: Reference, territory: str, day: int) -> Windows:
        """Closed on a national holiday."""
        return CLOSED if reference.calendar.holiday(day) else WHOLE_DAY

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The local day and whether it is a holiday."""
        moment = facts.moment
        if moment is None:
            return "no clock for the called number"
        holiday = "a national holiday" if moment.holiday else "no national holiday"
        return f"{moment.iso()}, {holiday}{way_out_text(self, facts, ledger)}"


@final
class TerritoryHolidayCheck(Schedule):
    """The territory's own day: abolition of slavery overseas (C. trav. L3422-2)."""

    def windows(self, facts: CallFacts, reference: Reference, territory: str, day: int) -> Windows:
        """Closed on the territory's own holiday."""
        return CLOSED if reference.calendar.local_holiday(territory, day) else WHOLE_DAY

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """The local day and whether it is a holiday there."""
        moment = facts.moment
        if moment is None:
            return "no clock for the called number"
        own = "a holiday" if moment.local_holiday else "no holiday"
        return f"{moment.iso()}, {own} of {moment.territory} only"


def way_out_text(check: Schedule, facts: CallFacts, ledger: LedgerView) -> str:
    """Whether the person agreed to be called at this instant, as far as that is asked and known."""
    if not check.way_out or facts.consent.basis == ATTESTED or ledger.state is None:
        return ""
    if in_slot(ledger.state, facts.at):
        return ", in an agreed slot"
    return f", no {check.way_out} in force" if not consented(ledger.state, facts.at, 0.0) else ", consent in force"
