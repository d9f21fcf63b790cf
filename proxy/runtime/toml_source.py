"""TOML files that remember where each key stands, and the one error an operator sees.

`tomllib` gives values without lines, so `toml_lines.py` walks the same text once and notes the line
of every table, key and element. A `Table` wraps one table of such a file: its
getters check the shape and raise `ConfigError` with file, line, key, what was expected and what was
seen; `close` refuses keys that nobody asked for.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from proxy.runtime.toml_lines import Where, key_lines

T = TypeVar("T", str, int, bool, float)


class ConfigError(Exception):
    """The operator's fault; one line, lower case, values in back-ticks."""

    def __init__(self, file: str, line: int, key: str, expected: str, seen: str) -> None:
        self.file: Final = file
        self.line: Final = line
        self.key: Final = key
        self.expected: Final = expected
        self.seen: Final = seen
        place = f"{file}:{line}" if line else file
        named = f" key `{key}`:" if key else ""
        super().__init__(f"{place}:{named} expected {expected}, seen {seen}")


def seen(value: object) -> str:
    """A value as it is quoted in an error."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    return f"`{value}`"


class Source(Protocol):
    """Where tables come from: a name for errors, and the line of each key, 0 when there are no lines."""

    @property
    def file(self) -> str: ...

    def line(self, where: Where) -> int: ...


class Table:
    """One table of a file, with getters that check."""

    def __init__(self, source: Source, where: Where, values: dict[str, object]) -> None:
        self.source = source
        self.where = where
        self.values = values
        self._asked: set[str] = set()

    @property
    def line(self) -> int:
        """Where the table begins."""
        return self.source.line(self.where)

    def error(self, key: str, expected: str, seen_text: str = "") -> ConfigError:
        """The error for a key of this table."""
        text = seen_text or (seen(self.values[key]) if key in self.values else "nothing")
        where = (*self.where, key) if key in self.values else self.where
        return ConfigError(self.source.file, self.source.line(where), key, expected, text)

    def has(self, key: str) -> bool:
        """Whether the key is stated."""
        return key in self.values

    def _get(self, key: str, wanted: type[T], expected: str, default: T | None) -> T:
        self._asked.add(key)
        if key not in self.values:
            if default is None:
                raise self.error(key, expected)
            return default
        value = self.values[key]
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            return wanted(value)
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise self.error(key, expected)
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text."""
        return self._get(key, str, "a text in quotes", default)

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        return self._get(key, int, "a whole number", default)

    def bound(self, key: str) -> int:
        """A bound in whole numbers; 0, also when absent, is none."""
        value = self.integer(key, 0)
        if value < 0:
            raise self.error(key, "a whole number, 0 for no bound")
        return value

    def positive(self, key: str, default: int) -> int:
        """A whole number above 0."""
        number = self.integer(key, default)
        if number < 1:
            raise self.error(key, "a whole number of at least 1")
        return number

    def number(self, key: str, default: float | None = None) -> float:
        """A number."""
        return self._get(key, float, "a number", default)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """A true or false."""
        return self._get(key, bool, "`true` or `false`", default)

    def one_of(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """A text out of a closed list."""
        self._asked.add(key)
        value = self.values.get(key, default)
        if not isinstance(value, str) or (value not in choices and (default is None or value != default)):
            raise self.error(key, "one of " + ", ".join(f"`{choice}`" for choice in choices if choice))
        return value

    def day(self, key: str) -> int | None:
        """A date as an ordinal, or None when the key is absent."""
        self._asked.add(key)
        if key not in self.values:
            return None
        value = self.values[key]
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.error(key, "a date such as 2026-08-11 without quotes")
        return value.toordinal()

    def required_day(self, key: str) -> int:
        """A date as an ordinal."""
        value = self.day(key)
        if value is None:
            raise self.error(key, "a date such as 2026-08-11 without quotes")
        return value

    def texts(self, key: str, choices: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of texts, each out of `choices` if there are any; empty when the key is absent."""
        self._asked.add(key)
        value = self.values.get(key, [])
        expected = "a list of texts"
        if choices:
            expected += " out of " + ", ".join(f"`{choice}`" for choice in choices)
        if not isinstance(value, list):
            raise self.error(key, expected)
        for item in value:
            if not isinstance(item, str) or (choices and item not in choices):
                raise self.error(key, expected, seen(item))
        return tuple(value)

    def integers(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers; empty when the key is absent."""
        self._asked.add(key)
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.error(key, "a list of whole numbers")
        found: list[int] = []
        for item in value:
            if not isinstance(item, int) or isinstance(item, bool):
                raise self.error(key, "a list of whole numbers", seen(item))
            found.append(item)
        return tuple(found)

    def table(self, key: str) -> Table:
        """A table inside this one; an empty one when the key is absent."""
        self._asked.add(key)
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, "a table")
        return Table(self.source, (*self.where, key), value)

    def tables(self, key: str) -> list[Table]:
        """An array of tables; empty when the key is absent."""
        self._asked.add(key)
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.error(key, "an array of tables")
        found: list[Table] = []
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise self.error(key, "an array of tables", seen(item))
            found.append(Table(self.source, (*self.where, key, index), item))
        return found

    def named(self, key: str) -> dict[str, Table]:
        """A table of tables, by name."""
        outer = self.table(key)
        return {name: outer.table(name) for name in outer.values}

    def close(self) -> None:
        """Refuses the first key that no getter asked for."""
        for key in self.values:
            if key not in self._asked:
                known = ", ".join(f"`{name}`" for name in sorted(self._asked))
                raise self.error(key, f"one of the keys {known}", f"the unknown key `{key}`")


class TomlSource:
    """A parsed file: `root` is its top table."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(file, line_in(str(error)), "", "valid TOML", f"`{str(error).lower()}`") from error
        self._lines = key_lines(text)
        self.root = Table(self, (), values)

    def line(self, where: Where) -> int:
        """The line of a key, or of the nearest table around it that has one."""
        for size in range(len(where), 0, -1):
            found = self._lines.get(where[:size])
            if found is not None:
                return found
        return 1


def read_toml(path: Path) -> TomlSource:
    """The file at that path; a missing or unreadable one is a ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(str(path), 0, "", "a readable file", f"`{(error.strerror or 'an error').lower()}`") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), 0, "", "UTF-8 text", f"byte {error.start} that is not") from error
    return TomlSource(str(path), text)


def line_in(message: str) -> int:
    """The line number in an error text of tomllib, or 0."""
    _, found, rest = message.partition("at line ")
    digits = rest.partition(",")[0]
    return int(digits) if found and digits.isdigit() else 0
