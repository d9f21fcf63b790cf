"""The parameters of a rule row, typed; and what a kind says about the ones it takes.

Values are checked by `proxy.runtime.rules_file` against the `Param` list of the kind before a check
is built, so the getters here only pick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from proxy.policy.checks import Check
from proxy.policy.schedule import Week

FLAG: Final = "flag"
TEXT: Final = "text"
TEXTS: Final = "texts"
WEEK: Final = "week"
NUMBER: Final = "number"
DAY: Final = "day"


@dataclass(frozen=True)
class Param:
    """One parameter of a kind: its name, its shape, whether the row must state it, and the words it is one of.

    Without `choices` a list of texts holds classes of the numbering plan.
    """

    name: str
    shape: str
    required: bool
    choices: tuple[str, ...] = ()


@final
class Params:
    """The checked parameters of one row."""

    def __init__(
        self,
        flags: dict[str, bool],
        texts: dict[str, str],
        sets: dict[str, frozenset[str]],
        weeks: dict[str, Week],
        numbers: dict[str, int],
    ) -> None:
        self.flags: Final = flags
        self.texts: Final = texts
        self.sets: Final = sets
        self.weeks: Final = weeks
        self.numbers: Final = numbers

    def flag(self, name: str) -> bool:
        """A true or false; false when not stated."""
        return self.flags.get(name, False)

    def text(self, name: str) -> str:
        """A text; empty when not stated."""
        return self.texts.get(name, "")

    def number(self, name: str) -> int:
        """A whole number, or the ordinal of a day; 0 when not stated."""
        return self.numbers.get(name, 0)

    def set_of(self, name: str) -> frozenset[str]:
        """A set of texts; empty when not stated."""
        return self.sets.get(name, frozenset())


@dataclass(frozen=True)
class Kind:
    """One kind of rule: its parameters and how its check is built."""

    name: str
    params: tuple[Param, ...]
    build: Callable[[Params], Check]
