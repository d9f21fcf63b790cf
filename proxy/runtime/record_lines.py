"""How a record reads in the journal: the fields of each kind of line, and which of them are masked.

The fields are the public face of the journal; `config/README.md` lists them and a test compares. The called number is
masked (`+336xxxxxx78`): a line proves what was decided without telling who was called.
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import time
from typing import Final, final

import msgspec

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault
from proxy.policy.decision import ACTION_WORDS, PRESENTATION_WORDS, Action
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, Presented
from proxy.runtime.rule_trail import Trail

KEPT_HEAD: Final = 4  # `+336`, `+590`: the country, and in mainland France the class of number
KEPT_TAIL: Final = 2
NOT_PERSONAL: Final = 6  # digits: short numbers are services, not persons
LONGEST_TEXT: Final = 64  # what a peer wrote is kept only this far


class Identity(msgspec.Struct):
    """One identity that the request presented."""

    source: str
    number: str
    number_class: str


class DecisionLine(msgspec.Struct, tag_field="record", tag="decision"):
    """One decision. `seconds` is the time it took; `revision` names the edition, so that it can be replayed."""

    id: str
    time: str
    local_time: str
    node: str
    call_id: str
    customer: str
    campaign: str
    purpose: str
    mode: str
    method: str
    trunk: str
    presented: list[Identity]
    called: str
    called_class: str
    territory: str
    action: str
    presentation: str
    shown: str
    display: str
    rule: str
    status: int
    phrase: str
    retry_after: int
    warnings: tuple[str, ...]
    rules: list[str]
    blind: bool
    revision: str
    seconds: float


class CallLine(msgspec.Struct, tag_field="record", tag="call"):
    """One ended call. A time that never came is an empty text; `seconds` counts from the answer to the end."""

    decision: str
    node: str
    started: str
    ringing: str
    answered: str
    ended: str
    seconds: float
    customer: str
    campaign: str
    trunk: str
    carrier: str
    called: str
    status: int
    ended_by: str
    reason: str
    a_call_id: str
    b_call_id: str


class FaultLine(msgspec.Struct, tag_field="record", tag="fault"):
    """One defect of ours."""

    time: str
    node: str
    call_id: str
    text: str


@final
class Lines:
    """Turns records into lines; one for each writer, for the encoder keeps a buffer."""

    def __init__(self, node: str) -> None:
        self._node: Final = node
        self._encoder: Final = msgspec.json.Encoder()
        self._trail: Final = Trail()

    def line(self, record: DecisionRecord | CallRecord | Fault, edition: Edition) -> bytes:
        """One line with its end. `edition` is the one that decided."""
        shape: DecisionLine | CallLine | FaultLine
        if isinstance(record, DecisionRecord):
            shape = self._decision(record, edition)
        elif isinstance(record, CallRecord):
            shape = self._call(record)
        else:
            shape = FaultLine(utc(time()), self._node, text_of(record.call_id), record.text)
        return self._encoder.encode(shape) + b"\n"

    def _decision(self, record: DecisionRecord, edition: Edition) -> DecisionLine:
        facts, decision = record.facts, record.decision
        forwarded = decision.action == Action.FORWARD
        return DecisionLine(
            id=record.id,
            time=utc(record.at),
            local_time="" if facts.moment is None else facts.moment.iso(),
            node=self._node,
            call_id=text_of(record.a_call_id),
            customer=facts.customer_id[:LONGEST_TEXT],
            campaign=facts.campaign_id[:LONGEST_TEXT],
            purpose=facts.purpose,
            mode=facts.mode,
            method=facts.method,
            trunk=facts.trunk.name,
            presented=[identity(shown) for shown in facts.presented],
            called=called_masked(facts),
            called_class="" if facts.called is None else facts.called.cls,
            territory="" if facts.called is None else facts.called.territory,
            action=ACTION_WORDS[decision.action],
            presentation=PRESENTATION_WORDS[decision.presentation] if forwarded else "",
            shown="" if decision.number is None else decision.number.canonical,
            display=decision.display,
            rule=decision.rule,
            status=decision.status,
            phrase=decision.phrase,
            retry_after=decision.retry_after,
            warnings=decision.warnings,
            rules=self._trail.walked(facts, decision, edition),
            blind=decision.blind,
            revision=edition.revision,
            seconds=round(record.seconds, 7),
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
            called=masked(record.called),
            status=record.status,
            ended_by=record.ended_by,
            reason=record.reason[:LONGEST_TEXT],
            a_call_id=text_of(record.a_call_id),
            b_call_id=text_of(record.b_call_id),
        )


def identity(shown: Presented) -> Identity:
    """The number in its one form, or what was written when it is none."""
    if shown.number is None:
        return Identity(shown.source, shown.text[:LONGEST_TEXT], "")
    return Identity(shown.source, shown.number.canonical, shown.number.cls)


def called_masked(facts: CallFacts) -> str:
    """The called number, or what stood in its place, masked."""
    return masked(facts.called_text[:LONGEST_TEXT] if facts.called is None else facts.called.canonical)


def masked(number: str) -> str:
    """`+33612345678` -> `+336xxxxxx78`; a short number or a text without digits stays."""
    if len(number) <= NOT_PERSONAL or not any(map(str.isdigit, number)):
        return number
    return number[:KEPT_HEAD] + "x" * (len(number) - KEPT_HEAD - KEPT_TAIL) + number[-KEPT_TAIL:]


def utc(at: float) -> str:
    """`2026-11-23T10:00:00.123Z`, or nothing for 0."""
    if not at:
        return ""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def text_of(wire: bytes) -> str:
    """Wire bytes as text; one character for each byte."""
    return wire.decode("latin-1")
