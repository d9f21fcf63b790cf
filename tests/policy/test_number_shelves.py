"""What a change leaves is what would have been made anew, and what was there before stays as it was."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from proxy.policy.edition import Edition
from proxy.policy.number_shelves import NumberEntry, NumberShelves

DAY = 739_942
CUSTOMERS = ("acme", "other")


@pytest.fixture
def entries(shipped: Edition) -> list[NumberEntry]:
    """Two rights on each of forty numbers in two zones."""
    found = []
    for count in range(40):
        number = shipped.plan.number(f"+33{162 + count % 2 * 108}{count:06}", DAY)
        assert number is not None
        for turn, customer in enumerate(CUSTOMERS):
            since = DAY + 100 * turn
            found.append(NumberEntry(number, customer, "assigned", since, None, "active", None, "sip:a@example", ""))
    return found


def made(entries: list[NumberEntry]) -> NumberShelves:
    shelves = NumberShelves()
    for first in range(0, len(entries), 7):
        shelves.add(entries[first : first + 7])
    shelves.settle()
    return shelves


def seen(shelves: NumberShelves, entries: list[NumberEntry]) -> list[object]:
    """Everything that can be asked; a zone without numbers is as none."""
    numbers = sorted({entry.number.canonical for entry in entries})
    zones = sorted({entry.number.zone for entry in entries})
    return [
        [shelves.entries(canonical) for canonical in numbers],
        [shelves.in_zone(customer, zone) for customer in CUSTOMERS for zone in zones],
        [set(shelves.of_customer(customer)) for customer in CUSTOMERS],
    ]


def test_random_changes_come_out_as_if_made_anew(entries: list[NumberEntry]) -> None:
    chance, there = random.Random(7), dict.fromkeys(range(0, len(entries), 2), entries[0])
    there = {place: entries[place] for place in there}
    shelves = made(list(there.values()))
    for _ in range(60):
        before, was = shelves, dict(there)
        pairs: list[tuple[NumberEntry | None, NumberEntry | None]] = []
        for place in chance.sample(range(len(entries)), 5):
            old = there.get(place)
            new = None if old and chance.random() < 0.3 else replace(entries[place], evidence=str(chance.random()))
            pairs.append((old, new))
            if new is None:
                there.pop(place)
            else:
                there[place] = new
        shelves = before.changed(pairs)
        assert seen(shelves, entries) == seen(made(list(there.values())), entries)
        assert seen(before, entries) == seen(made(list(was.values())), entries)


def test_a_right_of_another_day_comes_last(entries: list[NumberEntry]) -> None:
    first, second = entries[0], entries[4]
    later = replace(first, since=DAY + 1)
    shelves = made([first, second]).changed([(first, later)])
    assert shelves.in_zone("acme", first.number.zone) == (second, later)
    assert shelves.entries(first.number.canonical) == (later,)


def test_a_right_stated_twice_is_kept_twice(entries: list[NumberEntry]) -> None:
    twice = [replace(entries[0], right="consented", evidence=text) for text in ("a", "b")]
    assert made(twice).in_zone("acme", twice[0].number.zone) == tuple(twice)
