"""What `npv-proxy explain` does: finds a recorded decision and tells it whole, in English or French.

Verdicts and versions are those of the record. Basis, and what each rule saw, are told by the rule book at hand; if that
is another edition than the one that decided, the text says so.
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

from proxy.policy.checks_ledger import FrequencyCheck
from proxy.policy.edition import Edition
from proxy.policy.explain import NOT_APPLICABLE, VERDICT_OFF, explain, versions_in_force
from proxy.policy.facts import CallFacts
from proxy.policy.ledger import LedgerView
from proxy.policy.moment import iso_day
from proxy.policy.rulebook import RuleRow
from proxy.runtime.explain_words import LABELS, VERDICTS, advice, word
from proxy.runtime.record_facts import Recorded, ledger_of
from proxy.runtime.record_shapes import DecisionLine

ID: Final = re.compile(r"[\w.:-]{1,128}", re.ASCII)
NOT_ASKED: Final = "not asked"
WIDTH: Final = 24


@dataclass(frozen=True)
class RuleTold:
    """One rule as it is told."""

    id: str
    version: str
    verdict: str
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
        pairs.append(("next", local(facts, edition, line.next_opening)))
    if line.revision != edition.revision:
        pairs.append(("revision", f"{line.revision} ({edition.revision}: {word(LABELS, 'other', language)})"))
    lines = [f"{word(LABELS, key, language):<{WIDTH}}{text}" for key, text in pairs if text]
    lines += ["", *rule_lines(rules_told(line, facts, ledger, edition, language), language)]
    said = advice(line.rule, language)
    if said:
        lines += ["", f"{word(LABELS, 'tell', language)} {said}"]
    return "\n".join(lines) + "\n"


def seen_pairs(line: DecisionLine, language: str) -> list[tuple[str, str]]:
    """What the decision saw and answered."""
    answer = f"{line.action} {line.status} {line.phrase}" if line.status else f"{line.action} {line.presentation}"
    shown = line.shown or (word(LABELS, "withheld", language) if line.presentation == "withheld" else "")
    presented = [
        f"{one.source} {one.number}" + (f" ({one.number_class})" if one.number_class else "") for one in line.presented
    ]
    return [
        ("decision", line.id),
        ("answer", answer),
        ("rule", line.rule),
        ("time", line.time),
        ("local", line.local_time),
        ("territory", line.territory),
        ("customer", line.customer),
        ("campaign", line.campaign),
        ("purpose", f"{line.purpose}, {line.mode}, {line.method}"),
        ("trunk", f"{line.trunk} ({line.trunk_facts.origin}, {line.trunk_facts.profile}), {line.node}"),
        ("presented", "; ".join(presented)),
        ("called", f"{line.called} ({line.called_class})" if line.called_class else line.called),
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
            pairs.append(("resets", local(facts, edition, again) if again else ""))
    pairs.append(("refusal", local(facts, edition, state.refusal_at)))
    if state.consent_at:
        ends = local(facts, edition, state.consent_at), local(facts, edition, state.consent_until)
        pairs.append(("consent", f"{state.consent_id} {ends[0]} .. {ends[1]}".strip()))
    return pairs


def local(facts: CallFacts, edition: Edition, at: float) -> str:
    """The instant on the clock of the called person; nothing for 0."""
    return edition.calendar.moment(facts.clock(), at).iso() if at else ""


def rules_told(
    line: DecisionLine, facts: CallFacts, ledger: LedgerView, edition: Edition, language: str
) -> list[RuleTold]:
    """Every rule: those of the record as recorded, then those that were not asked."""
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
            verdict = step.verdict if step.verdict in (NOT_APPLICABLE, VERDICT_OFF) else NOT_ASKED
            since = iso_day(step.since)
        row = rows.get((step.id, since))
        basis = word(LABELS, "gone", language) if row is None else sources.basis(row)
        saw = step.saw if since == iso_day(step.since) and verdict != NOT_ASKED else ""
        found.append(RuleTold(step.id, since, word(VERDICTS, verdict, language), basis, saw))
    for rule_id, (since, verdict) in recorded.items():
        found.append(RuleTold(rule_id, since, word(VERDICTS, verdict, language), word(LABELS, "gone", language), ""))
    return found


class Sources:
    """The legal texts that the rule files name."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, dict[str, str]]] = {}

    def basis(self, row: RuleRow) -> str:
        """Where the rule stands in the law, or why it is there."""
        if row.file not in self._files:
            try:
                with open(row.file, "rb") as file:
                    self._files[row.file] = tomllib.load(file).get("source", {})
            except (OSError, tomllib.TOMLDecodeError):
                self._files[row.file] = {}
        source = self._files[row.file].get(row.basis)
        if source is None:
            return row.why or row.basis
        return f"{source.get('title', row.basis)} ({source['codified']})" if "codified" in source else source["title"]


def rule_lines(rules: list[RuleTold], language: str) -> list[str]:
    """One rule a line, with what it saw below."""
    head = RuleTold(*(word(LABELS, key, language) for key in ("rule", "version", "verdict", "basis", "saw")))
    widths = [max(len(getattr(one, name)) for one in (head, *rules)) for name in ("id", "version", "verdict")]
    lines = []
    for one in (head, *rules):
        cells = [text.ljust(width) for text, width in zip((one.id, one.version, one.verdict), widths, strict=True)]
        lines.append("  ".join([*cells, one.basis]).rstrip())
        if one.saw and one is not head:
            lines.append(f"    {one.saw}")
    return lines
