"""One edition of everything a decision rests on; a reload swaps the whole edition.

Immutable as seen from outside. `revision` names the sources it was made from, so that a recorded
decision can be replayed against the same texts.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.directory import Directory
from proxy.policy.moment import Calendar
from proxy.policy.numbers import NumberingPlan
from proxy.policy.reference import Reference
from proxy.policy.rulebook import RuleBook


@final
class Edition:
    """Plan, calendar, rule book and directory that belong together."""

    __slots__ = ("plan", "calendar", "book", "directory", "reference", "revision")

    def __init__(
        self, plan: NumberingPlan, calendar: Calendar, book: RuleBook, directory: Directory, revision: str
    ) -> None:
        self.plan: Final = plan
        self.calendar: Final = calendar
        self.book: Final = book
        self.directory: Final = directory
        self.reference: Final = Reference(plan, calendar, directory)
        self.revision: Final = revision
