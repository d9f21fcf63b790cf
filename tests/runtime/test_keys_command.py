"""What the commands on keys go by: rows of a key file, instants in Paris, hours ahead."""

from __future__ import annotations

import pytest

from proxy.runtime.keys_command import clock, hours_of, rows_of
from proxy.runtime.store.person_keys import AttemptKey, PersonKeys
from proxy.runtime.toml_source import ConfigError

NOON = 1_795_431_600.0
DAY = 86_400.0


def test_rows_say_until_when_a_key_is_read() -> None:
    one, two = AttemptKey(NOON - DAY, b"A" * 32), AttemptKey(NOON, b"B" * 32)
    assert rows_of(PersonKeys(b"L" * 32, [two, one])) == [
        (one.name, clock(NOON - DAY), clock(NOON), clock(NOON + 31 * DAY)),
        (two.name, clock(NOON), "open", "open"),
    ]


def test_instants_are_those_of_paris() -> None:
    assert clock(NOON) == "2026-11-23T12:00:00+01:00"
    assert clock(0.0) == ""


def test_hours_ahead() -> None:
    assert (hours_of("0"), hours_of("1.5"), hours_of("744")) == (0.0, 1.5, 744.0)
    with pytest.raises(ConfigError, match="hours from 0 to 744"):
        hours_of("745")
