"""The walk itself; which rule says what on which day stands in tests/cases."""

from __future__ import annotations

import random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.policy.checks_cli import InternationalOriginCheck
from proxy.policy.checks_destination import CustomerSuspendedCheck, CustomerUnknownCheck
from proxy.policy.checks_ledger import FrequencyCheck, RefusalCheck
from proxy.policy.checks_shown import CampaignNumber, DefaultNumber, DisplayMandatory, NoNumber
from proxy.policy.decide import FAIL_SAFE, UNREACHABLE, decide, finish
from proxy.policy.decision import Action, Decision, Presentation
from proxy.policy.directory import METHODS, MODES, PURPOSES
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.inquiry import NO_REFUSAL_RULE, PersonState
from proxy.policy.ledger import EMPTY, EXPIRED, NOTHING_KNOWN, LedgerView, Load
from proxy.policy.ranges import MOBILE_CLASSES
from proxy.policy.rulebook import RuleBook
from tests.policy.desk import Desk, epoch
from tests.policy.shelf import edition_with, rule

FLAG: Final = RefusalCheck(60, 0)
REFUSED: Final = PersonState(refusal_at=epoch("2026-11-20T11:00:00+01:00"))


HIT: Final = CustomerSuspendedCheck()
MASK: Final = InternationalOriginCheck(True)


def hit_facts(desk: Desk) -> CallFacts:
    """A call that HIT hits, with a number that may be shown."""
    return desk.facts(customer="stopped", presented=(("From", "0162200001"),))


def masked_facts(desk: Desk) -> CallFacts:
    """A call that MASK withholds, of a customer with a number that could be shown."""
    return desk.facts(presented=(("From", "0612345678"),), trunk=TrunkFacts("abroad", origin="international"))


def test_without_rules_the_call_goes_on_withheld(desk: Desk, shipped: Edition) -> None:
    decision = decide(desk.facts(), edition_with(shipped), EMPTY)
    assert (decision.action, decision.presentation, decision.rule) == (Action.FORWARD, Presentation.WITHHELD, FAIL_SAFE)


def test_the_first_enforced_hit_is_reported(desk: Desk, shipped: Edition) -> None:
    rules = [
        rule("warned", HIT, mode="warn"),
        rule("first", HIT, status=480, phrase="First", retry_after=7),
        rule("second", HIT),
    ]
    decision = decide(hit_facts(desk), edition_with(shipped, *rules), EMPTY)
    assert (decision.action, decision.rule, decision.status, decision.phrase) == (Action.REFUSE, "first", 480, "First")
    assert (decision.warnings, decision.retry_after, decision.cause) == (("warned",), 7, 31)


@pytest.mark.parametrize(("mode", "warnings"), [("warn", ("r",)), ("off", ())])
def test_a_rule_that_is_not_enforced_refuses_and_withholds_nothing(
    desk: Desk, shipped: Edition, mode: str, warnings: tuple[str, ...]
) -> None:
    show = rule("show", DefaultNumber())
    for facts, check in ((hit_facts(desk), HIT), (masked_facts(desk), MASK)):
        decision = decide(facts, edition_with(shipped, rule("r", check, mode=mode), show), EMPTY)
        assert (decision.action, decision.rule, decision.warnings) == (Action.FORWARD, "show", warnings)


def test_a_mask_withholds_whatever_could_be_shown(desk: Desk, shipped: Edition) -> None:
    edition = edition_with(
        shipped,
        rule("mask", MASK),
        rule("mask.again", MASK),
        rule("show", DefaultNumber()),
        rule("display", DisplayMandatory(), mode="warn"),
    )
    decision = decide(masked_facts(desk), edition, EMPTY)
    assert (decision.rule, decision.presentation, decision.number) == ("mask", Presentation.WITHHELD, None)
    assert decision.warnings == ("display",)


