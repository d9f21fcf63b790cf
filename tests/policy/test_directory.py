from __future__ import annotations

from dataclasses import replace

import pytest

from proxy.policy.directory import Customer, Directory, NumberEntry
from proxy.policy.edition import Edition

DAY = 739_942


@pytest.fixture
def entry(shipped: Edition) -> NumberEntry:
    number = shipped.plan.number("+33162000001", DAY)
    assert number is not None
    return NumberEntry(number, "acme", "assigned", DAY, None, "active", None, "sip:a@acme.example", "")


@pytest.mark.parametrize(
    ("change", "day", "held"),
    [
        ({}, DAY, True),
        ({}, DAY - 1, False),
        ({"until": DAY}, DAY, True),
        ({"until": DAY}, DAY + 1, False),
        ({"state": "reserved"}, DAY, False),
        ({"state": "suspended"}, DAY, False),
        ({"state": "quarantined", "until": DAY + 5, "quarantine_until": DAY + 60}, DAY, True),
        ({"state": "quarantined", "until": DAY + 5, "quarantine_until": DAY + 60}, DAY + 6, False),
        ({"state": "ported_out", "until": DAY}, DAY, True),
        ({"state": "ported_out", "until": DAY}, DAY + 1, False),
        ({"right": "consented"}, DAY, True),
        ({"customer": "other"}, DAY, False),
    ],
)
def test_held(entry: NumberEntry, change: dict[str, object], day: int, held: bool) -> None:
    changed = replace(entry, **change)  # type: ignore[arg-type]  # the parameters above name fields of the entry
    assert changed.held_by("acme", day) is held
    directory = Directory([], [changed], [])
    assert directory.held("+33162000001", "acme", day) is held
    assert (directory.usable("+33162000001", "acme", day) is not None) is held


def test_a_number_without_call_back_is_held_but_not_usable(entry: NumberEntry) -> None:
    directory = Directory([], [replace(entry, callback_target="")], [])
    assert directory.held("+33162000001", "acme", DAY)
    assert directory.usable("+33162000001", "acme", DAY) is None


def test_a_number_may_pass_from_one_customer_to_another(entry: NumberEntry) -> None:
    later = replace(entry, customer="other", since=DAY + 100)
    directory = Directory([], [replace(entry, until=DAY + 10), later], [])
    assert directory.held("+33162000001", "acme", DAY)
    assert not directory.held("+33162000001", "acme", DAY + 100)
    assert directory.held("+33162000001", "other", DAY + 100)
    assert len(directory.entries("+33162000001")) == 2


def test_look_ups_of_what_is_not_there(entry: NumberEntry) -> None:
    directory = Directory([], [entry], [])
    assert directory.customer("acme") is None
    assert directory.campaign("acme", "spring") is None
    assert directory.campaigns_of("acme") == ()
    assert directory.entries("+33162000009") == ()
    assert not directory.held("+33162000009", "acme", DAY)
    assert directory.usable("+33162000009", "acme", DAY) is None
    assert directory.numbers_of("nobody") == ()
    assert directory.numbers_in_zone("nobody", "01") == ()
    assert directory.numbers_in_zone("acme", "02") == ()


def test_the_shipped_directory_is_indexed(shipped: Edition) -> None:
    directory = shipped.directory
    acme = directory.customer("acme")
    assert isinstance(acme, Customer)
    assert acme in directory.customers()
    spring = directory.campaign("acme", "spring")
    assert spring is not None
    assert spring in directory.campaigns_of("acme")
    assert directory.campaign("acme", "nothing") is None
    zone_01 = [entry.number.canonical for entry in directory.numbers_in_zone("acme", "01")]
    assert zone_01[:2] == ["+33162000001", "+33162000002"]
    assert {entry.number.canonical for entry in directory.numbers_of("acme")} > set(zone_01)


def test_uses_are_counted(entry: NumberEntry) -> None:
    directory = Directory([], [entry], [])
    directory.used("+33162000001")
    directory.used("+33162000001")
    assert directory.uses == {"+33162000001": 2}
