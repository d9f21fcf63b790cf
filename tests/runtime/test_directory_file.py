from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from proxy.policy.directory import Directory
from proxy.runtime.directory_file import load_directory
from proxy.runtime.numbering_file import Numbering, load_numbering
from proxy.runtime.toml_source import ConfigError, TomlSource, read_toml

CONFIG = Path(__file__).parents[2] / "config"

SMALL = """
[[customer]]
id = "a"
name = "A"
siren = "000000001"
status = "active"
purpose = "service"
mode = "broadcast"
default_npv = "0162000001"
match_zone = true
mobile_cli = "rewrite"
class_cli = "refuse"
platform_exchanges = true
display_name = "A"
calls_per_second = 7
most_calls = 80
longest_call = 600
note = "n"
kyc = { status = "verified", evidence = "e", verified_on = 2026-01-01, expires = 2028-01-01 }
[[customer.number]]
number = "01 62 00 00 01"
right = "assigned"
evidence = "e"
since = 2023-02-01
until = 2025-12-31
state = "quarantined"
quarantine_until = 2026-02-14
callback_target = "sip:a@a.example"
note = "n"
[[customer.campaign]]
id = "c"
purpose = "b2b"
mode = "manual"
npv = "+33162000001"
match_zone = false
hours = [{ days = "mon", from = "10:00", to = "11:00" }]
since = 2026-01-01
until = 2026-12-31
note = "n"
[[customer.campaign]]
id = "d"
[[customer]]
id = "b"
name = "B"
siren = "000000002"
status = "suspended"
purpose = "service"
mode = "manual"
kyc = { status = "pending" }
[[customer.number]]
number = "+33162000001"
since = 2026-02-15
"""


@pytest.fixture(scope="module")
def numbering() -> Numbering:
    return load_numbering(read_toml(CONFIG / "numbering.toml"))


def load(numbering: Numbering, text: str) -> Directory:
    return load_directory(TomlSource("customers.toml", text), numbering)


def test_a_customer_is_read_whole(numbering: Numbering) -> None:
    directory = load(numbering, SMALL)
    customer = directory.customer("a")
    assert customer is not None
    assert (customer.siren, customer.status, customer.purpose, customer.mode) == (
        "000000001",
        "active",
        "service",
        "broadcast",
    )
    assert (customer.default_npv, customer.mobile_cli, customer.class_cli) == ("+33162000001", "rewrite", "refuse")
    assert (customer.match_zone, customer.platform_exchanges, customer.display_name) == (True, True, "A")
    assert (customer.calls_per_second, customer.most_calls, customer.longest_call) == (7.0, 80, 600.0)
    assert (customer.kyc_status, customer.kyc_evidence) == ("verified", "e")
    assert customer.kyc_expires == date(2028, 1, 1).toordinal()
    entry = directory.numbers_of("a")[0]
    assert (entry.number.canonical, entry.state, entry.right) == ("+33162000001", "quarantined", "assigned")
    assert entry.quarantine_until == date(2026, 2, 14).toordinal()
    campaign = directory.campaign("a", "c")
    assert campaign is not None
    assert (campaign.purpose, campaign.mode, campaign.npv) == ("b2b", "manual", "+33162000001")
    assert campaign.match_zone is False
    assert campaign.week is not None
    assert campaign.week[0] == ((600, 660),)
    assert (campaign.since, campaign.until) == (date(2026, 1, 1).toordinal(), date(2026, 12, 31).toordinal())


