"""What `npv-proxy explain` does: finds a recorded decision and tells it whole, in English or French.

Verdicts and versions are those of the record. Text and basis of a rule, and what it saw, are told by the rule book at
hand; if that is another edition than the one that decided, the text says so.
"""

from __future__ import annotations

import mmap
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from proxy.policy.call_back import is_call_back, meaning
from proxy.policy.checks_ledger import FrequencyCheck
from proxy.policy.decide import UNREACHABLE
from proxy.policy.edition import Edition
from proxy.policy.explain import (
    NOT_APPLICABLE,
    VERDICT_CLEAR,
    VERDICT_HIT,
    VERDICT_OFF,
    VERDICT_WARN,
    explain,
    versions_in_force,
)
from proxy.policy.facts import CallFacts
from proxy.policy.ledger import LedgerView
from proxy.policy.moment import iso_day
from proxy.policy.rulebook import RuleRow
from proxy.runtime.explain_french import dated, in_french, short_day, value
from proxy.runtime.explain_words import ENGLISH, FRENCH, LABELS, LANGUAGES, MEANINGS, SILENT_STORE, VERDICTS, word
from proxy.runtime.record_facts import Recorded, ledger_of
from proxy.runtime.record_shapes import DecisionLine

ID: Final = re.compile(r"[\w.:-]{1,128}", re.ASCII)
NOT_ASKED: Final = "not asked"
WOULD: Final = {VERDICT_CLEAR: "would pass", VERDICT_WARN: "would warn", VERDICT_HIT: "would refuse"}
WIDTH: Final = 24


@dataclass(frozen=True)
class RuleTold:
    """One rule as it is told; the verdict still as the record has it."""

    id: str
    version: str
    verdict: str
    text: str
    basis: str
    saw: str


def find(files: Iterable[Path], decision_id: str) -> DecisionLine | None:
    """The decision of that id; the newest file is looked through first. Raises OSError."""
    if not ID.fullmatch(decision_id):
        return None
    sought = f'"record":"decision","id":"{decision_id}"'.encode()
    for path in reversed(list(files)):
        if path.stat().st_size == 0:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            place = text.find(sought)
            if place >= 0:
                text.seek(text.rfind(b"\n", 0, place) + 1)
                return msgspec.json.decode(text.readline(), type=DecisionLine)
    return None


def told(line: DecisionLine, edition: Edition, language: str) -> str:
    """The whole text."""
    facts, ledger = Recorded(edition).facts(line), ledger_of(line)
    pairs = [*seen_pairs(line, language), *state_pairs(facts, ledger, edition, language)]
    if line.next_opening:
        pairs.append(("next", local(facts, edition, line.next_opening, language)))
    if line.revision != edition.revision:
        pairs.append(("revision", f"{line.revision} ({edition.revision}: {word(LABELS, 'other', language)})"))
    lines = [f"{word(LABELS, key, language):<{WIDTH}}{text}" for key, text in pairs if text]
    if not is_call_back(line.rule):
        lines += ["", *rule_lines(rules_told(line, facts, ledger, edition, language), language)]
    said = advice(line, edition, language)
    if said:
        lines += ["", f"{word(LABELS, 'tell', language)} {said}"]
    return "\n".join(lines) + "\n"


def advice(line: DecisionLine, edition: Edition, language: str) -> str:
    """What to tell the customer; of a call back, what its outcome means: the words of the version that decided, else of another version of that rule."""
    if is_call_back(line.rule):
        return meaning(line.rule, language == FRENCH)
    if line.rule == UNREACHABLE:
        return SILENT_STORE[LANGUAGES.index(language)]
    versions = {entry.partition(" ")[0] for entry in line.rules}
    rows = [rule.row for rule in edition.book.rules if rule.id == line.rule]
    rows.sort(key=lambda row: f"{row.id}@{iso_day(row.since)}" not in versions)
    if not rows:
        return ""
    return rows[0].told_fr if language == FRENCH else rows[0].told


def seen_pairs(line: DecisionLine, language: str) -> list[tuple[str, str]]:
    """What the decision saw and answered. The phrase of an answer is English on the wire, so French gives its code."""
    say, when = (value, dated) if language == FRENCH else (str, str)
    phrase = f" {line.phrase}" if language == ENGLISH else ""
    answer = (
        f"{say(line.action)} {line.status}{phrase}" if line.status else f"{say(line.action)}, {say(line.presentation)}"
    )
    shown = line.shown or (word(LABELS, "withheld", language) if line.presentation == "withheld" else "")
    presented = [
        f"{one.source} {one.number}" + (f" ({say(one.number_class)})" if one.number_class else "")
        for one in line.presented
    ]
    trunk = line.trunk_facts
    return [
        ("decision", line.id),
        ("answer", answer),
        ("rule", line.rule),
        ("time", when(line.time)),
        ("local", when(line.local_time)),
        ("territory", line.territory),
        ("customer", line.customer),
        ("campaign", line.campaign),
        ("purpose", f"{say(line.purpose)}, {say(line.mode)}, {say(line.method)}"),
        ("trunk", f"{line.trunk} ({say(trunk.origin)}, {say(trunk.profile)}), {line.node}"),
        ("presented", "; ".join(presented)),
        ("called", f"{line.called} ({say(line.called_class)})" if line.called_class else line.called),
        ("shown", f"{shown} {line.display}".strip()),
        ("warnings", " ".join(line.warnings)),
        ("store", word(LABELS, "silent", language) if line.expired else ""),
    ]


