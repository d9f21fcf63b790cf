"""What the ledger must still be told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, final


@final
class Owed:
    """One thing the store must still be told. `attempt` is not told while a question about it is under way."""

    __slots__ = ("attempt", "due", "name", "tell")

    def __init__(self, name: str, attempt: str, tell: Callable[[], Awaitable[object]], due: float = 0.0) -> None:
        self.name: Final = name
        self.attempt: Final = attempt
        self.tell: Final = tell
        self.due: Final = due
