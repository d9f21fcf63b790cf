"""What is told beside a number or a customer, and on which day it begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from proxy.policy.directory import Customer, NumberEntry
from proxy.runtime.directory_warnings import customer_warnings, number_warnings
from proxy.runtime.store.directory_interface import Use
from proxy.runtime.store.directory_records import Record, Values
from tests.runtime.store.directory_shelf import book

TODAY = date(2026, 11, 22)
DAY = TODAY.toordinal()


def entry() -> NumberEntry:
    return replace(next(iter(book().numbers.values())), since=DAY - 400, callback_target="sip:a@a")


def told(one: NumberEntry, use: Use | None = None, tested: date | None = TODAY) -> list[str]:
    values: Values = {} if tested is None else {"callback_tested": tested}
    return number_warnings(one, Record("number", "a", values), use, DAY)


def test_a_number_in_use_gives_nothing_to_do() -> None:
    assert told(entry(), Use(DAY - 100, DAY - 1)) == []


@pytest.mark.parametrize(
    ("use", "since", "warning"),
    [
        (None, DAY - 10, "never used"),
        (None, DAY - 364, "never used"),
        (None, DAY - 365, "never used within a year"),
        (Use(DAY - 500, DAY - 450), DAY - 400, "never used within a year"),
        (Use(DAY - 399, DAY - 365), DAY - 400, "unused for a year, last on 2025-11-22"),
    ],
)
def test_a_number_must_be_used_within_a_year(use: Use | None, since: int, warning: str) -> None:
    assert told(replace(entry(), since=since), use) == [warning]


def test_a_number_unused_for_less_than_a_year_is_fine() -> None:
    assert told(entry(), Use(DAY - 399, DAY - 364)) == []


@pytest.mark.parametrize(
    ("tested", "warnings"),
    [
        (None, ["call back never tested"]),
        (TODAY - timedelta(days=180), []),
        (TODAY - timedelta(days=181), ["call back last tested on 2026-05-25"]),
    ],
)
def test_a_call_back_is_tested_now_and_then(tested: date | None, warnings: list[str]) -> None:
    assert told(entry(), Use(DAY, DAY), tested) == warnings


def test_a_number_without_call_back_is_not_shown() -> None:
    assert told(replace(entry(), callback_target=""), Use(DAY, DAY)) == ["no call-back target: not shown"]


@pytest.mark.parametrize(
    ("days", "until", "warnings"),
    [
        (2, 40, ["assigned for less than 72 hours"]),
        (3, 40, []),
        (100, 10, ["ends on 2026-12-02"]),
        (100, -10, ["free after 2026-12-27"]),
        (100, -60, ["free again"]),
    ],
)
def test_the_end_of_a_right_is_told(days: int, until: int, warnings: list[str]) -> None:
    one = replace(entry(), since=DAY + until - days, until=DAY + until)
    assert [text for text in told(one, Use(DAY, DAY)) if text != "never used"] == warnings


def test_a_ported_number_has_only_ended() -> None:
    assert told(replace(entry(), until=DAY - 1, state="ported_out")) == ["ended"]


def test_a_consent_without_end_and_a_number_not_active() -> None:
    consented = replace(entry(), right="consented")
    assert told(consented, Use(DAY, DAY)) == ["the assignee's consent has no end: check that it still holds"]
    assert told(replace(consented, state="reserved")) == []


@pytest.mark.parametrize(
    ("status", "expires", "warnings"),
    [
        ("verified", DAY + 30, []),
        ("verified", DAY + 29, ["verification expires on 2026-12-21"]),
        ("verified", DAY - 1, ["verification expired on 2026-11-21"]),
        ("verified", None, ["verification without an end"]),
        ("pending", None, ["verification pending"]),
    ],
)
def test_a_verification_is_told_before_it_ends(status: str, expires: int | None, warnings: list[str]) -> None:
    customer: Customer = replace(book().customers["a"], kyc_status=status, kyc_expires=expires)
    assert customer_warnings(customer, DAY) == warnings
