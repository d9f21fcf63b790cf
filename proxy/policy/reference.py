"""What every rule may consult beside the facts: the plan, the calendar and the directory.

Kept apart from the rule book so that a check can be given it without knowing the book it stands in.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.directory import Directory
from proxy.policy.moment import Calendar
from proxy.policy.numbers import NumberingPlan


@final
class Reference:
    """Plan, calendar and directory of one edition."""

    __slots__ = ("plan", "calendar", "directory")

    def __init__(self, plan: NumberingPlan, calendar: Calendar, directory: Directory) -> None:
        self.plan: Final = plan
        self.calendar: Final = calendar
        self.directory: Final = directory
