from __future__ import annotations

from proxy.policy.asking import Draft
from proxy.policy.inquiry import NO_REFUSAL_RULE
from tests.policy.desk import Desk


def test_an_untouched_draft_asks_for_nothing_and_counts_nothing(desk: Desk) -> None:
    asked = Draft().inquiry(desk.facts(campaign="spring"))
    assert (asked.person, asked.campaign) == ("+33140000000", "spring")
    assert (asked.reserve, asked.refusal_since, asked.consent_needed) == (False, NO_REFUSAL_RULE, False)


def test_the_strictest_condition_holds(desk: Desk) -> None:
    draft = Draft()
    for since in (200.0, 100.0, 300.0):
        draft.heed_refusals(since)
        draft.need_consent(since)
    asked = draft.inquiry(desk.facts())
    assert (asked.refusal_since, asked.consent_needed, asked.consent_since) == (100.0, True, 300.0)


def test_a_refusal_before_the_epoch_still_forbids(desk: Desk) -> None:
    draft = Draft()
    draft.heed_refusals(-5.0)
    assert draft.inquiry(desk.facts()).refusal_since == 0.0


def test_attempts_that_are_no_solicitation_have_a_ledger_of_their_own(desk: Desk) -> None:
    draft = Draft()
    assert draft.inquiry(desk.facts(campaign="spring")).customer == "acme/spring"
    draft.personal = True
    assert draft.inquiry(desk.facts(campaign="spring")).customer == "acme"


def test_a_called_text_that_is_no_number_stands_for_itself(desk: Desk) -> None:
    assert Draft().inquiry(desk.facts(to="nobody")).person == "nobody"
