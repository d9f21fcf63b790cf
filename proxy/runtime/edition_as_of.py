"""An edition with the law of one day, whatever the day of the call.

Of every rule and every class of numbers the version in force on that day holds for all days; clock, weekday and holiday
stay those of the call, and so do the rights on numbers.
"""

from __future__ import annotations

from dataclasses import replace

from proxy.policy.edition import Edition
from proxy.policy.moment import iso_day
from proxy.policy.numbers import NumberingPlan
from proxy.policy.ranges import FOREVER, NumberClass, Territory
from proxy.policy.rulebook import Rule, RuleBook


def as_of(edition: Edition, territories: tuple[Territory, ...], day: int) -> Edition:
    """The edition of that day (an ordinal); its revision says so."""
    rules: list[Rule] = []
    for rule in edition.book.rules:
        if rule.row.since <= day <= rule.row.until:
            rules.append(Rule(replace(rule.row, since=0, until=FOREVER), rule.check))
    classes = tuple(class_as_of(number_class, day) for number_class in edition.plan.classes())
    plan = NumberingPlan(edition.plan.ranges, classes, territories)
    return Edition(
        plan, edition.calendar, RuleBook(tuple(rules)), edition.directory, f"{edition.revision} as of {iso_day(day)}"
    )


def class_as_of(number_class: NumberClass, day: int) -> NumberClass:
    """The class with the one rule of that day, or with none."""
    history = [
        replace(rule, since=0, until=FOREVER) for rule in number_class.history if rule.since <= day <= rule.until
    ]
    return replace(number_class, history=tuple(history))
