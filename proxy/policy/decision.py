"""What `decide` answers: go on and how, refuse and why, or "ask the store first".

A decision cannot be made without a rule id: the three ways to build one all take it. Nothing here
decides.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, final

from proxy.policy.edition import Edition
from proxy.policy.inquiry import Inquiry
from proxy.policy.numbers import Number
from proxy.policy.rulebook import Gate

CAUSE_REJECTED: Final = 21  # Q.850 "call rejected"
CAUSE_UNSPECIFIED: Final = 31  # Q.850 "normal, unspecified"
STATUS_UNAVAILABLE: Final = 480


class Action(IntEnum):
    """What happens to the call."""

    FORWARD = 0
    REFUSE = 1
    NEED = 2


class Presentation(IntEnum):
    """What the called person sees."""

    NPV = 0
    WITHHELD = 1
    UNCHANGED = 2
    CALLER = 3  # who calls one of our numbers back, as that person shows itself


ACTION_WORDS: Final = ("forward", "refuse", "need")
PRESENTATION_WORDS: Final = ("npv", "withheld", "unchanged", "caller")


@final
class Decision:
    """One answer; build it with `forward`, `refuse` or `need`."""

    __slots__ = (
        "action",
        "status",
        "rule",
        "phrase",
        "presentation",
        "number",
        "display",
        "warnings",
        "next_opening",
        "retry_after",
        "cause",
        "inquiry",
        "blind",
        "rest",
    )

    def __init__(
        self,
        action: Action,
        status: int,
        rule: str,
        phrase: str,
        presentation: Presentation,
        number: Number | None,
        display: str,
        warnings: tuple[str, ...],
        next_opening: float,
        retry_after: int,
        inquiry: Inquiry | None,
        blind: bool,
        rest: Rest | None = None,
    ) -> None:
        self.action: Final = action
        self.status: Final = status
        self.rule: Final = rule
        self.phrase: Final = phrase
        self.presentation: Final = presentation
        self.number: Final = number
        self.display: Final = display
        self.warnings: Final = warnings
        self.next_opening: Final = next_opening
        self.retry_after: Final = retry_after
        self.cause: Final = CAUSE_UNSPECIFIED if status == STATUS_UNAVAILABLE else CAUSE_REJECTED
        self.inquiry: Final = inquiry
        self.blind: Final = blind
        self.rest: Final = rest

    def __repr__(self) -> str:
        return (
            f"Decision({ACTION_WORDS[self.action]} {self.status} {self.rule} {PRESENTATION_WORDS[self.presentation]})"
        )


@final
class Rest:
    """What is left to decide once the store has answered: by this edition, whether none of these gates hits; then `passed`."""

    __slots__ = ("edition", "gates", "passed")

    def __init__(self, edition: Edition, gates: list[Gate], passed: Decision) -> None:
        self.edition: Final = edition
        self.gates: Final = gates
        self.passed: Final = passed


def forward(
    rule: str,
    presentation: Presentation,
    number: Number | None,
    display: str,
    warnings: tuple[str, ...],
    blind: bool,
) -> Decision:
    """The call goes on; `rule` is the presentation row that chose what is shown."""
    return Decision(Action.FORWARD, 0, rule, "", presentation, number, display, warnings, 0.0, 0, None, blind)


def refuse(
    rule: str, status: int, phrase: str, warnings: tuple[str, ...], next_opening: float, retry_after: int
) -> Decision:
    """The call is refused by `rule`."""
    return Decision(
        Action.REFUSE,
        status,
        rule,
        phrase,
        Presentation.WITHHELD,
        None,
        "",
        warnings,
        next_opening,
        retry_after,
        None,
        False,
    )


def need(rule: str, inquiry: Inquiry, warnings: tuple[str, ...], rest: Rest | None = None) -> Decision:
    """Nothing is decided before the store has answered the inquiry; `rule` is the first that asks."""
    return Decision(Action.NEED, 0, rule, "", Presentation.WITHHELD, None, "", warnings, 0.0, 0, inquiry, False, rest)
