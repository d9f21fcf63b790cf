"""Where a node reads the refusals that it keeps in memory: what both stores can tell of them.

A *name* is what a store calls a person by in its lists and notices. Whatever changes a refusal, or a consent of somebody
who refused, is noted in a log; `changed` follows it, and says None when the log no longer reaches back that far.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

from proxy.runtime.store.interface import Consent
from proxy.runtime.store.person_keys import Person


class Said(NamedTuple):
    """What one person said: when they refused (0: they did not), and their consents."""

    name: bytes
    at: float
    consents: tuple[Consent, ...]


class Changed(NamedTuple):
    """Where the log was read to, and whose entries were found."""

    position: bytes
    names: list[bytes]


class RefusalsSource(Protocol):
    """Every method may raise LedgerSilent; none is on the way of a call."""

    def name(self, person: Person) -> bytes:
        """What the store calls this person."""

    def noticed(self, notice: bytes) -> bytes:
        """The name in a notice about a person."""

    async def position(self) -> bytes:
        """The end of the log."""

    async def changed(self, after: bytes) -> Changed | None:
        """What was noted after that position; None when the log does not know it any more."""

    def pages(self) -> AsyncIterator[list[tuple[bytes, float]]]:
        """All who refused, by and by, each with about when; some may come twice."""

    async def read(self, names: Sequence[bytes]) -> list[Said]:
        """What these persons said, as it is now."""

    async def close(self) -> None:
        """Give everything back."""
