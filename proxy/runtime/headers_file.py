"""config/headers.toml to a `HeaderPolicy`: which headers cross, in which direction and in which messages.

An identity cannot be let through: a name that can show who calls is refused with its file and line wherever it is asked
for, also in its compact form. `[rebuilt]` and `[dropped]` must name all that the code keeps back, so that the file tells
the whole truth; `[dropped]` may name more.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import Final

from proxy.b2bua.header_policy import (
    IDENTITY_HEADERS,
    KEPT_UNCHANGED,
    KIND_NAMES,
    NEEDED,
    REBUILT,
    TELLING,
    HeaderPolicy,
    Lists,
)  # fmt: skip
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.toml_source import Table, read_toml, seen
from proxy.sip.syntax import COMPACT, SPELLING

HEADER: Final = re.compile(r"[A-Za-z0-9!%*_+`'~.-]+")
SIDES: Final = ("carrier", "platform")


def load_headers(path: Path) -> HeaderPolicy:
    """Read the file. Raises ConfigError for one mistake, ConfigErrors for several."""
    root, mistakes = read_toml(path).root, Mistakes()
    dropped = frozenset(mistakes.attempt(lambda: listed(root.table("dropped"), frozenset(), TELLING)) or ())
    mistakes.attempt(lambda: listed(root.table("rebuilt"), frozenset(), REBUILT, only=True))
    unchanged = frozenset(
        mistakes.attempt(lambda: listed(root.table("unchanged"), IDENTITY_HEADERS - KEPT_UNCHANGED, frozenset())) or ()
    )
    sets: dict[tuple[str, str], set[bytes]] = {(side, kind): set() for side in SIDES for kind in KIND_NAMES}
    for row in mistakes.attempt(lambda: root.tables("cross")) or []:
        found = mistakes.attempt(partial(crossing_row, row, IDENTITY_HEADERS | dropped))
        for place in found[0] if found else ():
            sets[place].update(found[1] if found else ())
    mistakes.attempt(root.close)
    mistakes.raise_any()
    missing = sorted(name for name in NEEDED if not all(name in names for names in sets.values()))
    if missing:
        names = ", ".join(f"`{spelled(name)}`" for name in missing)
        raise root.error("cross", f"{names} in both directions and all messages", "rows without")
    return HeaderPolicy(by_kind(sets, "carrier"), by_kind(sets, "platform"), unchanged, dropped)


def by_kind(sets: dict[tuple[str, str], set[bytes]], side: str) -> Lists:
    """The lists of one direction."""
    return tuple(frozenset(sets[side, kind]) for kind in KIND_NAMES)


def crossing_row(row: Table, refused: frozenset[bytes]) -> tuple[list[tuple[str, str]], list[bytes]]:
    """Directions and kinds of message of one row, all that it does not narrow, and its headers."""
    sides, kinds = row.texts("to", SIDES) or SIDES, row.texts("in", KIND_NAMES) or KIND_NAMES
    return [(side, kind) for side in sides for kind in kinds], listed(row, refused, frozenset())


def listed(table: Table, refused: frozenset[bytes], wanted: frozenset[bytes], *, only: bool = False) -> list[bytes]:
    """The names of `headers`, in lower case: none of `refused`, all of `wanted`, and with `only` nothing else."""
    names = [header_name(table, "headers", text, refused) for text in table.texts("headers")]
    table.close()
    missing = sorted(wanted.difference(names))
    if missing:
        raise table.error("headers", "also " + ", ".join(f"`{spelled(name)}`" for name in missing), "a list without")
    if only and len(set(names)) > len(wanted):
        odd = next(name for name in names if name not in wanted)
        raise table.error("headers", "headers that this proxy builds", seen(spelled(odd)))
    return names


def header_name(table: Table, key: str, text: str, refused: frozenset[bytes]) -> bytes:
    """One name of the list `key`, in lower case and in full. Raises ConfigError when it is none, or one of `refused`."""
    if not HEADER.fullmatch(text):
        raise table.error(key, "names of headers", seen(text))
    name = text.lower().encode("ascii")
    name = COMPACT.get(name, name)
    if name in refused:
        raise table.error(key, "headers that cannot show who calls", seen(text))
    return name


def spelled(name: bytes) -> str:
    """A lower-case name as it is usually written."""
    return SPELLING.get(name, name).decode("ascii")


def headers_digest(policy: HeaderPolicy) -> str:
    """Equal for two policies that let the same headers cross."""
    sets = (*policy.to_carrier, *policy.to_platform, policy.unchanged, policy.dropped)
    text = "\n".join(" ".join(sorted(name.decode("ascii") for name in names)) for names in sets)
    return hashlib.sha256(text.encode()).hexdigest()
