from __future__ import annotations

import pytest

from proxy.policy.asking import Draft
from proxy.policy.checks import HIT, PASS, UNKNOWN_STATE, Check
from proxy.policy.checks_ledger import NOT_READ, CampaignAttemptsCheck, FrequencyCheck, RefusalCheck
from proxy.policy.edition import Edition
from proxy.policy.inquiry import PersonState
from proxy.policy.ledger import EMPTY, LedgerView
from tests.policy.desk import Desk, epoch

LASTING = 739_839  # 2026-08-11


@pytest.mark.parametrize("check", [RefusalCheck(60, 0), FrequencyCheck(4, 30)])
def test_without_the_state_nothing_is_known(desk: Desk, shipped: Edition, check: Check) -> None:
    assert check.by_called_day()
    assert check.judge(desk.facts(), shipped.reference, EMPTY) == UNKNOWN_STATE
    assert check.saw(desk.facts(), shipped.reference, EMPTY) == NOT_READ
    assert check.again(desk.facts(), shipped.reference, EMPTY) == 0.0


@pytest.mark.parametrize(
    ("days", "lasting", "since"),
    [
        (60, 0, "2026-09-24T00:00:00+02:00"),
        (60, LASTING, "2026-08-11T00:00:00+02:00"),
        (0, LASTING, "2026-08-11T00:00:00+02:00"),
        (400, LASTING, "2025-10-19T00:00:00+02:00"),
    ],
)
def test_from_when_refusals_count(desk: Desk, shipped: Edition, days: int, lasting: int, since: str) -> None:
    check = RefusalCheck(days, lasting)
    facts = desk.facts()
    assert check.since(facts, shipped.reference) == epoch(since)
    before = LedgerView(PersonState(refusal_at=epoch(since) - 1))
    at = LedgerView(PersonState(refusal_at=epoch(since)))
    assert check.judge(facts, shipped.reference, before) == PASS
    assert check.judge(facts, shipped.reference, at) == HIT


def test_days_are_those_of_the_called_person(desk: Desk, shipped: Edition) -> None:
    martinique = desk.facts(to="0596000000", at="2026-11-24T03:59:59+00:00")
    assert RefusalCheck(60, 0).since(martinique, shipped.reference) == epoch("2026-09-24T00:00:00-04:00")
    assert FrequencyCheck(4, 30).window_start(martinique, shipped.reference) == epoch("2026-10-25T00:00:00-04:00")
    abroad = desk.facts(to="+442079460000")
    assert FrequencyCheck(4, 30).window_start(abroad, shipped.reference) == epoch("2026-10-25T00:00:00+02:00")


def test_what_is_told_of_a_refusal(desk: Desk, shipped: Edition) -> None:
    check, facts = RefusalCheck(60, 0), desk.facts()
    state = PersonState(refusal_at=facts.at - 86_400, consent_at=facts.at - 3600)
    assert check.saw(facts, shipped.reference, LedgerView(PersonState())) == "no refusal"
    assert check.saw(facts, shipped.reference, LedgerView(state)) == (
        "refused 2026-11-22T11:00:00+01:00, refusals count from 2026-09-24T00:00:00+02:00, consent after it"
    )


@pytest.mark.parametrize(
    ("held", "outcome"),
    [
        (PersonState(refusal_at=1.0), UNKNOWN_STATE),  # too long ago to count
        (PersonState(refusal_at=epoch("2026-11-01T10:00:00+01:00")), HIT),
        (
            PersonState(refusal_at=epoch("2026-11-01T10:00:00+01:00"), consent_at=epoch("2026-11-02T10:00:00+01:00")),
            UNKNOWN_STATE,
        ),
    ],
)
def test_a_remembered_refusal_holds_and_nothing_else_is_remembered(
    desk: Desk, shipped: Edition, held: PersonState, outcome: int
) -> None:
    facts, view = desk.facts(), LedgerView(None, None, True, held)
    assert RefusalCheck(60, 0).judge(facts, shipped.reference, view) == outcome
    assert RefusalCheck(60, 0).saw(facts, shipped.reference, view).startswith("refused ")
    assert FrequencyCheck(4, 30).judge(facts, shipped.reference, view) == UNKNOWN_STATE
    answered = LedgerView(PersonState(), None, False, held)
    assert RefusalCheck(60, 0).judge(facts, shipped.reference, answered) == PASS


@pytest.mark.parametrize(("attempts", "outcome"), [(0, PASS), (3, PASS), (4, HIT), (5, HIT)])
def test_frequency(desk: Desk, shipped: Edition, attempts: int, outcome: int) -> None:
    view = LedgerView(PersonState(attempts=attempts))
    assert FrequencyCheck(4, 30).judge(desk.facts(), shipped.reference, view) == outcome


def test_the_oldest_attempt_leaves_the_window_at_local_midnight(desk: Desk, shipped: Edition) -> None:
    check, facts = FrequencyCheck(4, 30), desk.facts()
    view = LedgerView(PersonState(attempts=4, first_attempt=epoch("2026-10-26T19:30:00+01:00")))
    assert check.again(facts, shipped.reference, view) == epoch("2026-11-25T00:00:00+01:00")
    assert check.saw(facts, shipped.reference, view) == (
        "4 of 4 attempts in 30 days before this one, next leaves 2026-11-25T00:00:00+01:00"
    )


@pytest.mark.parametrize(
    ("attempts", "ago", "outcome", "again_in"),
    [
        (0, 0.0, PASS, 0.0),
        (2, 7200.0, PASS, 0.0),
        (2, 7199.0, HIT, 1.0),
        (3, 86_400.0, HIT, 0.0),
        (3, 60.0, HIT, 0.0),
    ],
)
def test_limits_of_the_campaign(
    desk: Desk, shipped: Edition, attempts: int, ago: float, outcome: int, again_in: float
) -> None:
    check, facts = CampaignAttemptsCheck(), desk.facts(campaign="careful")
    view = LedgerView(PersonState(campaign_attempts=attempts, campaign_last=facts.at - ago if ago else 0.0))
    assert check.judge(facts, shipped.reference, view) == outcome
    if outcome == HIT:
        assert check.again(facts, shipped.reference, view) == (facts.at + again_in if again_in else 0.0)
    assert f"{attempts} of 3 attempts, 7200 s between two" in check.saw(facts, shipped.reference, view)


def test_a_campaign_without_limits_asks_for_nothing(desk: Desk, shipped: Edition) -> None:
    check = CampaignAttemptsCheck()
    for campaign in ("", "spring"):
        facts = desk.facts(campaign=campaign)
        draft = Draft()
        check.ask(facts, shipped.reference, draft, True)
        assert not draft.counts
        assert check.judge(facts, shipped.reference, EMPTY) == PASS
        assert check.saw(facts, shipped.reference, EMPTY) == "no campaign with limits of its own"


def test_a_campaign_with_limits_counts(desk: Desk, shipped: Edition) -> None:
    check, facts = CampaignAttemptsCheck(), desk.facts(campaign="careful")
    assert check.judge(facts, shipped.reference, EMPTY) == UNKNOWN_STATE
    assert check.saw(facts, shipped.reference, EMPTY) == NOT_READ
    draft, warned = Draft(), Draft()
    check.ask(facts, shipped.reference, draft, True)
    check.ask(facts, shipped.reference, warned, False)
    assert (draft.counts, draft.campaign_most, draft.campaign_gap) == (True, 3, 7200.0)
    assert (warned.counts, warned.campaign_most, warned.campaign_gap) == (True, 0, 0.0)
