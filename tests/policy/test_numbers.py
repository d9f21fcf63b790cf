from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.policy.edition import Edition
from proxy.policy.numbers import Number
from proxy.policy.ranges import USAGE_AUTOMATED, USAGE_LIVE, USAGE_SMS

TODAY = date(2026, 11, 22).toordinal()


def read(edition: Edition, text: str, day: int = TODAY) -> Number:
    number = edition.plan.number(text, day)
    assert number is not None, text
    return number


@pytest.mark.parametrize(
    ("text", "canonical", "cls", "territory"),
    [
        ("0612345678", "+33612345678", "mobile", "METRO"),
        ("+33612345678", "+33612345678", "mobile", "METRO"),
        ("0033612345678", "+33612345678", "mobile", "METRO"),
        ("+33(0)612345678", "+33612345678", "mobile", "METRO"),
        ("+330612345678", "+33612345678", "mobile", "METRO"),
        ("33612345678", "+33612345678", "mobile", "METRO"),
        ("+0612345678", "+33612345678", "mobile", "METRO"),
        ("000033612345678", "+33612345678", "mobile", "METRO"),
        ("0756789012", "+33756789012", "mobile", "METRO"),
        ("0162000001", "+33162000001", "npv", "METRO"),
        ("0949000001", "+33949000001", "npv", "METRO"),
        ("0140000000", "+33140000000", "geo", "METRO"),
        ("0970123456", "+33970123456", "poly", "METRO"),
        ("0937123456", "+33937123456", "npuept", "METRO"),
        ("0939512345", "+590939512345", "npuept", "GP"),
        ("0947512345", "+590947512345", "npv", "GP"),
        ("0947612345", "+594947612345", "npv", "GF"),
        ("0947712345", "+596947712345", "npv", "MQ"),
        ("0947812345", "+262947812345", "npv", "YT"),
        ("0947912345", "+262947912345", "npv", "RE"),
        ("0598712345", "+590598712345", "npv", "GP"),
        ("0598812345", "+594598812345", "npv", "GF"),
        ("0598912345", "+596598912345", "npv", "MQ"),
        ("0268812345", "+262268812345", "npv", "RE"),
        ("0268912345", "+262268912345", "npv", "YT"),
        ("0262123456", "+262262123456", "geo", "RE"),
        ("+262269123456", "+262269123456", "geo", "YT"),
        ("0639123456", "+262639123456", "mobile", "YT"),
        ("0690123456", "+590690123456", "mobile", "GP"),
        ("0692123456", "+262692123456", "mobile", "RE"),
        ("0694123456", "+594694123456", "mobile", "GF"),
        ("0696123456", "+596696123456", "mobile", "MQ"),
        ("0709301234", "+594709301234", "mobile", "GF"),
        ("0508411234", "+508411234", "geo", "PM"),
        ("+508411234", "+508411234", "geo", "PM"),
        ("+508003365", "+508003365", "geo", "PM"),
        ("+508118811", "+508118811", "geo", "PM"),
        ("+508508411234", "+508411234", "geo", "PM"),
        ("0708401234", "+508708401234", "mobile", "PM"),
        ("+508708401234", "+508708401234", "mobile", "PM"),
        ("07001234567890", "+337001234567890", "mobile_ext", "METRO"),
        ("0700512345678", "+590700512345678", "mobile_ext", "GP"),
        ("0800123456", "+33800123456", "special_free", "NAT"),
        ("0806123456", "+33806123456", "special_std", "NAT"),
        ("0899123456", "+33899123456", "special_prem", "NAT"),
        ("0836123456", "+33836123456", "special_data", "NAT"),
        ("3012", "3012", "short_free", "NAT"),
        ("3949", "3949", "short_gen", "NAT"),
        ("1014", "1014", "short_op", "NAT"),
        ("118218", "118218", "directory", "NAT"),
        ("116006", "116006", "social", "NAT"),
        ("116000", "116000", "emergency", "NAT"),
        ("36123", "36123", "sms_short", "NAT"),
        ("81234", "81234", "sms_short", "NAT"),
        ("15", "15", "emergency", "NAT"),
        ("+33112", "112", "emergency", "NAT"),
        ("003317", "17", "emergency", "NAT"),
        ("+33 0 15", "15", "emergency", "NAT"),
        ("+442079460000", "+442079460000", "foreign", ""),
        ("+687251234", "+687251234", "foreign", "NC"),
        ("+68940123456", "+68940123456", "foreign", "PF"),
        ("+681721234", "+681721234", "foreign", "WF"),
        ("+80012345678", "+80012345678", "foreign", ""),
        ("urn:service:sos.police", "urn:service:sos", "emergency", "NAT"),
    ],
)
def test_what_a_number_is(shipped: Edition, text: str, canonical: str, cls: str, territory: str) -> None:
    number = read(shipped, text)
    assert (number.canonical, number.cls, number.territory) == (canonical, cls, territory)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("+33590123456", "+590590123456"),
        ("+33262123456", "+262262123456"),
        ("+33947512345", "+590947512345"),
        ("+33508411234", "+508411234"),
        ("+590162000001", "+33162000001"),
        ("+262690123456", "+590690123456"),
        ("33612345678", "+33612345678"),
        ("+0612345678", "+33612345678"),
        ("+33000612345678", "+33612345678"),
    ],
)
def test_a_malformed_writing_is_understood_and_flagged(shipped: Edition, text: str, canonical: str) -> None:
    number = read(shipped, text)
    assert number.canonical == canonical
    assert number.repaired
    assert not read(shipped, canonical).repaired


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anonymous",
        "+",
        "00",
        "+33",
        "+330",
        "0000",
        "0033+",
        "1234567890123456",
        "+3361234567890123",
        "+4420794600001234",
        "06123456781234567",
    ],
)
def test_no_number(shipped: Edition, text: str) -> None:
    assert shipped.plan.number(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "complete", "too_short"),
    [
        ("0140000000", True, False),
        ("014000000", False, True),
        ("01400000000", False, False),
        ("0", False, True),
        ("1", False, True),
        ("311", False, True),
        ("155", False, False),
        ("1161", False, True),
        ("0700123456", False, True),
        ("+44207", False, True),
        ("+68725123", False, True),
        ("+6872512345", False, False),
        ("2345678", False, True),
        ("23456789012", False, False),
        ("0710000000", True, False),
        ("000033612", False, True),
        ("+0033612", False, True),
        ("+33612", False, True),
    ],
)
def test_length(shipped: Edition, text: str, complete: bool, too_short: bool) -> None:
    number = read(shipped, text)
    assert (number.complete, number.too_short) == (complete, too_short)


