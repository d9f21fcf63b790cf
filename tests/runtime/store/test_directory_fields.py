"""Cells: every field that the loaders know, written and read back."""

from __future__ import annotations

from datetime import date

import pytest

from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_fields import DAY, FIELDS, FLAG, HOURS, TEXT, WHOLE, cell, parsed, put
from proxy.runtime.store.directory_records import CAMPAIGN, CUSTOMER, NUMBER, Draft, Nowhere, Record, Values
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.directory_shelf import CUSTOMER as ACME
from tests.runtime.store.directory_shelf import RIGHT, drafts, numbering


@pytest.mark.parametrize("kind", [CUSTOMER, NUMBER, CAMPAIGN])
def test_every_field_of_the_loaders_has_its_cell_and_no_other(kind: str) -> None:
    known: set[str] = set()
    texts = {CUSTOMER: ACME.format("a"), NUMBER: RIGHT.format("a", "0162000001", "2026-01-01")}
    values = {} if kind == CAMPAIGN else drafts(texts[kind])[0].record.values
    values = {**values, "id": "a"} if kind == CAMPAIGN else values
    for field in ("colour", "kyc.colour", "consent.colour", "attempts.colour"):
        known |= asked(kind, values, field)
    known -= {"customer", "number", "campaign"}
    assert known - set(FIELDS[kind]) == set()
    # a loader asks for these only where they are stated
    assert set(FIELDS[kind]) - known - {"customer", "number"} <= {"hours", "match_zone"}


def asked(kind: str, values: Values, field: str) -> set[str]:
    """The names that a loader offers instead of a field that it does not know."""
    stated = dict(values)
    inner = field.rpartition(".")[0]
    if inner and not any(name.startswith(f"{inner}.") for name in FIELDS[kind]):
        return set()
    put(stated, field, "red")
    if inner == "consent":
        put(stated, "consent.basis", "contract")
    with pytest.raises(ConfigError) as caught:
        Book(numbering()).read(Draft(Record(kind, "a", stated), Nowhere("test")))
    assert caught.value.key == field.rpartition(".")[2]
    names = caught.value.expected.split("`")[1::2]
    inners = {name.partition(".")[0] for name in FIELDS[kind] if "." in name}
    return {f"{inner}.{name}" if inner else name for name in names if inner or name not in inners}


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (TEXT, "a b", "a b"),
        (DAY, "2026-08-11", date(2026, 8, 11)),
        (FLAG, "true", True),
        (FLAG, "False", False),
        (WHOLE, "12", 12),
        (
            HOURS,
            "tue-thu 10:00-11:30; sat 09:00-12:00",
            [{"days": "tue-thu", "from": "10:00", "to": "11:30"}, {"days": "sat", "from": "09:00", "to": "12:00"}],
        ),
    ],
)
def test_a_cell_is_read_and_written(form: str, text: str, value: object) -> None:
    assert parsed(form, text) == value
    assert parsed(form, cell({"x": value}, "x")) == value


@pytest.mark.parametrize(
    ("form", "text"), [(DAY, "11/08/2026"), (FLAG, "yes"), (WHOLE, "1.5"), (HOURS, "mon"), (HOURS, "mon 10:00")]
)
def test_what_a_cell_cannot_say(form: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"[\w.]"):
        parsed(form, text)


def test_an_inner_field_comes_and_goes_with_its_table() -> None:
    values: Values = {"id": "a"}
    put(values, "kyc.status", "verified")
    put(values, "kyc.evidence", "e")
    assert values == {"id": "a", "kyc": {"status": "verified", "evidence": "e"}}
    assert cell(values, "kyc.evidence") == "e"
    put(values, "kyc.evidence", None)
    put(values, "kyc.status", None)
    put(values, "kyc.expires", None)
    assert values == {"id": "a"}
    assert cell(values, "kyc.status") == ""
