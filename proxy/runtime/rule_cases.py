"""Legal cases: facts, an instant and what a store would know, against the rule that decides and what it says.

Each file of a folder holds `defaults` and a list `case`. Facts: customer, campaign, purpose, mode, method, from, pai,
to, at, attested, trunk (origin, emergency, unopened, classes, profile). What is known: state (refusal, consent,
consent_until, slot, slot_until, slot_agreed, attempts, first, last, campaign_attempts, campaign_last; nothing when
absent), load (`customer`, `trunk`, `node`), store (`silent`). Expected: rule, version (first day of the row that
decides), status, shows, next, warns, local, asked (whether the store is asked at all).
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias, cast

from proxy.policy.decide import decide
from proxy.policy.decision import Action, Decision
from proxy.policy.edition import Edition
from proxy.policy.explain import VERDICT_HIT, VERDICT_WARN, Choice, explain, verdict_of
from proxy.policy.facts import FROM, PAI, CallFacts, TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.inquiry import PersonState, would_reserve
from proxy.policy.ledger import LedgerView, Load
from proxy.policy.rulebook import OFF, Rule
from proxy.runtime.toml_source import ConfigError

FACTS = {"customer", "campaign", "purpose", "mode", "method", "from", "pai", "to", "at", "attested", "trunk"}
KNOWN = {"state", "load", "store"}
EXPECTED = {"rule", "version", "status", "shows", "next", "warns", "local", "asked"}
NAMES = {"name", "file"}
INSTANTS = {
    "refusal": "refusal_at",
    "consent": "consent_at",
    "consent_until": "consent_until",
    "slot": "slot_from",
    "slot_until": "slot_until",
    "slot_agreed": "slot_at",
    "first": "first_attempt",
    "last": "last_attempt",
    "campaign_last": "campaign_last",
}
COUNTS = ("attempts", "campaign_attempts")
BUSY_SECONDS = 2
HITS = (VERDICT_HIT, VERDICT_WARN)

Case: TypeAlias = dict[str, object]


def read_cases(folder: Path) -> list[Case]:
    """Every case with the defaults of its file; ConfigError for a key that means nothing."""
    found: list[Case] = []
    for path in sorted(folder.glob("*.toml")):
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in values["case"]:
            merged = {**values["defaults"], **case, "file": path.name}
            unknown = sorted(set(merged) - FACTS - KNOWN - EXPECTED - NAMES)
            if unknown:
                raise ConfigError(str(path), 0, unknown[0], "a key of a case", f"`{case['name']}`")
            found.append(merged)
    return found


def text(case: Case, key: str) -> str:
    """A fact that is a text; empty when not stated."""
    return cast("str", case.get(key, ""))


def trunk_of(case: Case) -> TrunkFacts:
    """The trunk of a case."""
    stated = cast("dict[str, str]", case.get("trunk", {}))
    return TrunkFacts(
        "case",
        origin=stated.get("origin", "national"),
        emergency=stated.get("emergency", "pass"),
        unopened=stated.get("unopened", "pass"),
        allowed_classes=frozenset(stated.get("classes", ())),
        profile=stated.get("profile", "law"),
    )


def facts_of(case: Case, edition: Edition) -> CallFacts:
    """The facts of a case."""
    presented = [(FROM, text(case, "from"))] if text(case, "from") else []
    if text(case, "pai"):
        presented.append((PAI, text(case, "pai")))
    return gather(
        edition,
        trunk_of(case),
        text(case, "customer"),
        text(case, "campaign"),
        text(case, "purpose"),
        text(case, "mode"),
        cast("str", case.get("method", "INVITE")),
        presented,
        text(case, "to"),
        cast("datetime", case["at"]).timestamp(),
        cast("bool", case.get("attested", False)),
    )


def state_of(case: Case, reserved: bool) -> PersonState:
    """What the store knows of the person in a case."""
    stated = cast("dict[str, object]", case.get("state", {}))
    fields: dict[str, float | int | bool] = {"reserved": reserved}
    for key, value in stated.items():
        if key in COUNTS:
            fields[key] = cast("int", value)
        else:
            fields[INSTANTS[key]] = cast("datetime", value).timestamp()
    return PersonState(**fields)  # type: ignore[arg-type]  # the fields are named above


def load_of(case: Case) -> Load | None:
    """The limit that is reached in a case."""
    return Load(text(case, "load"), BUSY_SECONDS) if text(case, "load") else None


def answer(case: Case, facts: CallFacts, edition: Edition) -> tuple[Decision, LedgerView]:
    """The decision of a case, asked as the engine asks, and the view on which it rests."""
    load = load_of(case)
    view = LedgerView(None, load)
    decision = decide(facts, edition, view)
    if decision.action == Action.NEED and decision.inquiry is not None:
        if text(case, "store") == "silent":
            view = LedgerView(None, load, True)
        else:
            reserved = would_reserve(decision.inquiry, state_of(case, False))
            view = LedgerView(state_of(case, reserved), load)
        decision = decide(facts, edition, view)
    return decision, view


def settled(case: Case) -> LedgerView:
    """A view that knows all a case states, whether or not the decision had to ask."""
    silent = text(case, "store") == "silent"
    return LedgerView(None if silent else state_of(case, False), load_of(case), silent)


def hits(case: Case, edition: Edition) -> set[tuple[str, int]]:
    """Every version of a rule that hits in a case, as (id, first day)."""
    steps = explain(facts_of(case, edition), edition, settled(case))
    return {(step.id, step.since) for step in steps if step.verdict in HITS}


def passes(case: Case, edition: Edition) -> set[tuple[str, int]]:
    """Every version of a rule that was asked in a case and did not hit."""
    steps = explain(facts_of(case, edition), edition, settled(case))
    return {(step.id, step.since) for step in steps if step.verdict == "pass"}


def would_hit(rule: Rule, case: Case, edition: Edition) -> bool:
    """Whether this version, were it in force at the instant of the case, would hit."""
    facts = facts_of(case, edition)
    mode = rule.row.mode_for(facts.trunk.profile)
    if mode == OFF or not rule.row.applies(facts.purpose, facts.mode, facts.method):
        return False
    return verdict_of(rule, mode, facts, edition, settled(case), Choice()) in HITS


def day_of(value: object) -> int:
    """The ordinal of a date in a case."""
    return cast("date", value).toordinal()
