"""How a record becomes a line of the journal, and what of it is masked.

Masked are the called number and presented numbers that nobody in the directory holds (`+336xxxxxx78`): a line proves
what was decided without telling who was called. Numbers of customers stay whole, as do NPV: they are what the line is
about.
`whole` lines are for the restricted file only.
"""

from __future__ import annotations

from time import time
from typing import Final, TypeAlias, final

import msgspec

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault
from proxy.policy.call_back import UNKNOWN, is_call_back
from proxy.policy.decision import ACTION_WORDS, PRESENTATION_WORDS, Action
from proxy.policy.directory import Directory
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, Presented, TrunkFacts
from proxy.policy.inquiry import PersonState
from proxy.policy.numbers import Number
from proxy.runtime.record_shapes import (
    ALLOCATED,
    LENGTH_LONG,
    LENGTH_RIGHT,
    LENGTH_SHORT,
    CallLine,
    DecisionLine,
    FaultLine,
    Identity,
    LoadLine,
    StateLine,
    TrunkLine,
    utc,
)
from proxy.runtime.rule_trail import Trail

KEPT_HEAD: Final = 4  # `+336`, `+590`: the country, and in mainland France the class of number
KEPT_TAIL: Final = 2
NOT_PERSONAL: Final = 6  # digits: short numbers are services, not persons
NO_PERSON: Final = frozenset({"npv", "npuept"})  # classes that are given to companies only
LONGEST_TEXT: Final = 64  # what a peer wrote is kept only this far

Record: TypeAlias = DecisionRecord | CallRecord | Fault


@final
class Lines:
    """Turns records into lines; one for each writer, for the encoder keeps a buffer."""

    def __init__(self, node: str, whole: bool = False) -> None:
        self._node: Final = node
        self._whole: Final = whole
        self._encoder: Final = msgspec.json.Encoder()
        self._trail: Final = Trail()

    def line(self, record: Record, edition: Edition) -> bytes:
        """One JSON object, not yet chained. `edition` is the one that decided."""
        shape: DecisionLine | CallLine | FaultLine
        if isinstance(record, DecisionRecord):
            shape = self._decision(record, edition)
        elif isinstance(record, CallRecord):
            shape = self._call(record)
        else:
            shape = FaultLine(utc(time()), self._node, text_of(record.call_id), record.text)
        return self._encoder.encode(shape)

    def _decision(self, record: DecisionRecord, edition: Edition) -> DecisionLine:
        facts, decision, ledger = record.facts, record.decision, record.ledger
        called = facts.called
        forwarded = decision.action == Action.FORWARD
        return DecisionLine(
            id=record.id,
            time=utc(record.at),
            instant=facts.at,
            local_time="" if facts.moment is None else facts.moment.iso(),
            node=self._node,
            call_id=text_of(record.a_call_id),
            customer=facts.customer_id[:LONGEST_TEXT],
            campaign=facts.campaign_id[:LONGEST_TEXT],
            purpose=facts.purpose,
            mode=facts.mode,
            method=facts.method,
            attested=facts.attested,
            trunk=facts.trunk.name,
            trunk_facts=trunk_line(facts.trunk),
            presented=[identity(shown, edition.directory, self._whole) for shown in facts.presented],
            called=called_text(facts) if self._whole or is_ours(record) else masked(called_text(facts)),
            called_class="" if called is None else called.cls,
            territory="" if called is None else called.territory,
            called_zone="" if called is None else called.zone,
            called_range="" if called is None else called.status,
            called_length="" if called is None else length_of(called),
            called_repaired=called is not None and called.repaired,
            state=state_line(ledger.state),
            load=None if ledger.load is None else LoadLine(ledger.load.over, ledger.load.retry_after),
            expired=ledger.expired,
            action=ACTION_WORDS[decision.action],
            presentation=PRESENTATION_WORDS[decision.presentation] if forwarded else "",
            shown="" if decision.number is None else decision.number.canonical,
            display=decision.display,
            rule=decision.rule,
            status=decision.status,
            phrase=decision.phrase,
            retry_after=decision.retry_after,
            next_opening=decision.next_opening,
            warnings=decision.warnings,
            rules=self._trail.walked(facts, decision, edition, ledger),
            blind=decision.blind,
            revision=edition.revision,
            seconds=round(record.seconds, 7),
            waited=round(record.waited, 6),
            held=state_line(ledger.held),
        )

    def _call(self, record: CallRecord) -> CallLine:
        return CallLine(
            decision=record.decision_id,
            node=self._node,
            started=utc(record.started),
            ringing=utc(record.ringing_at),
            answered=utc(record.answered_at),
            ended=utc(record.ended_at),
            seconds=round(record.ended_at - record.answered_at, 3) if record.answered_at else 0.0,
            customer=record.customer[:LONGEST_TEXT],
            campaign=record.campaign[:LONGEST_TEXT],
            trunk=record.trunk,
            carrier=record.carrier,
            called=record.called if self._whole or record.direction == "back" else masked(record.called),
            status=record.status,
            ended_by=record.ended_by,
            reason=record.reason[:LONGEST_TEXT],
            a_call_id=text_of(record.a_call_id),
            b_call_id=text_of(record.b_call_id),
            direction=record.direction,
        )


