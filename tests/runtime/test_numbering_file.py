from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from proxy.policy.ranges import USAGES, NumberRange
from proxy.runtime.numbering_file import Numbering, load_numbering
from proxy.runtime.toml_source import ConfigError, TomlSource, read_toml

PATH = Path(__file__).parents[2] / "config" / "numbering.toml"

SMALL = """
[plan]
schema = 1
as_of = 2026-11-22
title = "a plan"
digits_default = 10
[[e164_exception]]
prefix = "0508"
cc = "508"
dropped = 4
rule = "six digits"
confidence = "B"
[territory.METRO]
cc = "33"
tz = "Europe/Paris"
iso = ["FR"]
own_holidays = ["05-22"]
[outside.NC]
cc = "687"
tz = "Pacific/Noumea"
nsn_digits = [6]
[class.geo]
title = "geographic"
note = "n"
history = [
  { from = 2000-01-01, until = 2022-12-31, cli = { live_agent = "allow", automated_voice = "allow", sms = "cond" }, basis = "a", confidence = "B" },
  { from = 2023-01-01, cli = { live_agent = "allow", automated_voice = "deny", sms = "deny" }, basis = "b", confidence = "A" },
]
[ranges]
rows = [
  { prefix = "01", class = "geo", territory = "METRO", from = 2000-01-01, cli = { live_agent = "allow", automated_voice = "deny", sms = "deny" }, status = "allocated", confidence = "A" },
]
"""


@pytest.fixture(scope="module")
def shipped() -> Numbering:
    return load_numbering(read_toml(PATH))


def row(shipped: Numbering, prefix: str) -> NumberRange:
    return next(found for found in shipped.plan.ranges if found.prefix == prefix)


def test_counts(shipped: Numbering) -> None:
    assert len(shipped.plan.ranges) == 169
    assert len(shipped.plan.classes()) == len(shipped.class_names) == 18
    assert len(shipped.territories) == 12
    assert Counter(found.cls for found in shipped.plan.ranges) == {
        "npv": 22,
        "npuept": 12,
        "geo": 12,
        "poly": 21,
        "mobile": 30,
        "mobile_ext": 6,
        "special_free": 6,
        "special_std": 4,
        "special_prem": 3,
        "special_data": 6,
        "emergency": 15,
        "social": 1,
        "directory": 1,
        "short_op": 1,
        "short_free": 2,
        "short_gen": 4,
        "sms_short": 6,
        "unassigned": 17,
    }


def test_spot_checks(shipped: Numbering) -> None:
    npv = row(shipped, "05989")
    assert (npv.territory, npv.cc, npv.digits, npv.status, npv.confidence) == ("MQ", "596", 10, "new2026", "B")
    assert npv.since == date(2026, 1, 1).toordinal()
    assert npv.note == "start date inferred from the plan version"
    miquelon = row(shipped, "0508")
    assert (miquelon.cc, miquelon.dropped) == ("508", 4)
    assert (row(shipped, "0708").cc, row(shipped, "0708").dropped) == ("508", 1)
    assert row(shipped, "0700").digits == 14
    assert row(shipped, "07009").digits == 13
    assert row(shipped, "116000").digits == 6
    assert row(shipped, "0937").cli == ("cond", "cond", "allow")
    geo = next(found for found in shipped.plan.classes() if found.name == "geo")
    assert [date.fromordinal(rule.since) for rule in geo.history] == [
        date(1996, 10, 18),
        date(2021, 1, 1),
        date(2021, 2, 13),
        date(2023, 1, 1),
    ]
    by_name = {territory.name: territory for territory in shipped.territories}
    assert by_name["PM"].tz == "America/Miquelon"
    assert by_name["GP"].own_holidays == ("05-27", "05-28", "10-09")
    assert by_name["UIFN"].tz == ""
    assert not by_name["NC"].inside


def test_a_small_plan_is_read() -> None:
    numbering = load_numbering(TomlSource("small.toml", SMALL))
    number = numbering.plan.number("0140000000", date(2026, 1, 1).toordinal())
    assert number is not None
    assert number.canonical == "+33140000000"
    assert USAGES[0] == "live_agent"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('tz = "Europe/Paris"', 'tz = "Europe/Pariss"', "key `tz`: expected a zone of tzdata"),
        ("METRO]", "METROPOLE]", "key `territory`: expected a territory `METRO`"),
        ('prefix = "01"', 'prefix = "01234567"', "key `prefix`: expected 1 to 6 digits"),
        ('prefix = "01"', 'prefix = "0x"', "key `prefix`: expected 1 to 6 digits"),
        ('class = "geo"', 'class = "gео"', "key `class`: expected one of `geo`"),
        ('territory = "METRO"', 'territory = "NC"', "key `territory`: expected one of `METRO`"),
        ('own_holidays = ["05-22"]', 'own_holidays = ["22 May"]', "key `own_holidays`: expected days written `MM-DD`"),
        ("nsn_digits = [6]", "nsn_digits = []", "key `nsn_digits`: expected at least one"),
        ("until = 2022-12-31", "until = 1999-12-31", "key `until`: expected a day not before `from`"),
        ("until = 2022-12-31", "until = 2023-06-30", "key `from`: expected a day after the end of the row before"),
        ("from = 2000-01-01, cli", "from = 2000-01-01, until = 1999-01-01, cli", "key `until`: expected a day not"),
        ('status = "allocated"', 'status = "free"', "key `status`: expected one of"),
        ('confidence = "A" },\n]', 'confidence = "A", colour = "red" },\n]', "key `colour`"),
        (
            'automated_voice = "deny", sms = "deny" }, status',
            'automated_voice = "allow", sms = "deny" }, status',
            "key `cli`: expected `automated_voice = deny` as class `geo` says, seen `allow`",
        ),
        ("[[e164_exception]]", "[e164]\na = 1\n[[e164_exception]]", "key `e164`"),
    ],
)
def test_what_is_refused(old: str, new: str, message: str) -> None:
    assert old in SMALL
    with pytest.raises(ConfigError) as caught:
        load_numbering(TomlSource("small.toml", SMALL.replace(old, new)))
    assert message in str(caught.value)
    assert caught.value.line > 0


def test_one_row_per_prefix_and_day() -> None:
    twice = SMALL.replace("rows = [\n", "rows = [\n" + SMALL.split("rows = [\n")[1].split("\n")[0] + "\n")
    with pytest.raises(ConfigError, match="expected one row per prefix and day, seen `01` twice"):
        load_numbering(TomlSource("small.toml", twice))


def test_a_class_needs_history() -> None:
    without = SMALL.replace("[ranges]", '[class.poly]\ntitle = "t"\nnote = "n"\nhistory = []\n[ranges]')
    with pytest.raises(ConfigError, match="key `history`: expected at least one row"):
        load_numbering(TomlSource("small.toml", without))


@pytest.mark.parametrize(
    "place", ["schema = 1", "dropped = 4", 'iso = ["FR"]', "nsn_digits = [6]", 'title = "geographic"', "[ranges]"]
)
def test_every_key_is_explained(place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_numbering(TomlSource("small.toml", SMALL.replace(place, f"{place}\ncolour = 1", 1)))
    page = PATH.with_name("README.md").read_text(encoding="utf-8").partition("## numbering.toml")[2]
    known = caught.value.expected.split("`")[1::2]
    assert known
    assert [key for key in known if f"`{key}`" not in page.partition("\n## ")[0]] == []