def test_the_first_row_that_offers_a_number_wins(desk: Desk, shipped: Edition) -> None:
    edition = edition_with(
        shipped, rule("nothing", CampaignNumber()), rule("show", DefaultNumber()), rule("none", NoNumber())
    )
    decision = decide(desk.facts(), edition, EMPTY)
    assert decision.rule == "show"
    assert decision.number is not None
    assert decision.number.canonical == "+33162000001"
    assert decision.display == "ACME Conseil"


def test_state_is_asked_for_once_for_all_rules(desk: Desk, shipped: Edition) -> None:
    edition = edition_with(
        shipped,
        rule("refusal.a", FLAG),
        rule("frequency.b", FrequencyCheck(4, 30)),
        rule("refusal.c", RefusalCheck(90, 0), mode="warn"),
    )
    facts = desk.facts(campaign="spring")
    decision = decide(facts, edition, EMPTY)
    assert (decision.action, decision.rule) == (Action.NEED, "refusal.a")
    asked = decision.inquiry
    assert asked is not None
    assert (asked.customer, asked.person, asked.campaign, asked.at) == ("acme", "+33140000000", "spring", facts.at)
    assert (asked.reserve, asked.window_most, asked.consent_needed, asked.slot_needed) == (True, 4, False, False)
    assert asked.window_start == epoch("2026-10-25T00:00:00+02:00")
    assert asked.refusal_since == epoch("2026-09-24T00:00:00+02:00")
    answered = decide(facts, edition, NOTHING_KNOWN)
    assert (answered.action, answered.blind, answered.warnings) == (Action.FORWARD, False, ())
    refused = decide(facts, edition, LedgerView(REFUSED))
    assert (refused.action, refused.rule, refused.inquiry) == (Action.REFUSE, "refusal.a", None)


def test_a_rule_that_only_warns_keeps_no_attempt_from_being_counted(desk: Desk, shipped: Edition) -> None:
    edition = edition_with(
        shipped, rule("refusal.a", FLAG, mode="warn"), rule("frequency.b", FrequencyCheck(4, 30), mode="warn")
    )
    asked = decide(desk.facts(), edition, EMPTY).inquiry
    assert asked is not None
    assert (asked.reserve, asked.window_most, asked.refusal_since) == (True, 0, NO_REFUSAL_RULE)
    state = PersonState(refusal_at=REFUSED.refusal_at, attempts=9, reserved=True)
    decision = decide(desk.facts(), edition, LedgerView(state))
    assert (decision.action, decision.warnings) == (Action.FORWARD, ("refusal.a", "frequency.b"))


def test_a_call_that_is_refused_anyway_asks_for_nothing(desk: Desk, shipped: Edition) -> None:
    asks = rule("refusal.a", FLAG)
    later = edition_with(shipped, asks, rule("later", HIT))
    assert decide(hit_facts(desk), later, EMPTY).rule == "later"
    display = edition_with(shipped, asks, rule("none", NoNumber()), rule("display", DisplayMandatory(), status=433))
    assert decide(desk.facts(), display, EMPTY).status == 433


@pytest.mark.parametrize(
    ("on_unknown", "mode", "action"),
    [
        ("refuse", "enforce", Action.REFUSE),
        ("pass", "enforce", Action.FORWARD),
        ("refuse", "warn", Action.FORWARD),
    ],
)
def test_when_the_store_does_not_answer(
    desk: Desk, shipped: Edition, on_unknown: str, mode: str, action: Action
) -> None:
    edition = edition_with(
        shipped,
        rule("refusal.a", FLAG, on_unknown=on_unknown, mode=mode),
        rule("refusal.b", FLAG, on_unknown="pass"),
        extend=True,
    )
    decision = decide(desk.facts(purpose="service"), edition, EXPIRED)
    assert decision.action == action
    if action == Action.REFUSE:
        assert (decision.rule, decision.status, decision.retry_after) == (UNREACHABLE, 480, 30)
    else:
        assert decision.blind
        assert decision.warnings == (UNREACHABLE,)


