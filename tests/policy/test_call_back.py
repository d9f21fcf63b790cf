"""Where a call to a number of the directory leads."""

from __future__ import annotations

from datetime import date

import pytest

from proxy.policy.call_back import (
    FORWARDED,
    NO_TARGET,
    OUTCOMES,
    RING,
    UNKNOWN,
    CallBack,
    choose,
    host_of,
    is_call_back,
    meaning,
    place_of,
)
from proxy.policy.directory import Directory, NumberEntry
from proxy.policy.edition import Edition

DAY = date(2026, 11, 23).toordinal()
URI = "sip:accueil@pbx.acme.example"


def entry(
    edition: Edition, number: str, target: str, *, customer: str = "acme", right: str = "assigned", state: str = "active",
    since: int = DAY - 100, until: int | None = None,
) -> NumberEntry:  # fmt: skip
    found = edition.plan.number(number, DAY)
    assert found is not None
    return NumberEntry(found, customer, right, since, until, state, None, target, "")


def chosen(edition: Edition, text: str, *entries: NumberEntry) -> CallBack:
    own = frozenset({"10.0.0.1:5060", "2001:db8::1:5060"})
    return choose(edition.plan, Directory([], list(entries), []), text, DAY, own)


def test_a_uri_is_taken_as_it_stands(shipped: Edition) -> None:
    found = chosen(shipped, "01 62 00 00 01", entry(shipped, "0162000001", f" {URI} "))
    assert (found.rule, found.uri, found.number, found.steps) == (FORWARDED, URI, None, 1)
    assert found.entry is not None
    assert found.entry.customer == "acme"


@pytest.mark.parametrize(
    "target", ["tel:+33-6-12-34-56-78;ext=1", "06 12 34 56 78", "sip:0612345678@[2001:DB8::1]:5060"]
)
def test_a_number_is_understood_in_any_writing(shipped: Edition, target: str) -> None:
    found = chosen(shipped, "0162000001", entry(shipped, "0162000001", target))
    assert (found.rule, found.uri) == (FORWARDED, "")
    assert found.number is not None
    assert found.number.canonical == "+33612345678"


@pytest.mark.parametrize("target", ["", "accueil", "112", "0899000000", "+14155550100", "06123", "tel:"])
def test_what_is_no_fixed_or_mobile_number_is_no_target(shipped: Edition, target: str) -> None:
    assert chosen(shipped, "0162000001", entry(shipped, "0162000001", target)).rule == NO_TARGET


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, FORWARDED),
        ({"state": "suspended"}, FORWARDED),
        ({"since": DAY}, FORWARDED),
        ({"since": DAY + 1}, UNKNOWN),
        ({"until": DAY}, FORWARDED),
        ({"until": DAY - 1}, UNKNOWN),
        ({"until": DAY + 9, "state": "quarantined"}, UNKNOWN),
        ({"until": DAY + 9, "state": "ported_out"}, UNKNOWN),
    ],
)
def test_a_right_counts_while_it_is_in_force(shipped: Edition, changes: dict[str, object], rule: str) -> None:
    one = entry(shipped, "0162000001", URI, **changes)  # type: ignore[arg-type]  # what `entry` takes
    assert chosen(shipped, "0162000001", one).rule == rule


def test_the_assignee_is_called_unless_only_another_can_be(shipped: Edition) -> None:
    assigned = entry(shipped, "0240000000", URI, customer="owner")
    lent = entry(shipped, "0240000000", "sip:x@lent.example", customer="lodger", right="consented")
    silent = entry(shipped, "0240000000", "", customer="owner")
    assert chosen(shipped, "0240000000", lent, assigned).uri == URI
    assert chosen(shipped, "0240000000", silent, lent).uri == "sip:x@lent.example"


def test_targets_are_followed_and_rings_found(shipped: Edition) -> None:
    first, second = entry(shipped, "0162000001", "0162000002"), entry(shipped, "0162000002", URI)
    found = chosen(shipped, "0162000001", first, second)
    assert (found.rule, found.uri, found.steps) == (FORWARDED, URI, 2)
    back = entry(shipped, "0162000002", "sip:+33162000001@10.0.0.1")
    assert chosen(shipped, "0162000001", first, back).rule == RING
    assert chosen(shipped, "0162000001", entry(shipped, "0162000001", "0162000001")).rule == RING
    beside = entry(shipped, "0162000003", "0162000001")
    assert chosen(shipped, "0162000003", beside, first, back).rule == RING


def test_a_number_of_nobody_is_unknown(shipped: Edition) -> None:
    one = entry(shipped, "0162000001", URI)
    assert [chosen(shipped, text, one).rule for text in ("0162000009", "accueil", "112")] == [UNKNOWN] * 3


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("sip:a@Host.Example:5070;transport=tcp", "host.example"),
        ("sip:host.example", "host.example"),
        ("sips:a@[2001:DB8::1]:5061?x=y", "2001:db8::1"),
        ("sip:", ""),
    ],
)
def test_the_host_of_a_uri(uri: str, host: str) -> None:
    assert host_of(uri) == host


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("sip:a@Host.Example:5070;transport=tcp", "host.example:5070"),
        ("sip:a:secret@host.example", "host.example:5060"),
        ("sip:host.example", "host.example:5060"),
        ("sip:host.example:5080", "host.example:5080"),
        ("sips:a@host.example", "host.example:5061"),
        ("sips:a@[2001:DB8::1]:5071?x=y", "2001:db8::1:5071"),
        ("sip:[2001:DB8::1]", "2001:db8::1:5060"),
    ],
)
def test_the_place_of_a_uri(uri: str, place: str) -> None:
    assert place_of(uri) == place


def test_every_outcome_has_its_words() -> None:
    for rule, (status, phrase, _, _, _) in OUTCOMES.items():
        assert is_call_back(rule)
        assert meaning(rule, True) != meaning(rule, False) != ""
        assert (status == 0) == (phrase == "") == (rule == FORWARDED)
    assert not is_call_back("hours.consumer")
    assert meaning("hours.consumer", False) == ""
