from __future__ import annotations

import pytest

from proxy.policy.checks import Check
from proxy.policy.checks_destination import CustomerUnknownCheck, EmergencyCheck
from proxy.policy.checks_hours import NationalHolidayCheck
from proxy.policy.checks_shown import DisplayMandatory, NoNumber
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, TrunkFacts
from proxy.policy.rulebook import KEPT_DAYS, Rule, RuleBook
from tests.policy.desk import Desk
from tests.policy.shelf import rule


def ids(rules: tuple[Rule, ...]) -> list[str]:
    return [found.id for found in rules]


@pytest.mark.parametrize(
    ("changes", "applies"),
    [
        ({}, True),
        ({"purposes": ("service",)}, False),
        ({"purposes": ("service", "b2b")}, True),
        ({"modes": ("manual",)}, False),
        ({"methods": ("MESSAGE",)}, False),
        ({"purposes": ("b2b",), "modes": ("vms",), "methods": ("INVITE",)}, True),
    ],
)
def test_a_row_concerns_what_it_names(changes: dict[str, object], applies: bool) -> None:
    row = rule("r", Check(), **changes).row
    assert row.applies("b2b", "vms", "INVITE") is applies


@pytest.mark.parametrize(
    ("mode", "strict", "profile", "found"),
    [
        ("warn", "", "law", "warn"),
        ("warn", "", "strict", "warn"),
        ("warn", "enforce", "law", "warn"),
        ("warn", "enforce", "strict", "enforce"),
        ("enforce", "off", "strict", "off"),
    ],
)
def test_the_strict_profile_may_have_a_mode_of_its_own(mode: str, strict: str, profile: str, found: str) -> None:
    assert rule("r", Check(), mode=mode, strict=strict).row.mode_for(profile) == found


def test_versions_by_the_day_in_paris_or_at_the_called_person() -> None:
    book = RuleBook(
        (
            rule("p", Check(), until=9),
            rule("p", Check(), since=10),
            rule("c", Check(), clock="called", until=9),
            rule("d", Check(), clock="called", since=10),
        )
    )
    assert ids(book.on(9, 9).rules) == ["p", "c"]
    assert ids(book.on(9, 10).rules) == ["p", "d"]
    assert book.on(9, 10).rules[0].row.until == 9
    assert book.on(10, 9).rules[0].row.since == 10
    assert ids(book.on(10, 9).rules) == ["p", "c"]


def test_days_with_the_same_rules_share_them() -> None:
    book = RuleBook((rule("p", Check(), until=5), rule("p", Check(), since=6)))
    assert book.on(1, 1) is book.on(1, 1)
    assert book.on(1, 1) is book.on(5, 5)
    assert book.on(5, 5) is not book.on(6, 6)


def test_days_are_not_kept_for_ever() -> None:
    book = RuleBook((rule("p", Check()),))
    for day in range(1, KEPT_DAYS + 2):
        assert [found.id for found in book.on(day, day).rules] == ["p"]
    assert len(book._days) <= KEPT_DAYS


def test_a_walk_sorts_the_rules_that_concern_the_call() -> None:
    book = RuleBook(
        (
            rule("emergency", EmergencyCheck()),
            rule("gate", CustomerUnknownCheck()),
            rule("warned", CustomerUnknownCheck(), mode="warn"),
            rule("off", CustomerUnknownCheck(), mode="off"),
            rule("other", CustomerUnknownCheck(), purposes=("b2b",)),
            rule("holiday", NationalHolidayCheck(), clock="called"),
            rule("holiday.warned", NationalHolidayCheck(), clock="called", mode="warn"),
            rule("display", DisplayMandatory(), mode="warn", strict="enforce"),
            rule("none", NoNumber()),
        )
    )
    walk = book.on(5, 5).walk("service", "vms", "INVITE", "law")
    assert [gate.id for gate in walk.bypasses] == ["emergency"]
    assert [(gate.id, gate.enforced) for gate in walk.gates] == [
        ("gate", True),
        ("warned", False),
        ("holiday", True),
        ("holiday.warned", False),
    ]
    assert len(walk.schedules) == 1
    assert [row.id for row in walk.shows] == ["none"]
    assert [(after.id, after.enforced) for after in walk.afters] == [("display", False)]
    strict = book.on(5, 5).walk("service", "vms", "INVITE", "strict")
    assert [(after.id, after.enforced) for after in strict.afters] == [("display", True)]
    assert book.on(5, 5).walk("service", "vms", "INVITE", "law") is walk


def test_a_call_takes_the_day_of_the_called_person(desk: Desk, shipped: Edition) -> None:
    book = RuleBook((rule("c", CustomerUnknownCheck(), clock="called", since=739_476),))
    on_the_day_there = desk.facts(to="0262000000", at="2025-08-10T20:00:00Z")
    assert shipped.calendar.paris_day(on_the_day_there.at) == 739_473
    assert book.walk(on_the_day_there).gates == []
    reunion = desk.facts(to="0262000000", at="2025-08-12T20:00:00Z", trunk=TrunkFacts("t"))
    assert reunion.moment is not None
    assert (reunion.paris_day, reunion.moment.day) == (739_475, 739_476)
    assert [gate.id for gate in book.walk(reunion).gates] == ["c"]
    assert book.walk(desk.facts(to="+442079460000", at="2025-08-12T20:00:00Z")).gates == []


def test_the_walk_of_the_last_call_is_no_other_calls(desk: Desk) -> None:
    book = RuleBook(
        (
            rule("b2b", CustomerUnknownCheck(), purposes=("b2b",)),
            rule("manual", CustomerUnknownCheck(), modes=("manual",)),
            rule("texts", CustomerUnknownCheck(), methods=("MESSAGE",)),
            rule("strict", CustomerUnknownCheck(), mode="off", strict="enforce"),
            rule("late", CustomerUnknownCheck(), since=739_476),
        )
    )
    day = "2025-08-10T12:00:00Z"
    calls: tuple[tuple[CallFacts, list[str]], ...] = (
        (desk.facts(at=day, purpose="b2b", mode="vms"), ["b2b"]),
        (desk.facts(at=day, purpose="service", mode="vms"), []),
        (desk.facts(at=day, purpose="service", mode="manual"), ["manual"]),
        (desk.facts(at=day, purpose="service", mode="vms", method="MESSAGE"), ["texts"]),
        (desk.facts(at=day, purpose="service", mode="vms", trunk=TrunkFacts("t", profile="strict")), ["strict"]),
        (desk.facts(at="2025-08-20T12:00:00Z", purpose="service", mode="vms"), ["late"]),
    )
    for _ in range(2):
        for facts, found in calls:
            assert [gate.id for gate in book.walk(facts).gates] == found
            assert [gate.id for gate in book.walk(facts).gates] == found
