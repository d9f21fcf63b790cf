"""How a record becomes a line of the journal, and what of it is masked.

Masked are the called number and presented numbers that nobody in the directory holds (`+336xxxxxx78`): a line proves
what was decided without telling who was called. Numbers of customers stay whole, as do NPV: they are what the line is
about.
`whole` lines are for the restricted file only.

Lines are as `msgspec` would write the shapes of `record_shapes`, and a test holds them to that; but what repeats from
call to call is put in as it was encoded before (`record_pieces`), and the encoder is called once for each line.
"""

from __future__ import annotations

from time import time
from typing import Final, TypeAlias, final

import msgspec
from msgspec import Raw

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault
from proxy.policy.call_back import UNKNOWN, is_call_back
from proxy.policy.directory import Directory
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, Presented
from proxy.policy.inquiry import PersonState
from proxy.policy.numbers import Number
from proxy.runtime.record_pieces import LONGEST_TEXT, Instants, Pieces
from proxy.runtime.record_shapes import CallLine, DecisionParts, FaultLine, LoadLine, StateLine, utc

KEPT_HEAD: Final = 4  # `+336`, `+590`: the country, and in mainland France the class of number
KEPT_TAIL: Final = 2
NOT_PERSONAL: Final = 6  # digits: short numbers are services, not persons
NO_PERSON: Final = frozenset({"npv", "npuept"})  # classes that are given to companies only
TENTH_MICROS: Final = 1e7  # in a second
MICROS: Final = 1e6
MILLIS: Final = 1e3
SURE: Final = 1e9  # below, a product is exact enough to see on which side of the middle it lies

Record: TypeAlias = DecisionRecord | CallRecord | Fault


@final
class Lines:
    """Turns records into lines; one for each writer, for the encoder keeps a buffer."""

    def __init__(self, node: str, whole: bool = False) -> None:
        self._node: Final = node
        self._whole: Final = whole
        self._encode: Final = msgspec.json.Encoder().encode
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
        pieces = self._pieces
        state, load, held, number, moment = ledger.state, ledger.load, ledger.held, decision.number, facts.moment
        called = called_text(facts)
        acted, ruled, told = pieces.verdict(facts, decision, edition, ledger)
        return self._encode(
            DecisionParts(
                record.id,
                self._instants.utc(record.at),
                facts.at,
                "" if moment is None else moment.iso(),
                self._node,
                text_of(record.a_call_id),
                pieces.caller(facts),
                self._presented(facts, edition.directory),
                called if self._whole or is_ours(record) else masked(called),
                pieces.called(facts.called),
                None if state is None else state_line(state),
                None if load is None else LoadLine(load.over, load.retry_after),
                ledger.expired,
                acted,
                "" if number is None else number.canonical,
                decision.display,
                ruled,
                decision.retry_after,
                decision.next_opening,
                told,
                rounded(record.seconds, TENTH_MICROS, 7),
                rounded(record.waited, MICROS, 6),
                None if held is None else state_line(held),
            )
        )

    def _presented(self, facts: CallFacts, directory: Directory) -> Raw:
        """All identities; what is told of a number is kept, since those of callers come up again and again."""
        told = []
        for shown in facts.presented:
            number = shown.number
            if number is None:
                told.append(self._text(shown))
                continue
            kept = self._pieces.identity(shown.source, number)
            if kept is None:
                kept = self._pieces.keep_identity(shown.source, number, self._identity(shown.source, number, directory))
            told.append(kept)
        return Raw(b"[" + b",".join(told) + b"]")

    def _text(self, shown: Presented) -> bytes:
        """What was written where no number was."""
        text, encode = shown.text[:LONGEST_TEXT], self._encode
        written = encode(text if self._whole else masked(text))
        return b'{"source":%b,"number":%b,"number_class":""}' % (encode(shown.source), written)

    def _identity(self, source: str, number: Number, directory: Directory) -> bytes:
        """The number in its one form and what the rules know of it."""
        whole = self._whole or number.cls in NO_PERSON or bool(directory.entries(number.canonical))
        return b'{"source":%b,"number":%b,%b}' % (
            self._encode(source),
            self._encode(number.canonical if whole else masked(number.canonical)),
            self._pieces.shown(number),
        )

    def _call(self, record: CallRecord) -> bytes:
        answered = record.answered_at
        called = record.called if self._whole or record.direction == "back" else masked(record.called)
        return self._encode(
            CallLine(
                record.decision_id,
                self._node,
                self._instants.utc(record.started),
                self._instants.utc(record.ringing_at),
                self._instants.utc(answered),
                self._instants.utc(record.ended_at),
                rounded(record.ended_at - answered, MILLIS, 3) if answered else 0.0,
                record.customer[:LONGEST_TEXT],
                record.campaign[:LONGEST_TEXT],
                record.trunk,
                record.carrier,
                called,
                record.status,
                record.ended_by,
                record.reason[:LONGEST_TEXT],
                text_of(record.a_call_id),
                text_of(record.b_call_id),
                record.direction,
            )
        )


def rounded(value: float, scale: float, places: int) -> float:
    """`round(value, places)` for `scale` = 10 ** places; by arithmetic, but where it lies near the middle of two."""
    scaled = value * scale
    if 0.0 <= scaled < SURE:
        below = int(scaled)
        over = scaled - below
        if over < 0.4999:
            return below / scale
        if over > 0.5001:
            return (below + 1) / scale
    return round(value, places)


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
