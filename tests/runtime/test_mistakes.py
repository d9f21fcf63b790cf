"""Collecting: one mistake stays itself, several become one error with a line each."""

from __future__ import annotations

from typing import NoReturn

import pytest

from proxy.runtime.mistakes import ConfigErrors, Mistakes
from proxy.runtime.toml_source import ConfigError


def fails(line: int, file: str = "a.toml") -> NoReturn:
    raise ConfigError(file, line, "key", "this", "`that`")


def test_what_is_right_passes_through() -> None:
    mistakes = Mistakes()
    assert mistakes.attempt(lambda: 5) == 5
    mistakes.raise_any()


def test_one_mistake_is_raised_as_it_is() -> None:
    mistakes = Mistakes()
    assert mistakes.attempt(lambda: fails(3)) is None
    with pytest.raises(ConfigError, match=r"^a\.toml:3: key `key`: expected this, seen `that`$") as caught:
        mistakes.raise_any()
    assert not isinstance(caught.value, ConfigErrors)


def test_several_mistakes_stand_in_the_order_of_files_and_lines() -> None:
    mistakes = Mistakes()
    mistakes.attempt(lambda: fails(9, "b.toml"))
    mistakes.attempt(lambda: fails(20))
    mistakes.add(ConfigError("a.toml", 3, "", "x", "y"))
    with pytest.raises(ConfigErrors) as caught:
        mistakes.raise_any()
    assert [(one.file, one.line) for one in caught.value.mistakes] == [("a.toml", 3), ("a.toml", 20), ("b.toml", 9)]
    assert str(caught.value).count("\n") == 2


def test_several_mistakes_of_a_part_join_those_of_the_others() -> None:
    def part() -> None:
        inner = Mistakes()
        inner.attempt(lambda: fails(1))
        inner.attempt(lambda: fails(2))
        inner.raise_any()

    outer = Mistakes()
    outer.attempt(part)
    outer.attempt(lambda: fails(7))
    with pytest.raises(ConfigErrors) as caught:
        outer.raise_any()
    assert [one.line for one in caught.value.mistakes] == [1, 2, 7]