def test_another_refusal_is_reported_before_the_store(desk: Desk, shipped: Edition) -> None:
    edition = edition_with(shipped, rule("refusal.a", FLAG), rule("later", HIT))
    assert decide(hit_facts(desk), edition, EXPIRED).rule == "later"


def test_emergency_stands_before_every_other_rule(desk: Desk, shipped: Edition) -> None:
    shuffled = Edition(
        shipped.plan,
        shipped.calendar,
        RuleBook((rule("all", CustomerUnknownCheck()), *reversed(shipped.book.rules))),
        shipped.directory,
        "reversed",
    )
    decision = decide(desk.facts(customer="nobody", to="112"), shuffled, EMPTY)
    assert (decision.action, decision.presentation) == (Action.FORWARD, Presentation.UNCHANGED)
    refusing = TrunkFacts("t", emergency="refuse")
    assert decide(desk.facts(to="112", trunk=refusing), shuffled, EMPTY).rule == "destination.emergency"


TEXTS = st.sampled_from(
    [
        "",
        "anonymous",
        "0612345678",
        "+33692123456",
        "0162000001",
        "0424100001",
        "0140000010",
        "0140000099",
        "0939000001",
        "118218",
        "+442079460000",
        "0899123456",
        "0163000001",
        "15",
        "+33590123456",
        "07001234567890",
    ]
) | st.text(max_size=12)
CALLED = st.sampled_from(
    [
        "0140000000",
        "0596000000",
        "0262000000",
        "0508411234",
        "0612345678",
        "15",
        "0033112",
        "3949",
        "0899123456",
        "0710000000",
        "+442079460000",
        "+687251234",
        "014000000",
        "",
        "36123",
    ]
) | st.text(max_size=12)
TRUNKS = st.builds(
    TrunkFacts,
    st.just("t"),
    origin=st.sampled_from(["national", "international"]),
    emergency=st.sampled_from(["pass", "refuse"]),
    unopened=st.sampled_from(["pass", "refuse"]),
    allowed_classes=st.sampled_from([frozenset[str](), frozenset({"geo"}), frozenset({"geo", "foreign", "mobile"})]),
    profile=st.sampled_from(["law", "strict"]),
)
HEADERS = st.sampled_from(["From", "P-Asserted-Identity", "Diversion"])


@st.composite
def any_facts(draw: st.DrawFn, edition: Edition) -> CallFacts:
    """Facts of any call, sensible or not."""
    return gather(
        edition,
        draw(TRUNKS),
        draw(
            st.sampled_from(["acme", "medirappel", "sonda", "nonumber", "stopped", "newcomer", "lapsed", "nobody", ""])
        ),
        draw(st.sampled_from(["", "spring", "local", "mornings", "agents", "desk", "nothing"])),
        draw(st.sampled_from(["", *PURPOSES])),
        draw(st.sampled_from(["", *MODES])),
        draw(st.sampled_from(METHODS)),
        draw(st.lists(st.tuples(HEADERS, TEXTS), max_size=3)),
        draw(CALLED),
        draw(st.floats(epoch("2018-01-01T00:00:00Z"), epoch("2040-01-01T00:00:00Z"))),
        draw(st.booleans()),
    )


@settings(max_examples=300)
@given(st.data())
def test_decide_is_total_and_the_order_of_gates_never_changes_the_verdict(
    shipped: Edition, data: st.DataObject
) -> None:
    facts = data.draw(any_facts(shipped))
    decision = decide(facts, shipped, EMPTY)
    again = decide(facts, shipped, EMPTY)
    assert repr(again) == repr(decision)
    assert decision.rule
    assert (decision.action == Action.REFUSE) == (decision.status >= 400)
    rules = list(shipped.book.rules)
    random.Random(data.draw(st.integers(0, 9))).shuffle(rules)
    rules.sort(key=lambda found: found.id.startswith("presentation.") and rules_order(shipped, found.id))
    shuffled = edition_with(shipped, *rules)
    assert decide(facts, shuffled, EMPTY).action == decision.action


