"""How a record becomes a line of the journal, and what of it is masked.

Masked are the called number and presented numbers that nobody in the directory holds (`+336xxxxxx78`): a line proves
what was decided without telling who was called. Numbers of customers stay whole, as do NPV: they are what the line is
about.
`whole` lines are for the restricted file only.

Lines are as `msgspec` would write the shapes of `record_shapes`, and a test holds them to that; but what repeats from
call to call is put in as it was encoded before (`record_pieces`), which takes a third of the time.
"""

from __future__ import annotations

from time import time
from typing import Final, TypeAlias, final

import msgspec

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault
from proxy.policy.call_back import UNKNOWN, is_call_back
from proxy.policy.directory import Directory
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, Presented
from proxy.policy.inquiry import PersonState
from proxy.runtime.record_pieces import LONGEST_TEXT, Instants, Pieces
from proxy.runtime.record_shapes import FaultLine, LoadLine, StateLine, utc

KEPT_HEAD: Final = 4  # `+336`, `+590`: the country, and in mainland France the class of number
KEPT_TAIL: Final = 2
NOT_PERSONAL: Final = 6  # digits: short numbers are services, not persons
NO_PERSON: Final = frozenset({"npv", "npuept"})  # classes that are given to companies only
DECISION: Final = (
    b'{"record":"decision","id":%b,"time":"%b","instant":%b,"local_time":%b,"node":%b,"call_id":%b,%b,"presented":[%b],'
    b'"called":%b,%b,"state":%b,"load":%b,"expired":%b,%b,"shown":%b,"display":%b,%b,"retry_after":%d,"next_opening":%b,'
    b'%b,"seconds":%b,"waited":%b,"held":%b}'
)
CALL: Final = (
    b'{"record":"call","decision":%b,"node":%b,"started":"%b","ringing":"%b","answered":"%b","ended":"%b","seconds":%b,'
    b'"customer":%b,"campaign":%b,"trunk":%b,"carrier":%b,"called":%b,"status":%d,"ended_by":%b,"reason":%b,'
    b'"a_call_id":%b,"b_call_id":%b,"direction":%b}'
)
NULL: Final = b"null"
TRUTH: Final = (b"false", b"true")

Record: TypeAlias = DecisionRecord | CallRecord | Fault


@final
class Lines:
    """Turns records into lines; one for each writer, for the encoder keeps a buffer."""

    def __init__(self, node: str, whole: bool = False) -> None:
        self._node: Final = node
        self._whole: Final = whole
        self._encode: Final = msgspec.json.Encoder().encode
        self._node_piece: Final = self._encode(node)
        self._pieces: Final = Pieces(self._encode)
        self._instants: Final = Instants()

    def line(self, record: Record, edition: Edition) -> bytes:
        """One JSON object, not yet chained. `edition` is the one that decided."""
        if isinstance(record, DecisionRecord):
            self._pieces.use(edition)
            return self._decision(record, edition)
        if isinstance(record, CallRecord):
            return self._call(record)
        return self._encode(FaultLine(utc(time()), self._node, text_of(record.call_id), record.text))

    def _decision(self, record: DecisionRecord, edition: Edition) -> bytes:
        facts, decision, ledger = record.facts, record.decision, record.ledger
        encode, pieces = self._encode, self._pieces
        state, load, held, number, moment = ledger.state, ledger.load, ledger.held, decision.number, facts.moment
        called = called_text(facts)
        acted, ruled, told = pieces.verdict(facts, decision, edition, ledger)
        return DECISION % (
            encode(record.id),
            self._instants.utc(record.at),
            encode(facts.at),
            b'""' if moment is None else encode(moment.iso()),
            self._node_piece,
            encode(text_of(record.a_call_id)),
            pieces.caller(facts),
            b",".join([self._identity(shown, edition.directory) for shown in facts.presented]),
            encode(called if self._whole or is_ours(record) else masked(called)),
            pieces.called(facts.called),
            NULL if state is None else encode(state_line(state)),
            NULL if load is None else encode(LoadLine(load.over, load.retry_after)),
            TRUTH[ledger.expired],
            acted,
            b'""' if number is None else encode(number.canonical),
            encode(decision.display),
            ruled,
            decision.retry_after,
            encode(decision.next_opening),
            told,
            encode(round(record.seconds, 7)),
            encode(round(record.waited, 6)),
            NULL if held is None else encode(state_line(held)),
        )

    def _identity(self, shown: Presented, directory: Directory) -> bytes:
        """The number in its one form and what the rules know of it, or what was written when it is none."""
        number, encode = shown.number, self._encode
        if number is None:
            text = shown.text[:LONGEST_TEXT]
            written = encode(text if self._whole else masked(text))
            return b'{"source":%b,"number":%b,"number_class":""}' % (encode(shown.source), written)
        whole = self._whole or number.cls in NO_PERSON or bool(directory.entries(number.canonical))
        return b'{"source":%b,"number":%b,%b}' % (
            encode(shown.source),
            encode(number.canonical if whole else masked(number.canonical)),
            self._pieces.shown(number),
        )

    def _call(self, record: CallRecord) -> bytes:
        encode, utc_of, answered = self._encode, self._instants.utc, record.answered_at
        called = record.called if self._whole or record.direction == "back" else masked(record.called)
        return CALL % (
            encode(record.decision_id),
            self._node_piece,
            utc_of(record.started),
            utc_of(record.ringing_at),
            utc_of(answered),
            utc_of(record.ended_at),
            encode(round(record.ended_at - answered, 3) if answered else 0.0),
            encode(record.customer[:LONGEST_TEXT]),
            encode(record.campaign[:LONGEST_TEXT]),
            encode(record.trunk),
            encode(record.carrier),
            encode(called),
            record.status,
            encode(record.ended_by),
            encode(record.reason[:LONGEST_TEXT]),
            encode(text_of(record.a_call_id)),
            encode(text_of(record.b_call_id)),
            encode(record.direction),
        )


def state_line(state: PersonState) -> StateLine:
    """What the store answered, or what is remembered."""
    return StateLine(
        state.refusal_at, state.consent_at, state.consent_until, state.consent_id, state.slot_from, state.slot_until,
        state.slot_at, state.attempts, state.first_attempt, state.last_attempt, state.campaign_attempts,
        state.campaign_last, state.reserved,
    )  # fmt: skip


def is_ours(record: DecisionRecord) -> bool:
    """Is the called number one that a customer holds, and was called back?"""
    return is_call_back(record.decision.rule) and record.decision.rule != UNKNOWN


def called_text(facts: CallFacts) -> str:
    """The called number, or what stood in its place."""
    return facts.called_text[:LONGEST_TEXT] if facts.called is None else facts.called.canonical


def masked(number: str) -> str:
    """`+33612345678` -> `+336xxxxxx78`; a short number or a text without digits stays."""
    if len(number) <= NOT_PERSONAL or not (number[-1].isdigit() or any(map(str.isdigit, number))):
        return number
    return number[:KEPT_HEAD] + "x" * (len(number) - KEPT_HEAD - KEPT_TAIL) + number[-KEPT_TAIL:]


def text_of(wire: bytes) -> str:
    """Wire bytes as text; one character for each byte."""
    return wire.decode("latin-1")
