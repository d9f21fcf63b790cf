"""Dated rules and which of them are in force.

A `RuleRow` is one version of one rule as the file states it; a `Rule` is the row with its check. The
book answers `on(paris day, called day)` with the rules in force that day (`DayBook`), and that
answers `walk(...)` with the rules that concern one purpose, mode and method, sorted for the walk of
`decide`. Both answers are kept, so a call costs two look-ups. The order of the book is the order of
the files and of the rows in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from proxy.policy.checks import Aftermath, Check, Schedule, Show
from proxy.policy.checks_conformance import ConformanceCheck
from proxy.policy.checks_destination import EmergencyCheck
from proxy.policy.facts import STRICT, CallFacts

ENFORCE: Final = "enforce"
WARN: Final = "warn"
OFF: Final = "off"
CLOCK_PARIS: Final = "paris"
CLOCK_CALLED: Final = "called"
KEPT_DAYS: Final = 4096


@dataclass(frozen=True)
class RuleRow:
    """One version of a rule; empty `purposes`, `modes` or `methods` mean all.

    `params` and all after it are for people: what the rule says, and what a customer is told whom it refused, in
    English and in French.
    """

    id: str
    kind: str
    since: int
    until: int
    purposes: tuple[str, ...]
    modes: tuple[str, ...]
    methods: tuple[str, ...]
    status: int
    phrase: str
    retry_after: int
    basis: str
    why: str
    confidence: str
    mode: str
    strict: str
    on_unknown: str
    checked_on: int
    clock: str
    file: str
    line: int
    params: str = ""
    text: str = ""
    text_fr: str = ""
    told: str = ""
    told_fr: str = ""
    why_fr: str = ""

    def applies(self, purpose: str, mode: str, method: str) -> bool:
        """Whether the row concerns such a call."""
        return (
            (not self.purposes or purpose in self.purposes)
            and (not self.modes or mode in self.modes)
            and (not self.methods or method in self.methods)
        )

    def mode_for(self, profile: str) -> str:
        """The row's mode on a trunk of that profile."""
        return self.strict if self.strict and profile == STRICT else self.mode


@final
class Rule:
    """A row with its check."""

    __slots__ = ("row", "check", "id")

    def __init__(self, row: RuleRow, check: Check) -> None:
        self.row: Final = row
        self.check: Final = check
        self.id: Final[str] = row.id


@final
class Gate:
    """A rule that concerns the call, with what a hit means there."""

    __slots__ = ("id", "check", "row", "enforced")

    def __init__(self, rule: Rule, enforced: bool) -> None:
        self.id: Final[str] = rule.id
        self.check: Final[Check] = rule.check
        self.row: Final[RuleRow] = rule.row
        self.enforced: Final = enforced


@final
class ShowGate:
    """A presentation rule that concerns the call."""

    __slots__ = ("id", "show")

    def __init__(self, rule_id: str, show: Show) -> None:
        self.id: Final = rule_id
        self.show: Final = show


@final
class AfterGate:
    """A rule on what was chosen."""

    __slots__ = ("id", "check", "row", "enforced")

    def __init__(self, rule: Rule, check: Aftermath, enforced: bool) -> None:
        self.id: Final[str] = rule.id
        self.check: Final = check
        self.row: Final[RuleRow] = rule.row
        self.enforced: Final = enforced


@final
class Walk:
    """The rules one call meets, by sort; `schedules` are the enforced gates that bound the next opening."""

    __slots__ = ("bypasses", "gates", "shows", "afters", "schedules")

    def __init__(self) -> None:
        self.bypasses: Final[list[Gate]] = []
        self.gates: Final[list[Gate]] = []
        self.shows: Final[list[ShowGate]] = []
        self.afters: Final[list[AfterGate]] = []
        self.schedules: Final[list[Schedule]] = []

    def add(self, rule: Rule, enforced: bool) -> None:
        """Puts a rule behind those of its sort."""
        check = rule.check
        if isinstance(check, EmergencyCheck | ConformanceCheck):
            self.bypasses.append(Gate(rule, enforced))
        elif isinstance(check, Show):
            self.shows.append(ShowGate(rule.id, check))
        elif isinstance(check, Aftermath):
            self.afters.append(AfterGate(rule, check, enforced))
        else:
            self.gates.append(Gate(rule, enforced))
            if enforced and isinstance(check, Schedule):
                self.schedules.append(check)


@final
class DayBook:
    """The rules in force on one pair of days."""

    __slots__ = ("rules", "_walks")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules: Final = rules
        self._walks: Final[dict[tuple[str, str, str, str], Walk]] = {}

    def walk(self, purpose: str, mode: str, method: str, profile: str) -> Walk:
        """The rules that concern such a call."""
        key = (purpose, mode, method, profile)
        found = self._walks.get(key)
        if found is None:
            found = Walk()
            for rule in self.rules:
                row_mode = rule.row.mode_for(profile)
                if row_mode != OFF and rule.row.applies(purpose, mode, method):
                    found.add(rule, row_mode == ENFORCE)
            self._walks[key] = found
        return found


@final
class Last:
    """The walk that was asked for last; most calls of a day meet the same rules."""

    __slots__ = ("called_day", "method", "mode", "paris_day", "profile", "purpose", "walk")

    def __init__(self, facts: CallFacts, called_day: int, walk: Walk) -> None:
        self.paris_day: Final[int] = facts.paris_day
        self.called_day: Final = called_day
        self.purpose: Final[str] = facts.purpose
        self.mode: Final[str] = facts.mode
        self.method: Final[str] = facts.method
        self.profile: Final[str] = facts.trunk.profile
        self.walk: Final = walk

    def fits(self, facts: CallFacts, called_day: int) -> bool:
        """Whether such a call meets the same rules."""
        return (
            self.paris_day == facts.paris_day
            and self.called_day == called_day
            and self.purpose == facts.purpose
            and self.mode == facts.mode
            and self.method == facts.method
            and self.profile == facts.trunk.profile
        )


@final
class RuleBook:
    """All versions of all rules."""

    __slots__ = ("rules", "_alike", "_days", "_last")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules: Final = rules
        self._days: Final[dict[tuple[int, int], DayBook]] = {}
        self._alike: Final[dict[tuple[int, ...], DayBook]] = {}
        self._last: Last | None = None

    def on(self, paris_day: int, called_day: int) -> DayBook:
        """The rules in force: hours and holidays by the day at the called person, the others by the day in Paris."""
        key = (paris_day, called_day)
        found = self._days.get(key)
        if found is None:
            places: list[int] = []
            for place, rule in enumerate(self.rules):
                row = rule.row
                day = called_day if row.clock == CLOCK_CALLED else paris_day
                if row.since <= day <= row.until:
                    places.append(place)
            found = self._book_of(tuple(places))
            if len(self._days) >= KEPT_DAYS:
                self._days.clear()
            self._days[key] = found
        return found

    def _book_of(self, places: tuple[int, ...]) -> DayBook:
        """The book of these rules; days with the same rules share it."""
        found = self._alike.get(places)
        if found is None:
            found = self._alike[places] = DayBook(tuple([self.rules[place] for place in places]))
        return found

    def walk(self, facts: CallFacts) -> Walk:
        """The rules that this call meets."""
        moment, last = facts.moment, self._last
        called_day = facts.paris_day if moment is None else moment.day
        if last is not None and last.fits(facts, called_day):
            return last.walk
        walk = self.on(facts.paris_day, called_day).walk(facts.purpose, facts.mode, facts.method, facts.trunk.profile)
        self._last = Last(facts, called_day, walk)
        return walk
