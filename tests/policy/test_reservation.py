"""The store counts an attempt exactly when `decide` lets the call go on: 10,000 random calls, persons and rules."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from proxy.policy.decide import decide
from proxy.policy.decision import Action
from proxy.policy.edition import Edition
from proxy.policy.inquiry import Inquiry, PersonState, would_reserve
from proxy.policy.ledger import EMPTY, EXPIRED, LedgerView
from proxy.policy.rulebook import Rule
from tests.policy.desk import Desk, epoch
from tests.policy.shelf import edition_with

CALLS: Final = 10_000
FIRST: Final = epoch("2023-01-01T00:00:00Z")
LAST: Final = epoch("2027-08-01T00:00:00Z")
DAY: Final = 86_400.0
STATE_KINDS: Final = ("consent", "refusal", "frequency", "campaign_attempts", "hours", "national_holiday")
CAMPAIGNS: Final = ("", "opt-in", "careful", "spring", "follow-up", "renovation", "mornings")
CALLED: Final = ("0140000000", "0596000000", "0262000000", "0508411234", "+442079460000", "0612345678")


def random_person(chance: random.Random, asked: Inquiry) -> PersonState:
    """A person whose dates lie near every edge that the inquiry names."""
    at = asked.at
    edges = [at, asked.window_start, max(asked.refusal_since, 0.0), asked.consent_since, at - asked.campaign_gap, 0.0]

    def near() -> float:
        if chance.random() < 0.3:
            return 0.0
        return max(0.0, chance.choice(edges) + chance.choice((-DAY, -1.0, 0.0, 1.0, DAY)))

    return PersonState(
        refusal_at=near(),
        consent_at=near(),
        consent_until=near() + chance.choice((0.0, 300 * DAY)),
        slot_from=near(),
        slot_until=near() + chance.choice((0.0, 3600.0)),
        slot_at=near(),
        attempts=chance.randrange(7),
        first_attempt=near(),
        campaign_attempts=chance.randrange(5),
        campaign_last=near(),
    )


def counted(state: PersonState) -> PersonState:
    """The same person with this attempt counted."""
    values = {name: getattr(state, name) for name in PersonState.__slots__}
    return PersonState(**{**values, "reserved": True})


def some_modes(chance: random.Random, edition: Edition) -> Edition:
    """The shipped rules with the modes of those with state drawn anew."""
    rules = [
        Rule(replace(rule.row, mode=chance.choice(("enforce", "enforce", "warn", "off"))), rule.check)
        if rule.row.kind in STATE_KINDS
        else rule
        for rule in edition.book.rules
    ]
    return edition_with(edition, *rules)


def test_an_attempt_counts_exactly_when_no_rule_refuses(desk: Desk, shipped: Edition) -> None:
    chance = random.Random(20261123)
    editions = [shipped, shipped, *(some_modes(chance, shipped) for _ in range(30))]
    asked = forwarded = refused = 0
    for number in range(CALLS):
        edition = chance.choice(editions)
        facts = Desk(edition).facts(
            campaign=chance.choice(CAMPAIGNS),
            purpose=chance.choice(("", "", "", "service")),
            method=chance.choice(("INVITE", "INVITE", "INVITE", "MESSAGE")),
            to=chance.choice(CALLED),
            at=moment_text(chance),
        )
        decision = decide(facts, edition, EMPTY)
        if number % 10 == 0:
            assert decide(facts, edition, EXPIRED).action != Action.NEED
        if decision.action != Action.NEED:
            continue
        asked += 1
        inquiry = decision.inquiry
        assert inquiry is not None
        state = random_person(chance, inquiry)
        reserved = would_reserve(inquiry, state)
        final = decide(facts, edition, LedgerView(counted(state) if reserved else state))
        assert final.action != Action.NEED
        if inquiry.reserve:
            assert reserved == (final.action == Action.FORWARD), (final.rule, facts.campaign_id, facts.at)
        else:
            assert not reserved
        forwarded += final.action == Action.FORWARD
        refused += final.action == Action.REFUSE
    assert asked > CALLS // 10
    assert forwarded > CALLS // 50
    assert refused > CALLS // 50


def moment_text(chance: random.Random) -> str:
    """An instant, half of them in the hours of prospecting in Paris."""
    at = datetime.fromtimestamp(chance.uniform(FIRST, LAST), UTC)
    if chance.random() < 0.6:
        at = at.replace(hour=chance.choice((9, 14, 15, 16)))
    return at.isoformat()
