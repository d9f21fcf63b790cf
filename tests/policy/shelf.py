"""Rules for tests: rows without a file, and an edition whose book holds just these."""

from __future__ import annotations

from dataclasses import replace

from proxy.policy.checks import Check
from proxy.policy.edition import Edition
from proxy.policy.ranges import FOREVER
from proxy.policy.rulebook import Rule, RuleBook, RuleRow

ROW = RuleRow(
    id="some.rule",
    kind="some_kind",
    since=1,
    until=FOREVER,
    purposes=(),
    modes=(),
    methods=(),
    status=403,
    phrase="Some Rule",
    retry_after=0,
    basis="interpretation",
    why="a test",
    confidence="A",
    mode="enforce",
    strict="",
    on_unknown="refuse",
    checked_on=739_942,
    clock="paris",
    file="shelf.toml",
    line=1,
)


def rule(rule_id: str, check: Check, **changes: object) -> Rule:
    """An enforced rule for all calls at all times, with these fields changed."""
    return Rule(replace(ROW, id=rule_id, **changes), check)  # type: ignore[arg-type]  # callers name fields of the row


def edition_with(edition: Edition, *rules: Rule, extend: bool = False) -> Edition:
    """The same edition with another book; `extend` puts the rules behind those it has."""
    kept = edition.book.rules if extend else ()
    return Edition(edition.plan, edition.calendar, RuleBook((*kept, *rules)), edition.directory, "shelf")