def identity(shown: Presented, directory: Directory, whole: bool) -> Identity:
    """The number in its one form and what the rules know of it, or what was written when it is none."""
    number = shown.number
    if number is None:
        text = shown.text[:LONGEST_TEXT]
        return Identity(shown.source, text if whole else masked(text), "")
    whole = whole or number.cls in NO_PERSON or bool(directory.entries(number.canonical))
    return Identity(
        shown.source,
        number.canonical if whole else masked(number.canonical),
        number.cls,
        number.territory,
        number.zone,
        ALLOCATED if number.status == ALLOCATED else number.status,
        length_of(number),
        number.repaired,
    )


def length_of(number: Number) -> str:
    """`right`, `short` or `long`: the count of digits against the plan."""
    if number.complete:
        return LENGTH_RIGHT
    return LENGTH_SHORT if number.too_short else LENGTH_LONG


def trunk_line(trunk: TrunkFacts) -> TrunkLine:
    """The trunk as rules see it."""
    return TrunkLine(trunk.origin, trunk.emergency, trunk.unopened, trunk.profile, sorted(trunk.allowed_classes))


def state_line(state: PersonState | None) -> StateLine | None:
    """What the store answered, or what is remembered; None when it was not asked, or is not."""
    if state is None:
        return None
    return StateLine(
        refusal_at=state.refusal_at,
        consent_at=state.consent_at,
        consent_until=state.consent_until,
        consent_id=state.consent_id,
        slot_from=state.slot_from,
        slot_until=state.slot_until,
        slot_at=state.slot_at,
        attempts=state.attempts,
        first_attempt=state.first_attempt,
        last_attempt=state.last_attempt,
        campaign_attempts=state.campaign_attempts,
        campaign_last=state.campaign_last,
        reserved=state.reserved,
    )


def is_ours(record: DecisionRecord) -> bool:
    """Is the called number one that a customer holds, and was called back?"""
    return is_call_back(record.decision.rule) and record.decision.rule != UNKNOWN


def called_text(facts: CallFacts) -> str:
    """The called number, or what stood in its place."""
    return facts.called_text[:LONGEST_TEXT] if facts.called is None else facts.called.canonical


def masked(number: str) -> str:
    """`+33612345678` -> `+336xxxxxx78`; a short number or a text without digits stays."""
    if len(number) <= NOT_PERSONAL or not any(map(str.isdigit, number)):
        return number
    return number[:KEPT_HEAD] + "x" * (len(number) - KEPT_HEAD - KEPT_TAIL) + number[-KEPT_TAIL:]


def text_of(wire: bytes) -> str:
    """Wire bytes as text; one character for each byte."""
    return wire.decode("latin-1")
