"""What `npv-proxy replay` does: decides recorded calls again and counts what would change.

The facts, and what the store had said, are those of the record; rules and plan are those at hand, and the directory is
the one that the record was decided with, unless the caller gives no `EditionsOfRecords`. A call
that the new rules would have asked the store about, and the old ones did not, comes out as `need`: what the store would
have said that day is not known. "Least used first" goes by what was shown, for the counts of that day are not known
either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, final

import msgspec

from proxy.policy.call_back import is_call_back
from proxy.policy.decide import decide
from proxy.policy.decision import ACTION_WORDS, PRESENTATION_WORDS, Action, Decision
from proxy.policy.edition import Edition
from proxy.runtime.edition_of_record import EditionsOfRecords, without_directory
from proxy.runtime.record_facts import Recorded, ledger_of
from proxy.runtime.record_shapes import DecisionLine

DECISION: Final = b'"record":"decision"'
HEAD: Final = 160  # the kind of a line stands behind `seq` and `prev`
THEN: Final = "then"
TODAY: Final = "today"
EXAMPLES: Final = 5
REPORT_EVERY: Final = 1000


class Change(msgspec.Struct):
    """Calls that would come out otherwise in one and the same way."""

    before: str
    after: str
    calls: int
    examples: list[str]


class PerRule(msgspec.Struct):
    """How many calls a rule decided then, and would now."""

    rule: str
    before: int
    after: int


class PerCustomer(msgspec.Struct):
    """How many of a customer's calls would come out otherwise."""

    customer: str
    calls: int
    changed: int


class Replayed(msgspec.Struct):
    """The machine form of the whole replay; `directory` is `then` or `today`."""

    revision: str
    directory: str
    revisions: list[str]
    decisions: int
    changed: int
    unreadable: int
    without_directory: int
    changes: list[Change]
    rules: list[PerRule]
    customers: list[PerCustomer]


@final
class Replay:
    """Adds up line after line."""

    def __init__(self, edition: Edition, editions: EditionsOfRecords | None = None) -> None:
        self.decisions = 0
        self.changed = 0
        self.unreadable = 0
        self._edition: Final = edition
        self._editions: Final = editions
        self._recorded = Recorded(edition)
        self._decode: Final = msgspec.json.Decoder(DecisionLine).decode
        self._revisions: Final[set[str]] = set()
        self._changes: Final[dict[tuple[str, str], Change]] = {}
        self._before: Final[Counter[str]] = Counter()
        self._after: Final[Counter[str]] = Counter()
        self._calls: Final[Counter[str]] = Counter()
        self._touched: Final[Counter[str]] = Counter()

    def add(self, raw: bytes) -> None:
        """One line of a record file; other kinds than decisions are passed over, and calls back, which no rule decided."""
        if DECISION not in raw[:HEAD]:
            return
        try:
            line = self._decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.unreadable += 1
            return
        if is_call_back(line.rule):
            return
        decision = self.decide(line)
        self.decisions += 1
        self._revisions.add(line.revision)
        self._before[line.rule] += 1
        self._after[decision.rule] += 1
        self._calls[line.customer] += 1
        if not is_same(line, decision):
            self._note(line, decision)

    def decide(self, line: DecisionLine) -> Decision:
        """The decision on the recorded facts."""
        edition = self._edition if self._editions is None else self._editions.of(line.revision)
        if edition is not self._recorded.edition:
            self._recorded = Recorded(edition)
        uses = edition.directory.uses
        if not line.shown:
            return decide(self._recorded.facts(line), edition, ledger_of(line))
        kept = uses.get(line.shown)
        uses[line.shown] = -1
        try:
            return decide(self._recorded.facts(line), edition, ledger_of(line))
        finally:
            if kept is None:
                del uses[line.shown]
            else:
                uses[line.shown] = kept

    def _note(self, line: DecisionLine, decision: Decision) -> None:
        self.changed += 1
        self._touched[line.customer] += 1
        key = recorded_outcome(line), outcome(decision)
        change = self._changes.get(key)
        if change is None:
            change = self._changes[key] = Change(*key, 0, [])
        change.calls += 1
        if len(change.examples) < EXAMPLES:
            change.examples.append(line.id)

    def result(self) -> Replayed:
        """What was added up, the largest first."""
        rules = sorted(
            {*self._before, *self._after}, key=lambda rule: (-max(self._before[rule], self._after[rule]), rule)
        )
        customers = sorted(self._calls, key=lambda name: (-self._touched[name], name))
        return Replayed(
            self._edition.revision if self._editions is None else without_directory(self._edition.revision),
            TODAY if self._editions is None else THEN,
            sorted(self._revisions),
            self.decisions,
            self.changed,
            self.unreadable,
            0 if self._editions is None else self._editions.missing,
            sorted(self._changes.values(), key=lambda change: (-change.calls, change.before)),
            [PerRule(rule, self._before[rule], self._after[rule]) for rule in rules],
            [PerCustomer(name, self._calls[name], self._touched[name]) for name in customers],
        )


def is_same(line: DecisionLine, decision: Decision) -> bool:
    """Whether platform and called person would notice no difference, nor the one who counts warnings."""
    return (
        line.rule == decision.rule
        and line.action == ACTION_WORDS[decision.action]
        and line.status == decision.status
        and line.shown == ("" if decision.number is None else decision.number.canonical)
        and line.presentation == presentation_of(decision)
        and line.warnings == decision.warnings
        and line.retry_after == decision.retry_after
        and line.blind == decision.blind
    )


def presentation_of(decision: Decision) -> str:
    """`npv`, `withheld` or `unchanged`; nothing for a call that does not go on."""
    return PRESENTATION_WORDS[decision.presentation] if decision.action == Action.FORWARD else ""


def recorded_outcome(line: DecisionLine) -> str:
    """`refuse 403 cli.mobile`, `forward npv presentation.default +33162000001`."""
    return worded(line.action, line.status, line.rule, line.presentation, line.shown, line.warnings)


def outcome(decision: Decision) -> str:
    """The same of a decision of now."""
    shown = "" if decision.number is None else decision.number.canonical
    action = ACTION_WORDS[decision.action]
    return worded(action, decision.status, decision.rule, presentation_of(decision), shown, decision.warnings)


def worded(action: str, status: int, rule: str, presentation: str, shown: str, warnings: tuple[str, ...]) -> str:
    """The parts that apply."""
    parts = [action, str(status or ""), presentation, rule, shown, f"warns {' '.join(warnings)}" if warnings else ""]
    return " ".join(part for part in parts if part)


def replay(
    edition: Edition, files: list[Path], progress: Callable[[int], None], editions: EditionsOfRecords | None = None
) -> Replayed:
    """Decide every decision of the files again; `progress` is told the bytes read so far. Raises OSError."""
    run = Replay(edition, editions)
    done = lines = 0
    for path in files:
        with path.open("rb") as file:
            for raw in file:
                run.add(raw)
                done += len(raw)
                lines += 1
                if lines % REPORT_EVERY == 0:
                    progress(done)
    progress(done)
    return run.result()
