"""A person calls a number back: what becomes of an INVITE that a carrier sends to a number of the directory.

`policy.call_back` says where the number leads, `back_ways` over which trunk, `back_leg` what the callee is shown. From
there on it is a call as any other: the A leg faces whoever calls, here the carrier, the B leg whoever is called. It is
no prospecting, so no rule of the book is asked and no attempt counted; the limits of the node hold, and the
outcome is written down as a decision under a rule id of its own.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua.back_leg import BackLeg, diverting, is_withheld
from proxy.b2bua.outputs import DecisionRecord
from proxy.b2bua.state import CallState
from proxy.policy import call_back as policy
from proxy.policy.call_back import CallBack
from proxy.policy.decision import Presentation, forward
from proxy.policy.decision import refuse as refused
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.gather import gather
from proxy.sip.message import Message, ParseError
from proxy.sip.uri import parse_uri, subscriber

PURPOSE: Final = "service"  # of the record: nobody prospects
MODE: Final = "manual"


def forwarded(call: CallState, message: Message, called: str) -> bool:
    """Settle where the call goes and write it down; False: it was refused, and answered."""
    fabric = call.fabric
    edition = fabric.edition
    call.a.hop = call.a.hop.of(call.trunk.name)  # our requests to the caller are requests to a carrier
    day = edition.calendar.paris_day(fabric.epoch)
    before = fabric.stopwatch()
    chosen = policy.choose(edition.plan, edition.directory, called, day, fabric.back_ways.own)
    customer = chosen.entry.customer if chosen.entry is not None else ""
    rule, wait = chosen.rule, 0
    if rule == policy.FORWARDED:
        call.hops -= chosen.steps - 1
        call.way = way_of(call, chosen, customer)
        rule, wait = hindrance(call, message, chosen, edition, day)
    facts = call.facts = facts_of(call, message, called, customer)
    call.customer = customer
    call.called = facts.called.canonical if facts.called is not None else facts.called_text
    withheld = is_withheld(message, call.shown[0][1])
    status, phrase, _, _, _ = policy.OUTCOMES[rule]
    if rule == policy.FORWARDED:
        shown = Presentation.WITHHELD if withheld else Presentation.CALLER
        call.decision = forward(rule, shown, None, "", (), False)
    else:
        call.decision = refused(rule, status, phrase, (), 0.0, wait)
    seconds = fabric.stopwatch() - before
    call.decision_id = fabric.ids.decision()
    fabric.outputs.append(
        DecisionRecord(call.decision_id, fabric.epoch, facts, call.decision, message.call_id, seconds)
    )  # fmt: skip
    fabric.counters.count_call_back(rule)
    if rule != policy.FORWARDED or chosen.called is None:
        call.final(status, "proxy", rule, wait)
        return False
    _prepare(call, chosen, facts)
    return True


def way_of(call: CallState, chosen: CallBack, customer: str) -> str:
    """The way to the target; empty when there is none."""
    ways = call.fabric.back_ways
    if chosen.number is not None:
        return ways.to_number(customer, call.trunk.name)
    try:
        parse_uri(chosen.uri.encode("utf-8"))
    except ParseError:
        return ""
    return ways.to_host(chosen.uri, customer)


def hindrance(
    call: CallState, message: Message, chosen: CallBack, edition: Edition, day: int
) -> tuple[str, int]:  # fmt: skip
    """The outcome when the target is known, and the Retry-After of a full node."""
    if chosen.called is not None:
        for text in diverting(message):
            number = edition.plan.number(text, day)
            if number is not None and number.canonical == chosen.called.canonical:
                return policy.RING, 0
    if call.hops < 0:
        return policy.HOPS, 0
    if not call.way:
        return policy.NO_WAY, 0
    wait = call.fabric.capacity.node.wait(call.fabric.now)
    return (policy.CAPACITY, wait) if wait else (policy.FORWARDED, 0)


def facts_of(call: CallState, message: Message, called: str, customer: str) -> CallFacts:
    """The facts for the record: a service call by hand, of whoever holds the number."""
    fabric = call.fabric
    shown = [(source, subscriber(address.uri)) for source, address in call.shown]
    return gather(
        fabric.edition, call.trunk.facts, customer, "", PURPOSE, MODE, "INVITE", shown, called, fabric.epoch, False
    )  # fmt: skip


def _prepare(call: CallState, chosen: CallBack, facts: CallFacts) -> None:
    """The called leg, and what of it the caller must not see."""
    fabric, called = call.fabric, chosen.called
    if called is None:
        return
    addresses = [address for _, address in call.shown]
    back = call.back = BackLeg(called, chosen.number, chosen.uri.encode("utf-8"), facts, addresses)
    if chosen.number is None:
        pool = fabric.routing.pools.get(call.way)
        call.a_secrets = back.guarded([gateway.hop.host for gateway in pool.gateways] if pool is not None else [])
    fabric.capacity.node.take(fabric.now)
    call.metered = True