@pytest.mark.parametrize(
    ("text", "day", "cls"),
    [
        ("0162000001", date(2022, 12, 31), "geo"),
        ("0162000001", date(2023, 1, 1), "npv"),
        ("0598712345", date(2025, 12, 31), "unassigned"),
        ("0598712345", date(2026, 1, 1), "npv"),
        ("0937123456", date(2022, 12, 31), "unassigned"),
        ("0937123456", date(2023, 1, 1), "npuept"),
        ("0740000000", date(2010, 5, 2), "unassigned"),
        ("0740000000", date(2010, 5, 3), "mobile"),
    ],
)
def test_the_prefix_of_the_day_counts(shipped: Edition, text: str, day: date, cls: str) -> None:
    assert read(shipped, text, day.toordinal()).cls == cls


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("0162000001", "01"),
        ("0270000001", "02"),
        ("0378000001", "03"),
        ("0424000001", "04"),
        ("0568000001", "05"),
        ("0948000001", "09"),
        ("0144556677", "01"),
        ("0970123456", "09"),
        ("0612345678", "METRO"),
        ("0262123456", "RE"),
        ("0947512345", "GP"),
    ],
)
def test_zone(shipped: Edition, text: str, zone: str) -> None:
    assert read(shipped, text).zone == zone


@pytest.mark.parametrize(
    ("text", "e164", "double_zero", "national"),
    [
        ("0162000001", "+33162000001", "0033162000001", "0162000001"),
        ("+508411234", "+508411234", "00508411234", "0508411234"),
        ("+442079460000", "+442079460000", "00442079460000", "00442079460000"),
        ("3949", "3949", "3949", "3949"),
    ],
)
def test_written(shipped: Edition, text: str, e164: str, double_zero: str, national: str) -> None:
    number = read(shipped, text)
    assert [number.written(style) for style in ("e164", "00", "national")] == [e164, double_zero, national]


@pytest.mark.parametrize(
    ("cls", "usage", "day", "verdict"),
    [
        ("npv", USAGE_AUTOMATED, date(2023, 1, 1), "allow"),
        ("npv", USAGE_AUTOMATED, date(2022, 12, 31), "deny"),
        ("geo", USAGE_AUTOMATED, date(2021, 2, 12), "deny"),
        ("geo", USAGE_AUTOMATED, date(2021, 2, 13), "allow"),
        ("geo", USAGE_AUTOMATED, date(2023, 1, 1), "deny"),
        ("geo", USAGE_LIVE, date(2026, 1, 1), "allow"),
        ("npuept", USAGE_SMS, date(2026, 1, 1), "allow"),
        ("npuept", USAGE_AUTOMATED, date(2026, 1, 1), "cond"),
        ("foreign", USAGE_LIVE, date(2026, 1, 1), "deny"),
    ],
)
def test_class_rules_have_a_history(shipped: Edition, cls: str, usage: int, day: date, verdict: str) -> None:
    assert shipped.plan.shown(cls, usage, day.toordinal()) == verdict


@given(st.text(alphabet="0123456789+-.() ;=%abcphone-contxturn:", max_size=30))
def test_reading_is_total_and_reading_again_changes_nothing(shipped: Edition, text: str) -> None:
    number = shipped.plan.number(text, TODAY)
    if number is not None and number.complete:
        again = read(shipped, number.canonical)
        assert (again.canonical, again.cls, again.territory) == (number.canonical, number.cls, number.territory)
        assert not again.repaired


@given(
    st.from_regex(r"0(6[0-9]{2}|7[1-9][0-9]|70[1-9])[0-9]{6}", fullmatch=True),  # 0700 takes more than ten digits
    st.sampled_from(["+33", "0033", "0", "33", "+330", "+33(0)", "%2B33", "+33 "]),
)
def test_a_mobile_number_is_one_however_written(shipped: Edition, national: str, start: str) -> None:
    plain = read(shipped, national)
    other = read(shipped, start + national[1:])
    assert plain.cls == other.cls
    assert plain.canonical == other.canonical


def test_repr_names_number_class_and_territory(shipped: Edition) -> None:
    assert repr(read(shipped, "15")) == "Number(15 emergency NAT)"