def test_what_is_not_stated_takes_the_cautious_side(numbering: Numbering) -> None:
    directory = load(numbering, SMALL)
    customer = directory.customer("b")
    assert customer is not None
    assert (customer.default_npv, customer.mobile_cli, customer.class_cli) == ("", "refuse", "rewrite")
    assert (customer.match_zone, customer.platform_exchanges, customer.kyc_expires) == (False, False, None)
    assert (customer.calls_per_second, customer.most_calls, customer.longest_call) == (0.0, 0, 0.0)
    campaign = directory.campaign("a", "d")
    assert campaign is not None
    assert (campaign.purpose, campaign.mode, campaign.npv, campaign.match_zone) == ("", "", "", None)
    assert (campaign.week, campaign.since, campaign.until) == (None, 0, None)
    entry = directory.numbers_of("b")[0]
    assert (entry.state, entry.right, entry.callback_target) == ("active", "assigned", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('siren = "000000001"', 'siren = "12"', ":5: key `siren`: expected 9 digits in quotes, seen `12`"),
        ('id = "a"', 'id = "a b"', ":3: key `id`: expected letters, digits"),
        ('id = "a"', 'id = ""', ":3: key `id`: expected letters, digits"),
        ('id = "b"', 'id = "a"', ":43: key `id`: expected one customer of each id, seen `a` twice"),
        ('status = "active"', 'status = "on"', ":6: key `status`"),
        ("most_calls = 80", "most_calls = -1", ":16: key `most_calls`: expected a whole number, 0 for no bound"),
        ('purpose = "service"', 'purpose = "sales"', ":7: key `purpose`"),
        ('evidence = "e", verified_on', "verified_on", "key `evidence`: expected a reference to the evidence"),
        ('default_npv = "0162000001"', 'default_npv = "0612345678"', ":9: key `default_npv`: expected a number that"),
        ('default_npv = "0162000001"', 'default_npv = "016200000"', ":9: key `default_npv`: expected a number that"),
        ('default_npv = "0162000001"', 'default_npv = "0162000002"', ":9: key `default_npv`: expected one of the"),
        (
            'npv = "+33162000001"\nmatch',
            'npv = "+33162000002"\nmatch',
            ":34: key `npv`: expected one of the customer's",
        ),
        ('number = "01 62 00 00 01"', 'number = "0612345678"', "key `number`: expected a number that may be shown"),
        ('number = "01 62 00 00 01"', 'number = "abc"', "key `number`: expected a number that may be shown"),
        ('number = "01 62 00 00 01"', 'number = "0598700001"', "key `number`: expected a number that may be shown"),
        ("until = 2025-12-31", "until = 2022-12-31", "key `until`: expected a day not before `since`"),
        ("until = 2025-12-31\n", "", "key `until`: expected the last day of the right, since the state is"),
        ("quarantine_until = 2026-02-14", "quarantine_until = 2026-01-30", "expected 45 to 120 days after `until`"),
        ("quarantine_until = 2026-02-14", "quarantine_until = 2026-05-01", "expected 45 to 120 days after `until`"),
        ('right = "assigned"', 'right = "lent"', "key `right`"),
        ('right = "assigned"\nevidence = "e"', 'right = "consented"', "key `evidence`: expected a reference to the"),
        ('state = "quarantined"', 'state = "gone"', "key `state`"),
        ("since = 2026-02-15", "since = 2026-02-14", "expected a number free on that day, since `a` holds it"),
        ("until = 2026-12-31", "until = 2025-12-30", "key `until`: expected a day not before `since`"),
        ('id = "d"', 'id = "c"', "key `id`: expected one campaign of each id, seen `c` twice"),
        ('id = "d"', 'id = "d"\ncolour = 1', "key `colour`"),
        ('note = "n"\nkyc', 'colour = "n"\nkyc', "key `colour`"),
    ],
)
def test_what_is_refused(numbering: Numbering, old: str, new: str, message: str) -> None:
    assert old in SMALL
    with pytest.raises(ConfigError) as caught:
        load(numbering, SMALL.replace(old, new, 1))
    assert message in str(caught.value)
    assert caught.value.line > 0


def test_a_quarantine_needs_an_end_of_the_right(numbering: Numbering) -> None:
    text = SMALL.replace('until = 2025-12-31\nstate = "quarantined"\n', "")
    with pytest.raises(ConfigError, match="key `quarantine_until`: expected an `until` beside it"):
        load(numbering, text)


def test_without_a_stated_quarantine_the_least_one_holds(numbering: Numbering) -> None:
    text = SMALL.replace("quarantine_until = 2026-02-14\n", "")
    load(numbering, text)
    with pytest.raises(ConfigError, match="expected a number free on that day"):
        load(numbering, text.replace("since = 2026-02-15", "since = 2026-02-14"))


def test_the_same_customer_may_take_a_number_again(numbering: Numbering) -> None:
    again = '[[customer.number]]\nnumber = "+33162000001"\nsince = {}\n[[customer.campaign]]\nid = "c"'
    first, rest = SMALL.split('[[customer.campaign]]\nid = "c"')
    rest = rest.replace('[[customer.number]]\nnumber = "+33162000001"\nsince = 2026-02-15\n', "")
    load(numbering, first + again.format("2026-01-01") + rest)
    with pytest.raises(ConfigError, match="since `a` holds it"):
        load(numbering, first + again.format("2025-12-31") + rest)


def test_a_consent_stands_beside_the_assignment(numbering: Numbering) -> None:
    text = SMALL.replace("since = 2026-02-15", 'since = 2024-02-15\nright = "consented"\nevidence = "e"')
    assert len(load(numbering, text).entries("+33162000001")) == 2


def test_a_range_must_be_open_when_the_right_begins(numbering: Numbering) -> None:
    text = SMALL.replace('number = "+33162000001"\nsince = 2026-02-15', 'number = "0598700001"\nsince = 2025-06-01')
    with pytest.raises(ConfigError, match="expected a number whose range is open in the plan on `since`"):
        load(numbering, text)


def test_the_shipped_directory_is_fictional_and_covers_the_cases(numbering: Numbering) -> None:
    directory = load_directory(read_toml(CONFIG / "customers.toml"), numbering)
    customers = directory.customers()
    assert all(customer.siren.startswith("000") for customer in customers)
    zones = {entry.number.zone for entry in directory.numbers_of("acme")}
    assert zones >= {"01", "02", "03", "04", "05", "09", "RE", "MQ", "GP", "GF"}
    assert directory.numbers_of("nonumber") == ()
    assert {customer.status for customer in customers} == {"active", "suspended"}
    assert "pending" in {customer.kyc_status for customer in customers}
    modes = {campaign.mode for customer in customers for campaign in directory.campaigns_of(customer.id)}
    assert modes == {"broadcast", "vms", "predictive", "progressive", "manual"}


@pytest.mark.parametrize("place", ['id = "b"', 'id = "d"', "since = 2026-02-15"])
def test_every_key_is_explained(numbering: Numbering, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(numbering, SMALL.replace(place, f"{place}\ncolour = 1", 1))
    page = (CONFIG / "README.md").read_text(encoding="utf-8").partition("## customers.toml")[2].partition("\n## ")[0]
    known = caught.value.expected.split("`")[1::2]
    assert len(known) > 1
    assert [key for key in known if key not in ("number", "campaign") and f"`{key}`" not in page] == []
