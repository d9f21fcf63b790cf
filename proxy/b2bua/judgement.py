"""The decision about one call: what it looks at, what is counted and written down, and which event it is.

`policy.decide` decides; here its question is put with the load and with what the ledger said, and its answer is
counted, recorded and turned into an event of the coupling table. A call whose question the ledger does not answer at once
is parked.
"""

from __future__ import annotations

from proxy.b2bua import coupling as table
from proxy.b2bua import events
from proxy.b2bua.capacity import FREE, UNLIMITED
from proxy.b2bua.outputs import Count, DecisionRecord, Fetch, Release
from proxy.b2bua.state import STATE_DUE, CallState
from proxy.policy.decide import decide, finish
from proxy.policy.decision import PRESENTATION_WORDS, Action, Presentation, Rest
from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import PersonState
from proxy.policy.ledger import EMPTY, LedgerView, Load
from proxy.sip.message import Message


def park(call: CallState, message: Message) -> None:
    """The decision needs the ledger, which may answer at once; else 100 to the platform, `Fetch`, and a deadline."""
    fabric, decision, set_up = call.fabric, call.decision, call.set_up
    if decision is None or decision.inquiry is None or set_up is None:
        return
    inquiry = decision.inquiry
    call.inquiry, call.asked_at = inquiry, fabric.now
    state = fabric.ledger.answer(inquiry)
    if state is not None:
        call.handle(judge(call, message, state, False, decision.rest), message)
        if state.reserved and not call.b_call_id:
            fabric.outputs.append(Release(inquiry))
        return
    call.parked = message
    if call.method == "INVITE":
        fabric.reply(set_up.server, 100, [], b"", message.to_value)
    wait = fabric.topology.limits.decision_timeout
    fabric.outputs.append(Fetch(call.number, inquiry, fabric.now + wait))
    call.start_timer(wait, STATE_DUE)


def judge(
    call: CallState, message: Message, state: PersonState | None, expired: bool, rest: Rest | None = None
) -> int:  # fmt: skip
    """Decide about `message` with what the ledger said (`state`; `expired`: it said nothing in time); the event.

    `rest` is what was left of this very input, if the ledger has answered within it.
    """
    facts, fabric = call.facts, call.fabric
    if facts is None:
        return events.CLOSED
    load = load_of(call, facts)
    held: PersonState | None = None
    if expired and call.inquiry is not None:
        held = fabric.memory.held(call.inquiry)
    view = EMPTY if load is FREE and state is None and not expired else LedgerView(state, load, expired, held)
    before = fabric.stopwatch()
    if rest is None:
        decision = decide(facts, fabric.edition, view)
    else:
        decision = finish(rest, facts, fabric.edition, view)
    if decision.action == Action.FORWARD and decision.presentation != Presentation.UNCHANGED:
        taken = fabric.capacity.begin(call.customer, call.trunk.name, fabric.now)
        call.metered = True
        if taken is not FREE and taken.over:  # another worker was faster
            view = LedgerView(state, taken, expired, held)
            decision = decide(facts, fabric.edition, view)
            if decision.action != Action.FORWARD:
                fabric.capacity.end(call.customer, call.trunk.name)
                call.metered = False
    seconds = fabric.stopwatch() - before
    counters = fabric.counters
    counters.decision_seconds.observe(seconds)
    call.decision = decision
    if decision.action == Action.NEED:
        counters.count_decision("parked", decision.rule)
        return events.PARKED if call.state == table.NEW else events.OVERDUE
    call.decision_id = fabric.ids.decision()
    for rule in decision.warnings:
        counters.count_warning(rule)
    waited = fabric.now - call.asked_at if call.inquiry is not None else 0.0
    fabric.outputs.append(
        DecisionRecord(call.decision_id, fabric.epoch, facts, decision, message.call_id, seconds, view, waited)
    )  # fmt: skip
    _note_attempt(call, decision.action == Action.REFUSE, state, expired)
    if decision.action == Action.REFUSE:
        counters.count_decision("refused", decision.rule)
        return events.REFUSED
    counters.count_decision(PRESENTATION_WORDS[decision.presentation], decision.rule)
    if decision.number is not None:
        fabric.edition.directory.used(decision.number.canonical)
    return events.FORWARDED


def _note_attempt(call: CallState, refused: bool, state: PersonState | None, expired: bool) -> None:
    """Keep the inquiry only while an attempt that it counted may have to be taken back."""
    if call.inquiry is None:
        return
    if refused:
        call.inquiry = None  # whoever asked for it takes it back
    elif expired:
        call.fabric.outputs.append(Count(call.inquiry))
    elif state is None or not state.reserved:
        call.inquiry = None


def load_of(call: CallState, facts: CallFacts) -> Load:
    """What one more call would break of the limits of customer, platform, node, and of every carrier of its way."""
    customer, trunk = facts.customer, call.trunk
    limits = UNLIMITED
    if customer is not None and (customer.calls_per_second or customer.most_calls):
        limits = (customer.calls_per_second, customer.most_calls)
    bounds = UNLIMITED
    if trunk.calls_per_second or trunk.most_calls:
        bounds = (trunk.calls_per_second, trunk.most_calls)
    fabric = call.fabric
    load = fabric.capacity.look(call.customer, limits, trunk.name, bounds, fabric.now)
    if load is FREE and fabric.routing.limited:
        wait = fabric.routing.wait(call.way, fabric.now)
        if wait:
            return Load("trunk", wait)
    return load
