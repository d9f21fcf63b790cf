"""What `npv-proxy decide` does with one request; `decide_lines.py` does it line by line.

A request names its facts as texts, in the words of decision.md; they become the same `CallFacts` as
those of a live call and go through the same `decide`. The shared state is not asked: a rule that
needs it follows its `on_unknown`. Each distinct instant is remembered, since a replay names the same
ones again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from proxy.policy.decide import decide
from proxy.policy.decision import ACTION_WORDS, PRESENTATION_WORDS, Action, Decision
from proxy.policy.directory import METHODS, MODES, PURPOSES
from proxy.policy.edition import Edition
from proxy.policy.explain import Step, explain
from proxy.policy.facts import FROM, PAI, CallFacts, TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.ledger import NOTHING_KNOWN
from proxy.policy.moment import iso_day
from proxy.runtime.toml_source import seen

KEPT_INSTANTS: Final = 100_000
AT_EXPECTED: Final = "an instant with its offset such as `2026-11-23T11:00:00+01:00`"
YEARS: Final = range(1970, 2100)


class Request(msgspec.Struct, rename={"from_": "from"}, forbid_unknown_fields=True):
    """One call to decide; an absent, null or empty field is not stated, and an `at` not stated is now."""

    to: str
    from_: str | None = None
    pai: str | list[str] | None = None
    customer: str | None = None
    campaign: str | None = None
    purpose: str | None = None
    mode: str | None = None
    method: str | None = None
    trunk: str | None = None
    at: str | None = None
    attested: bool | None = None
    id: str | int | None = None


class Answer(msgspec.Struct):
    """One decided line; what does not apply is null."""

    id: str | int | None
    action: str
    status: int | None
    rule: str
    presentation: str | None
    number: str | None
    warnings: tuple[str, ...]
    next_opening: str | None
    territory: str | None
    local_time: str | None


class RuleStep(msgspec.Struct):
    """One rule as the machine form lists it."""

    id: str
    since: str
    until: str | None
    mode: str
    verdict: str
    saw: str
    basis: str
    confidence: str


class Explained(msgspec.Struct):
    """The machine form of a single call."""

    decision: Answer
    revision: str
    rules: list[RuleStep]


class BadRequest(Exception):
    """A field of a request that cannot be used; the text names field, expected and seen."""

    def __init__(self, field: str, expected: str, seen_text: str) -> None:
        super().__init__(
            f"field `{field}`: expected {expected}, seen {seen_text}"
            if field
            else f"expected {expected}, seen {seen_text}"
        )


class Decider:
    """Requests to decisions, over one edition."""

    def __init__(self, edition: Edition, trunks: dict[str, TrunkFacts], now: Callable[[], float]) -> None:
        self.edition = edition
        self.trunks = trunks
        self.now = now
        self._plain_trunk = TrunkFacts("decide")
        self._instants: dict[str, float] = {}

    def facts(self, request: Request) -> CallFacts:
        """The facts of a request; BadRequest for a word that is not known."""
        if request.purpose and request.purpose not in PURPOSES:
            raise BadRequest("purpose", one_of(PURPOSES), seen(request.purpose))
        if request.mode and request.mode not in MODES:
            raise BadRequest("mode", one_of(MODES), seen(request.mode))
        if request.method and request.method not in METHODS:
            raise BadRequest("method", one_of(METHODS), seen(request.method))
        presented: list[tuple[str, str]] = []
        if request.from_:
            presented.append((FROM, user_of(request.from_)))
        if request.pai:
            for text in [request.pai] if isinstance(request.pai, str) else request.pai:
                presented.append((PAI, user_of(text)))
        return gather(
            self.edition,
            self.trunk(request.trunk or ""),
            request.customer or "",
            request.campaign or "",
            request.purpose or "",
            request.mode or "",
            request.method or METHODS[0],
            presented,
            user_of(request.to),
            self.instant(request.at or ""),
            bool(request.attested),
        )

    def trunk(self, name: str) -> TrunkFacts:
        """The trunk of that name; without a name a national one that allows what the rules allow."""
        if not name:
            return self._plain_trunk
        found = self.trunks.get(name)
        if found is None:
            raise BadRequest("trunk", one_of(tuple(self.trunks)) if self.trunks else "no trunk name", seen(name))
        return found

    def instant(self, text: str) -> float:
        """POSIX seconds; the text must state its offset."""
        found = self._instants.get(text)
        if found is not None:
            return found
        if not text:
            return self.now()
        try:
            instant = datetime.fromisoformat(text)
        except ValueError as error:
            raise BadRequest("at", AT_EXPECTED, seen(text)) from error
        if instant.tzinfo is None:
            raise BadRequest("at", AT_EXPECTED, f"{seen(text)} without an offset")
        if instant.year not in YEARS:
            raise BadRequest("at", f"a year from {YEARS[0]} to {YEARS[-1]}", seen(text))
        if len(self._instants) >= KEPT_INSTANTS:
            self._instants.clear()
        at = instant.timestamp()
        self._instants[text] = at
        return at

    def answer(self, request: Request, facts: CallFacts) -> Answer:
        """The decision as a line."""
        decision = decide(facts, self.edition, NOTHING_KNOWN)
        moment = facts.moment
        called = facts.called
        refused = decision.action != Action.FORWARD
        number = decision.number
        return Answer(
            request.id,
            ACTION_WORDS[decision.action],
            decision.status if refused else None,
            decision.rule,
            None if refused else PRESENTATION_WORDS[decision.presentation],
            None if number is None else number.canonical,
            decision.warnings,
            self.opening(facts, decision),
            called.territory or None if called is not None else None,
            None if moment is None else moment.iso(),
        )

    def opening(self, facts: CallFacts, decision: Decision) -> str | None:
        """The next opening on the clock of the called person."""
        if not decision.next_opening or facts.moment is None:
            return None
        return self.edition.calendar.moment(facts.moment.territory, decision.next_opening).iso()

    def steps(self, facts: CallFacts) -> list[Step]:
        """Every rule, as `explain` lists them."""
        return explain(facts, self.edition, NOTHING_KNOWN)


def one_of(words: tuple[str, ...]) -> str:
    """`one of ...` for an error."""
    return "one of " + ", ".join(f"`{word}`" for word in words)


def user_of(text: str) -> str:
    """The number part of a `sip:`, `sips:` or `tel:` URI, with or without a display name; any other text as it is."""
    if ":" not in text and "@" not in text and "<" not in text:
        return text
    _, opened, inside = text.partition("<")
    uri = inside.partition(">")[0] if opened else text
    scheme, colon, rest = uri.strip().partition(":")
    lower = scheme.lower()
    if colon and lower in ("sip", "sips"):
        return rest.partition("@")[0] if "@" in rest else ""
    if colon and lower == "tel":
        return rest
    return uri.strip().partition("@")[0]


def explained(decider: Decider, request: Request) -> Explained:
    """A single call with every rule; BadRequest as for a line."""
    facts = decider.facts(request)
    steps = [
        RuleStep(
            step.id,
            iso_day(step.since),
            iso_day(step.until) if step.until else None,
            step.mode,
            step.verdict,
            step.saw,
            step.basis,
            step.confidence,
        )
        for step in decider.steps(facts)
    ]
    return Explained(decider.answer(request, facts), decider.edition.revision, steps)
