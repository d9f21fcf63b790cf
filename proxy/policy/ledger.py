"""What is known of the shared state when a decision is asked for: the person, and the load.

A view never fetches. Without a `state` the rules that need one answer UNKNOWN_STATE, and `decide`
answers NEED with the inquiry; `expired` says that the store did not answer in time, and each rule
then follows its own `on_unknown`; `held` is what is remembered of a refusal all the same, and of
consents after it, but never of attempts. `NOTHING_KNOWN` is a person of whom nothing was ever recorded.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.inquiry import PersonState

SCOPES: Final = ("customer", "trunk", "node")


@final
class Load:
    """Which limit the call would break: `over` is `customer`, `trunk`, `node` or empty; `retry_after` in seconds."""

    __slots__ = ("over", "retry_after")

    def __init__(self, over: str = "", retry_after: int = 0) -> None:
        self.over: Final = over
        self.retry_after: Final = retry_after


@final
class LedgerView:
    """What was read so far."""

    __slots__ = ("state", "load", "expired", "held")

    def __init__(
        self,
        state: PersonState | None = None,
        load: Load | None = None,
        expired: bool = False,
        held: PersonState | None = None,
    ) -> None:
        self.state: Final = state
        self.load: Final = load
        self.expired: Final = expired
        self.held: Final = held


EMPTY: Final = LedgerView(None, None, False)
EXPIRED: Final = LedgerView(None, None, True)
NOTHING_KNOWN: Final = LedgerView(PersonState(reserved=True), None, False)
