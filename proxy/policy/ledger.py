"""What is known of the shared state (refusals, attempts, consents) when a decision is asked for.

A view never fetches: what it does not hold is UNKNOWN, and `decide` then answers NEED with the keys.
`expired` says that the store did not answer in time; each rule then follows its own `on_unknown`.
"""

from __future__ import annotations

from typing import Final, final

UNKNOWN: Final = "\x00unknown"


@final
class LedgerView:
    """Values read so far, by key."""

    __slots__ = ("values", "expired")

    def __init__(self, values: dict[str, str | int], expired: bool) -> None:
        self.values: Final = values
        self.expired: Final = expired

    def get(self, key: str) -> str | int:
        """The value, or UNKNOWN."""
        return self.values.get(key, UNKNOWN)


EMPTY: Final = LedgerView({}, False)
EXPIRED: Final = LedgerView({}, True)
