"""When a refused call may be made again: the next instant at which every enforced schedule is open.

The search starts at the call, or at the later instant from which another rule would let it pass. It goes day by day over the windows of all schedules that concern the call, each day with the
rules in force on that day, and gives up after `SEARCH_DAYS`.
"""

from __future__ import annotations

from typing import Final

from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.moment import DAY_SECONDS, Zone
from proxy.policy.rulebook import Walk
from proxy.policy.schedule import WHOLE_DAY, Windows, intersect, is_open

SEARCH_DAYS: Final = 400


def next_opening(facts: CallFacts, edition: Edition, after: float) -> float:
    """POSIX seconds of the first open instant from `after` on, but behind `facts.at`; 0.0 when none is found.

    Without a clock at the called number only a later `after` is an answer.
    """
    moment = facts.moment
    if moment is None:
        return after if after > facts.at else 0.0
    zone = edition.calendar.zone(moment.territory)
    first = edition.calendar.day(moment.territory, after)
    last = first + SEARCH_DAYS - 1
    for schedule in edition.book.walk(facts).schedules:
        last = min(last, schedule.last_day(facts))
    for day in range(first, last + 1):
        rules = edition.book.on(day, day)
        walk = rules.walk(facts.purpose, facts.mode, facts.method, facts.trunk.profile)
        windows = open_windows(facts, edition, walk, moment.territory, day)
        for window in windows:
            start = first_second(zone, day, window[0], windows)
            if start > facts.at and start >= after:
                return float(start)
            if 0 < start < after < zone.epoch(day, window[1]) and after > facts.at:
                return after
    return 0.0


def open_windows(facts: CallFacts, edition: Edition, walk: Walk, territory: str, day: int) -> Windows:
    """The minutes of a local day that every schedule leaves open."""
    windows = WHOLE_DAY
    for schedule in walk.schedules:
        windows = intersect(windows, schedule.windows(facts, edition.reference, territory, day))
        if not windows:
            break
    return windows


def first_second(zone: Zone, day: int, minute: int, windows: Windows) -> int:
    """The instant a window opens, or 0 when a change of clocks skips the whole window."""
    start = zone.epoch(day, minute)
    local = start + zone.offset(start)
    return start if is_open(windows, local % DAY_SECONDS // 60) else 0
