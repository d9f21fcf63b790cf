"""What the numbering plan says, as rows: number ranges, class rules, territories.

Each row carries its own dates; nothing here looks a number up (see `numbers.py`) and nothing here
reads a file (see `proxy.runtime.numbering_file`). A day is `date.toordinal()`, both ends included;
an open end is `FOREVER`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

FOREVER: Final = 9_999_999
LONGEST_PREFIX: Final = 6

USAGE_LIVE: Final = 0
USAGE_AUTOMATED: Final = 1
USAGE_SMS: Final = 2
USAGES: Final = ("live_agent", "automated_voice", "sms")

MOBILE_CLASSES: Final = frozenset({"mobile", "mobile_ext"})
FOREIGN: Final = "foreign"
UNASSIGNED: Final = "unassigned"
EMERGENCY: Final = "emergency"


@dataclass(frozen=True)
class NumberRange:
    """One prefix of the national plan; `digits` is the whole national length, `dropped` what +CC replaces."""

    prefix: str
    cls: str
    territory: str
    cc: str
    digits: int
    dropped: int
    since: int
    until: int
    status: str
    confidence: str
    note: str
    cli: tuple[str, str, str]


@dataclass(frozen=True)
class ClassRule:
    """Whether a class may be shown, by usage (`USAGES` order), between two days."""

    since: int
    until: int
    cli: tuple[str, str, str]
    basis: str
    confidence: str


@dataclass(frozen=True)
class NumberClass:
    """A class of the plan with its dated rules, newest last."""

    name: str
    title: str
    note: str
    history: tuple[ClassRule, ...]


@dataclass(frozen=True)
class Territory:
    """A territory with a country code; outside the French plan `inside` is false and `nsn_digits` its lengths."""

    name: str
    cc: str
    tz: str
    inside: bool
    nsn_digits: tuple[int, ...]
    own_holidays: tuple[str, ...]


def widths_of(prefixes: Iterable[str], beginning: str) -> list[int]:
    """How long those prefixes are that a number with this beginning may have, the longest first."""
    found = {len(prefix) for prefix in prefixes if prefix.startswith(beginning) or beginning.startswith(prefix)}
    return sorted([width for width in found if width <= LONGEST_PREFIX], reverse=True)