def rules_order(edition: Edition, rule_id: str) -> int:
    """The place of a presentation row, which the shuffle leaves in order."""
    return 1 + [found.id for found in edition.book.rules].index(rule_id)


@settings(max_examples=300)
@given(st.data())
def test_what_is_shown_is_the_customers_and_never_mobile(shipped: Edition, data: st.DataObject) -> None:
    facts = data.draw(any_facts(shipped))
    decision = decide(facts, shipped, EMPTY)
    if decision.action == Action.FORWARD and decision.presentation == Presentation.NPV:
        assert decision.number is not None
        assert decision.number.cls not in MOBILE_CLASSES
        assert shipped.directory.held(decision.number.canonical, facts.customer_id, facts.paris_day)
    else:
        assert decision.number is None
    if decision.presentation == Presentation.UNCHANGED:
        assert decision.rule == "destination.emergency"


def told(decision: Decision) -> tuple[object, ...]:
    number = decision.number.canonical if decision.number is not None else ""
    return (
        repr(decision), decision.phrase, number, decision.display, decision.warnings, decision.next_opening,
        decision.retry_after, decision.cause, decision.blind,
    )  # fmt: skip


@settings(max_examples=300)
@given(st.data())
def test_the_rest_of_a_decision_is_what_the_whole_would_be(shipped: Edition, data: st.DataObject) -> None:
    purpose, mode = data.draw(st.sampled_from(["prospecting_consumer", "b2b"])), data.draw(st.sampled_from(MODES))
    at = data.draw(st.floats(epoch("2026-08-12T06:00:00Z"), epoch("2026-12-31T20:00:00Z")))
    shown = [("From", data.draw(st.sampled_from(["+33162000001", "+33612345678", "anonymous"])))]
    campaign = data.draw(st.sampled_from(["", "spring", "agents", "follow-up", "nothing"]))
    facts = gather(
        shipped, TrunkFacts("t"), "acme", campaign, purpose, mode, "INVITE", shown, "+33140000000", at, False
    )
    first = decide(facts, shipped, EMPTY)
    assert first.rest is None or first.action == Action.NEED
    if first.rest is None:
        return
    instants = st.sampled_from([0.0, at - 70 * 86_400, at - 3600, at - 10, at + 3600])
    counts = st.integers(0, 5)
    draw = data.draw
    state = PersonState(
        draw(instants), draw(instants), draw(instants), "", draw(instants), draw(instants),
        draw(counts), draw(instants), draw(instants), draw(counts), draw(instants), True, draw(instants),
    )  # fmt: skip
    load = draw(st.sampled_from([None, Load(), Load("customer", 3), Load("trunk", 1), Load("node", 2)]))
    for view in (LedgerView(state, load), LedgerView(None, load), NOTHING_KNOWN):
        assert told(finish(first.rest, facts, shipped, view)) == told(decide(facts, shipped, view))
    other = edition_with(shipped, rule("all", CustomerUnknownCheck()))
    assert told(finish(first.rest, facts, other, NOTHING_KNOWN)) == told(decide(facts, other, NOTHING_KNOWN))


def test_a_call_that_is_warned_about_or_withheld_leaves_no_rest(desk: Desk, shipped: Edition) -> None:
    warned = edition_with(shipped, rule("warned", HIT, mode="warn"), rule("asks", FrequencyCheck(3, 30)))
    masked = edition_with(shipped, rule("mask", MASK), rule("asks", FrequencyCheck(3, 30)))
    plain = edition_with(shipped, rule("asks", FrequencyCheck(3, 30)))
    assert decide(hit_facts(desk), warned, EMPTY).rest is None
    assert decide(masked_facts(desk), masked, EMPTY).rest is None
    assert decide(desk.facts(), plain, EMPTY).rest is not None
