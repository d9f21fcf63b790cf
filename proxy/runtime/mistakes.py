"""Several mistakes told at once: an operator who mends a file wants the whole list, not the first line of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar, final

from proxy.runtime.toml_source import ConfigError

T = TypeVar("T")


@final
class ConfigErrors(ConfigError):
    """Two or more mistakes; reads as one line for each."""

    def __init__(self, mistakes: list[ConfigError]) -> None:
        first = mistakes[0]
        super().__init__(first.file, first.line, first.key, first.expected, first.seen)
        self.mistakes: Final = tuple(mistakes)
        self.args = ("\n".join(str(mistake) for mistake in mistakes),)


@final
class Mistakes:
    """Collects the mistakes of parts that can be read independently."""

    def __init__(self) -> None:
        self._found: Final[list[ConfigError]] = []

    def attempt(self, read: Callable[[], T]) -> T | None:
        """What `read` returns; None after a mistake, which is kept for `raise_any`."""
        try:
            return read()
        except ConfigErrors as several:
            self._found.extend(several.mistakes)
        except ConfigError as mistake:
            self._found.append(mistake)
        return None

    def add(self, mistake: ConfigError) -> None:
        """Keep one mistake."""
        self._found.append(mistake)

    def error(self) -> ConfigError:
        """What was kept as one error, in the order of files and lines; only when something was."""
        ordered = sorted(self._found, key=lambda mistake: (mistake.file, mistake.line))
        return ordered[0] if len(ordered) == 1 else ConfigErrors(ordered)

    def raise_any(self) -> None:
        """Raise what was kept; nothing happens when there is nothing."""
        if self._found:
            raise self.error()
