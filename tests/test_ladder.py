"""The ladder fails where it should: a datagram missing, one too many, one not looked at, something left."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.edition_file import load_edition
from tests.ladder import Caller, Ladder, LadderError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def ladder() -> Ladder:
    config = ROOT / "config"
    return Ladder(load_edition(config / "rules", config / "numbering.toml", config / "customers.toml"))


def test_a_missing_datagram_fails_with_both_ladders(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    with pytest.raises(LadderError, match=r"(?s)b INVITE +b INVITE.*a 180 INVITE +! -"):
        ladder.expect("a 100 INVITE", "b INVITE", "a 180 INVITE")


def test_an_extra_datagram_fails(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    with pytest.raises(LadderError, match=r"- +! b INVITE"):
        ladder.expect("a 100 INVITE")


def test_nothing_is_fed_before_all_was_looked_at(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    with pytest.raises(LadderError, match="not looked at"):
        ladder.feed("a", b"")


def test_what_is_left_is_named(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    ladder.expect("a 100 INVITE", "b INVITE")
    with pytest.raises(LadderError, match="'calls': 1"):
        ladder.assert_empty()


def test_timers_fire_at_their_own_instant(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.advance(3.5)
    assert [seen.at - 1000 for seen in ladder.expect("b INVITE", "b INVITE", "b INVITE")] == [0.5, 1.5, 3.5]
