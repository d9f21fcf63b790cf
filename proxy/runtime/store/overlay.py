"""What is counted and not yet in the SQLite file: rows of persons and refusals, in two generations.

What is new goes into the fresh one. When it is written, it becomes the one under way, whose rows nobody changes any more,
until the file has them. A row carries what the file held when it was read, so that whoever writes it can tell whether
somebody else has changed it meanwhile, and puts both changes together then (`merged`).
"""

from __future__ import annotations

from typing import TypeAlias, final

from proxy.runtime.store.attempts import packed, unpacked

Row: TypeAlias = tuple[bytes, bytes, float]  # what the file holds, what it shall hold (empty: no row), and until when
Heard: TypeAlias = tuple[str, float, str, str]  # customer, when, source, reference
Rows: TypeAlias = dict[bytes, Row]
Refusals: TypeAlias = dict[bytes, Heard]


@final
class Overlay:
    """One thread works with it; another may read what is under way."""

    __slots__ = ("fresh", "heard", "heard_under_way", "under_way")

    def __init__(self) -> None:
        self.fresh: Rows = {}
        self.under_way: Rows = {}
        self.heard: Refusals = {}
        self.heard_under_way: Refusals = {}

    def __len__(self) -> int:
        return len(self.fresh) + len(self.under_way) + len(self.heard) + len(self.heard_under_way)

    def row(self, name: bytes) -> Row | None:
        """The row of a person as it shall be, with what the file holds when that is written; None: as in the file."""
        found = self.fresh.get(name)
        if found is not None:
            return found
        found = self.under_way.get(name)
        return None if found is None else (found[1], found[1], found[2])

    def keep(self, name: bytes, before: bytes, row: bytes, until: float) -> None:
        """The row of a person from now on; `before` is what the file holds, as `row` said or as it was read."""
        self.fresh[name] = (before, row, until)

    def refuse(self, lasting: bytes, heard: Heard) -> None:
        """The newest refusal stays."""
        known = self.heard.get(lasting)
        if known is None or heard[1] >= known[1]:
            self.heard[lasting] = heard

    def refused_at(self, lasting: bytes) -> float:
        """When the person refused, as far as the file does not know it; 0 for never."""
        if not self.heard and not self.heard_under_way:
            return 0.0
        fresh, under_way = self.heard.get(lasting), self.heard_under_way.get(lasting)
        return max(fresh[1] if fresh else 0.0, under_way[1] if under_way else 0.0)

    @property
    def is_under_way(self) -> bool:
        """Whether there is anything that the file is about to get."""
        return bool(self.under_way or self.heard_under_way)

    def take(self) -> None:
        """Put the fresh generation under way; nothing else may be."""
        self.under_way, self.fresh = self.fresh, {}
        self.heard_under_way, self.heard = self.heard, {}

    def written(self) -> None:
        """The file has what was under way."""
        self.under_way = {}
        self.heard_under_way = {}


def merged(there: bytes, before: bytes, row: bytes) -> bytes:
    """What `before` became in our hands (`row`) and in those of others (`there`), together."""
    old, ours = set(unpacked([before])), unpacked([row])
    gone = old - set(ours)
    theirs = [entry for entry in unpacked([there]) if entry not in gone]
    return packed(theirs + [entry for entry in ours if entry not in old and entry not in theirs])
