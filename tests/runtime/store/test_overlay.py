"""Rows on their way into the file, and what becomes of a row that somebody else has changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.runtime.store.attempts import packed, unpacked
from proxy.runtime.store.overlay import Overlay, merged

ONE, TWO, THREE = ((second, b"aaaa", b"ccc") for second in (1, 2, 3))


def test_a_row_is_known_from_the_moment_it_is_kept_until_the_file_has_it() -> None:
    overlay = Overlay()
    assert overlay.row(b"p") is None
    overlay.keep(b"p", b"", b"first", 9.0)
    assert overlay.row(b"p") == (b"", b"first", 9.0)
    overlay.take()
    assert overlay.is_under_way
    assert overlay.row(b"p") == (b"first", b"first", 9.0)  # the file holds that when the next change is written
    overlay.keep(b"p", b"first", b"second", 9.5)
    assert overlay.row(b"p") == (b"first", b"second", 9.5)
    overlay.written()
    assert (overlay.row(b"p"), len(overlay), overlay.is_under_way) == ((b"first", b"second", 9.5), 1, False)


def test_the_newest_refusal_counts_while_it_is_on_its_way() -> None:
    overlay = Overlay()
    assert overlay.refused_at(b"p") == 0.0
    overlay.refuse(b"p", ("acme", 5.0, "607", "call-1"))
    overlay.refuse(b"p", ("acme", 4.0, "607", "call-0"))
    assert (overlay.refused_at(b"p"), overlay.refused_at(b"q")) == (5.0, 0.0)
    overlay.take()
    overlay.refuse(b"p", ("acme", 6.0, "607", "call-2"))
    assert (overlay.refused_at(b"p"), len(overlay)) == (6.0, 2)
    overlay.written()
    assert overlay.refused_at(b"p") == 6.0


@pytest.mark.parametrize(
    ("there", "before", "row", "both"),
    [
        pytest.param([], [], [ONE], [ONE], id="new"),
        pytest.param([ONE], [], [TWO], [ONE, TWO], id="both have counted"),
        pytest.param([ONE], [], [ONE], [ONE], id="both the same"),
        pytest.param([ONE, THREE], [ONE, TWO], [ONE], [ONE, THREE], id="released here, counted there"),
        pytest.param([], [ONE], [ONE, TWO], [TWO], id="deleted there"),
        pytest.param([ONE], [ONE], [], [], id="released here"),
    ],
)
def test_changes_of_two_are_put_together(
    there: list[tuple[int, bytes, bytes]],
    before: list[tuple[int, bytes, bytes]],
    row: list[tuple[int, bytes, bytes]],
    both: list[tuple[int, bytes, bytes]],
) -> None:
    assert unpacked([merged(packed(there), packed(before), packed(row))]) == both


ENTRIES = st.lists(st.sampled_from([ONE, TWO, THREE]), unique=True).map(packed)


@given(before=ENTRIES, row=ENTRIES)
def test_without_another_hand_a_row_becomes_what_we_said(before: bytes, row: bytes) -> None:
    assert set(unpacked([merged(before, before, row)])) == set(unpacked([row]))
