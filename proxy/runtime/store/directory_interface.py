"""What a store of the directory can do; `directory_embedded.py` and `directory_redis.py` do it, one test-suite holds for both.

A store keeps a list of versions, to which one is appended only by somebody who has seen the last one: that is all that
makes changes atomic, on however many nodes. Beside the list lie one snapshot, so that a start need not read all of it,
and the first and last day on which each number was shown. What a version means is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from proxy.runtime.store.directory_records import Snapshot, Version


class DirectoryUnreachable(Exception):
    """The store did not answer; the text says which and why."""


class Overtaken(Exception):
    """Somebody else has made a version meanwhile: read it and try again."""


class Use(NamedTuple):
    """First and last day on which a number was shown."""

    first: int
    last: int


class DirectoryStore(Protocol):
    """Every call may raise DirectoryUnreachable."""

    async def version(self) -> int:
        """The number of the last version; 0 when there is none. Cheap: every node asks several times a second."""

    async def append(self, version: Version) -> None:
        """Add the version. Raises Overtaken unless its number is the next one."""

    async def versions(self, after: int, most: int = 0) -> list[Version]:
        """The versions with a higher number than `after`, oldest first; at most `most` if it is not 0."""

    async def snapshot(self) -> Snapshot | None:
        """The last snapshot kept."""

    async def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot instead of an older one."""

    async def note_uses(self, uses: Mapping[str, int]) -> None:
        """The canonical numbers that were shown, each with the day."""

    async def uses(self) -> dict[str, Use]:
        """Every number that was ever shown."""

    async def close(self) -> None:
        """Give everything back."""