def state_pairs(facts: CallFacts, ledger: LedgerView, edition: Edition, language: str) -> list[tuple[str, str]]:
    """Counter, refusal and consent of the person, as the store had them."""
    state = ledger.state
    if state is None:
        return []
    pairs = []
    for rule in versions_in_force(facts, edition):
        check = rule.check
        if isinstance(check, FrequencyCheck) and rule.row.applies(facts.purpose, facts.mode, facts.method):
            counted = word(LABELS, "counted", language).format(state.attempts, check.most, check.days)
            pairs.append(("attempts", counted))
            again = check.again(facts, edition.reference, ledger)
            pairs.append(("resets", local(facts, edition, again, language) if again else ""))
    pairs.append(("refusal", local(facts, edition, state.refusal_at, language)))
    if state.consent_at:
        given, until = (local(facts, edition, at, language) for at in (state.consent_at, state.consent_until))
        pairs.append(("consent", word(LABELS, "given", language).format(state.consent_id, given, until).strip()))
    return pairs


def local(facts: CallFacts, edition: Edition, at: float, language: str) -> str:
    """The instant on the clock of the called person; nothing for 0."""
    text = edition.calendar.moment(facts.clock(), at).iso() if at else ""
    return dated(text) if language == FRENCH else text


def rules_told(
    line: DecisionLine, facts: CallFacts, ledger: LedgerView, edition: Edition, language: str
) -> list[RuleTold]:
    """Every rule: those of the record as recorded, the others as the book at hand judges them."""
    recorded: dict[str, tuple[str, str]] = {}
    for entry in line.rules:
        version, _, verdict = entry.partition(" ")
        rule_id, _, since = version.partition("@")
        recorded[rule_id] = (since, verdict)
    rows = {(rule.id, iso_day(rule.row.since)): rule.row for rule in edition.book.rules}
    sources = Sources()
    found = []
    for step in explain(facts, edition, ledger):
        since, verdict = recorded.pop(step.id, ("", ""))
        if not verdict:
            since = iso_day(step.since)
            verdict = would(step.verdict, rows[step.id, since])
        saw = step.saw if since == iso_day(step.since) and verdict != NOT_ASKED else ""
        found.append(rule_told(step.id, since, verdict, rows.get((step.id, since)), saw, sources, language))
    for rule_id, (since, verdict) in recorded.items():
        found.append(rule_told(rule_id, since, verdict, None, "", sources, language))
    return found


def would(verdict: str, row: RuleRow) -> str:
    """What becomes of a verdict when an earlier rule had decided; a row without a status chooses what is shown."""
    if verdict in (NOT_APPLICABLE, VERDICT_OFF):
        return verdict
    return "would choose" if verdict == VERDICT_HIT and not row.status else WOULD.get(verdict, NOT_ASKED)


def rule_told(
    rule_id: str, since: str, verdict: str, row: RuleRow | None, saw: str, sources: Sources, language: str
) -> RuleTold:
    """One rule in that language; `row` is None for a version that the book at hand does not hold."""
    french = language == FRENCH
    basis = word(LABELS, "gone", language) if row is None else sources.basis(row, language)
    text = "" if row is None else row.text_fr if french else row.text
    version = short_day(since) if french else since
    return RuleTold(rule_id, version, verdict, text, basis, in_french(saw) if french else saw)


class Sources:
    """The legal texts that the rule files name."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, dict[str, str]]] = {}

    def basis(self, row: RuleRow, language: str = ENGLISH) -> str:
        """Where the rule stands in the law, or why it is there."""
        if row.file not in self._files:
            try:
                with open(row.file, "rb") as file:
                    self._files[row.file] = tomllib.load(file).get("source", {})
            except (OSError, tomllib.TOMLDecodeError):
                self._files[row.file] = {}
        source = self._files[row.file].get(row.basis)
        if source is None:
            return (row.why_fr if language == FRENCH else row.why) or row.basis
        title = source.get("title_fr" if language == FRENCH else "title", row.basis)
        return f"{title} ({source['codified']})" if "codified" in source else title


def rule_lines(rules: list[RuleTold], language: str) -> list[str]:
    """One rule a line with its basis, below it what it says and saw; then what the verdicts mean."""
    head = tuple(word(LABELS, key, language) for key in ("rule", "version", "verdict", "basis"))
    rows = [(one.id, one.version, word(VERDICTS, one.verdict, language), one.basis) for one in rules]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(3)]
    lines = [row_line(head, widths)]
    for one, row in zip(rules, rows, strict=True):
        lines.append(row_line(row, widths))
        lines += [f"    {one.text}"] if one.text else []
        lines += [f"    {word(LABELS, 'saw', language)}: {one.saw}"] if one.saw else []
    lines.append("")
    for verdict in dict.fromkeys(one.verdict for one in rules):
        meaning = word(MEANINGS, verdict, language)
        lines.append(f"{word(VERDICTS, verdict, language)}{' :' if language == FRENCH else ':'} {meaning}")
    return lines


def row_line(row: tuple[str, ...], widths: list[int]) -> str:
    """The cells of a row, the last one as long as it is."""
    return "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
