from __future__ import annotations

import pytest

from proxy.policy.decision import ACTION_WORDS, PRESENTATION_WORDS, Action, Presentation, forward, need, refuse
from proxy.policy.inquiry import Inquiry


def test_the_words_stand_in_the_order_of_the_numbers() -> None:
    assert [ACTION_WORDS[action] for action in Action] == ["forward", "refuse", "need"]
    assert [PRESENTATION_WORDS[presentation] for presentation in Presentation] == [
        "npv", "withheld", "unchanged", "caller",
    ]  # fmt: skip


@pytest.mark.parametrize(("status", "cause"), [(403, 21), (433, 21), (404, 21), (484, 21), (480, 31)])
def test_cause_of_a_refusal(status: int, cause: int) -> None:
    decision = refuse("some.rule", status, "Refused", ("a.warning",), 12.0, 34)
    assert decision.action == Action.REFUSE
    assert (decision.cause, decision.status, decision.rule, decision.phrase) == (cause, status, "some.rule", "Refused")
    assert (decision.warnings, decision.next_opening, decision.retry_after) == (("a.warning",), 12.0, 34)
    assert decision.number is None


def test_forward_and_need() -> None:
    forwarded = forward("some.rule", Presentation.WITHHELD, None, "", (), True)
    assert (forwarded.action, forwarded.status, forwarded.blind) == (Action.FORWARD, 0, True)
    inquiry = Inquiry("acme", "+33140000000", "", "call-1", 0.0)
    needed = need("some.rule", inquiry, ())
    assert (needed.action, needed.inquiry, needed.number) == (Action.NEED, inquiry, None)
    assert repr(needed) == "Decision(need 0 some.rule withheld)"
