"""A record goes through JSON and comes back as it was."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from proxy.runtime.store.directory_records import (
    Change,
    Draft,
    Nowhere,
    Record,
    Version,
    decoded_records,
    decoded_version,
    encoded_records,
    encoded_version,
)

VALUES = st.recursive(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]))
    | st.integers(-(2**53), 2**53)
    | st.booleans()
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b.c", "é"]), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.builds(
    Record,
    st.sampled_from(["customer", "number"]),
    st.just("acme"),
    st.dictionaries(st.sampled_from(["x", "y"]), VALUES),
)


@given(st.lists(RECORDS, max_size=4))
def test_records_come_back(records: list[Record]) -> None:
    assert decoded_records(encoded_records(records)) == tuple(records)


@given(st.none() | RECORDS, st.none() | RECORDS)
def test_versions_come_back(before: Record | None, after: Record | None) -> None:
    kind = "number"
    changes = (
        Change(
            kind,
            "key",
            None if before is None else Record(kind, before.customer, before.values),
            None if after is None else Record(kind, after.customer, after.values),
        ),
    )
    version = Version(7, 1_795_428_000.123, "Zoé", "why\nnot", changes)
    assert decoded_version(encoded_version(version)) == version


def test_a_text_that_looks_like_a_day_stays_a_text() -> None:
    records = (Record("customer", "a", {"note": "2026-01-01", "since": date(2026, 1, 1)}),)
    assert decoded_records(encoded_records(records)) == records


def test_what_stands_in_no_file_has_no_line() -> None:
    error = Draft(Record("customer", "a", {}), Nowhere("customers add")).table().error("id", "a name")
    assert str(error) == "customers add: key `id`: expected a name, seen nothing"
