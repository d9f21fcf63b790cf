"""What records say about each other is looked at wherever an edit touches it."""

from __future__ import annotations

import pytest

from proxy.runtime.store.directory_checks import owner
from proxy.runtime.store.directory_records import Draft, Nowhere, Record
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.directory_shelf import CUSTOMER, RIGHT, book, drafts

DEFAULT = 'default_npv = "+33162000001"\nkyc ='
CAMPAIGN = '[[campaign]]\ncustomer = "{}"\nid = "c"\nnpv = "{}"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            RIGHT.format("b", "+33162000001", "2026-06-01"),
            "new.toml:4: key `number`: expected a number free on that day",
        ),
        (RIGHT.format("c", "+33162000002", "2026-06-01"), "expected the id of a customer in the directory, seen `c`"),
        (CAMPAIGN.format("c", ""), "expected the id of a customer in the directory, seen `c`"),
        (CAMPAIGN.format("b", "+33162000001"), "new.toml:4: key `npv`: expected one of the customer's numbers"),
        (
            CUSTOMER.format("b").replace("kyc =", DEFAULT),
            "new.toml:9: key `default_npv`: expected one of the customer's",
        ),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        book().edited(drafts(text))
    assert message in str(caught.value)


def test_both_holders_of_a_number_are_named() -> None:
    with pytest.raises(ConfigError) as caught:
        book().edited(drafts(RIGHT.format("b", "+33162000001", "2026-06-01")))
    assert "`a` holds it from 2026-01-01 on" in caught.value.expected
    assert caught.value.seen == "`+33162000001` for `b` from 2026-06-01 on"


def test_what_comes_together_may_rest_on_each_other() -> None:
    text = (
        CUSTOMER.format("c").replace("kyc =", 'default_npv = "+33162000007"\nkyc =')
        + RIGHT.format("c", "+33162000007", "2026-01-01")
        + CAMPAIGN.format("c", "+33162000007")
    )
    assert book().edited(drafts(text))[0].customers["c"].default_npv == "+33162000007"


def test_what_is_taken_away_must_not_be_needed() -> None:
    named, _ = book().edited(drafts(CUSTOMER.format("a").replace("kyc =", DEFAULT)))
    gone = Draft(Record("number", "a", {}), Nowhere("test"), replaces="+33162000001/a/2026-01-01")
    with pytest.raises(ConfigError, match="customer a of the directory: key `default_npv`: expected one of"):
        named.edited([gone])


def test_a_customer_with_numbers_cannot_vanish() -> None:
    with pytest.raises(ConfigError, match="expected the id of a customer in the directory, seen `a`"):
        book().edited([Draft(Record("customer", "a", {}), Nowhere("test"), replaces="a")])


def test_what_follows_from_a_broken_record_is_not_told_too() -> None:
    text = CUSTOMER.format("c").replace("pending", "perhaps") + RIGHT.format("c", "+33162000007", "2026-01-01")
    with pytest.raises(ConfigError, match="key `status`") as caught:
        book().edited(drafts(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "key"), [("customer", "a"), ("number", "+33162000001/a/2026-01-01"), ("campaign", "a/x")]
)
def test_a_key_names_its_customer(kind: str, key: str) -> None:
    assert owner(kind, key) == "a"
