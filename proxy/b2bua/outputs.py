"""What the engine asks the world to do: orders, taken in order after each input.

`Fetch` is an order (`sip.wire.Send`, the other one, is taken first); `DecisionRecord`, `CallRecord` and `Fault` are facts to write down. Nothing here does
anything by itself.
"""

from __future__ import annotations

from typing import Final, TypeAlias, final

from proxy.policy.decision import Decision
from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import Inquiry
from proxy.policy.ledger import EMPTY, LedgerView


@final
class Fetch:
    """Put `inquiry` to the ledger for the parked `call`; answer with `Engine.state_arrived` before `deadline`."""

    __slots__ = ("call", "inquiry", "deadline")

    def __init__(self, call: int, inquiry: Inquiry, deadline: float) -> None:
        self.call: Final = call
        self.inquiry: Final = inquiry
        self.deadline: Final = deadline


@final
class Release:
    """Take back the attempt that `inquiry` counted: the person was never reached (decision.md, "State")."""

    __slots__ = ("inquiry",)

    def __init__(self, inquiry: Inquiry) -> None:
        self.inquiry: Final = inquiry


@final
class Count:
    """Count the attempt of `inquiry` all the same: the call went on although the ledger did not answer in time."""

    __slots__ = ("inquiry",)

    def __init__(self, inquiry: Inquiry) -> None:
        self.inquiry: Final = inquiry


@final
class RefusalHeard:
    """The person told the carrier to let this customer's calls no longer through (607, RFC 8197)."""

    __slots__ = ("customer", "person", "at", "call_id")

    def __init__(self, customer: str, person: str, at: float, call_id: bytes) -> None:
        self.customer: Final = customer
        self.person: Final = person
        self.at: Final = at
        self.call_id: Final = call_id


@final
class DecisionRecord:
    """One decision: what it saw and what it answered. `at` is UTC epoch seconds; `seconds` is the time that deciding
    took, `waited` the time until the store had answered.
    """

    __slots__ = ("id", "at", "facts", "decision", "a_call_id", "seconds", "ledger", "waited")

    def __init__(
        self, id: str, at: float, facts: CallFacts, decision: Decision, a_call_id: bytes, seconds: float,
        ledger: LedgerView = EMPTY, waited: float = 0.0,
    ) -> None:  # fmt: skip
        self.id: Final = id
        self.at: Final = at
        self.facts: Final = facts
        self.decision: Final = decision
        self.a_call_id: Final = a_call_id
        self.seconds: Final = seconds
        self.ledger: Final = ledger
        self.waited: Final = waited


@final
class CallRecord:
    """One ended call. Times are UTC epoch seconds, 0 where the event never came; `ended_by` is `a`, `b` or `proxy`,
    `direction` `out`, or `back` for a call to a number of ours. `number` is that of its notes (`snapshot.py`)."""

    __slots__ = (
        "decision_id", "customer", "campaign", "trunk", "carrier", "called", "started", "ringing_at", "answered_at",
        "ended_at", "status", "ended_by", "reason", "a_call_id", "b_call_id", "direction", "number",
    )  # fmt: skip

    def __init__(
        self, decision_id: str, customer: str, campaign: str, trunk: str, carrier: str, called: str, started: float,
        ringing_at: float, answered_at: float, ended_at: float, status: int, ended_by: str, reason: str,
        a_call_id: bytes, b_call_id: bytes, direction: str = "out", number: int = 0,
    ) -> None:  # fmt: skip
        self.decision_id: Final = decision_id
        self.customer: Final = customer
        self.campaign: Final = campaign
        self.trunk: Final = trunk
        self.carrier: Final = carrier
        self.called: Final = called
        self.started: Final = started
        self.ringing_at: Final = ringing_at
        self.answered_at: Final = answered_at
        self.ended_at: Final = ended_at
        self.status: Final = status
        self.ended_by: Final = ended_by
        self.reason: Final = reason
        self.a_call_id: Final = a_call_id
        self.b_call_id: Final = b_call_id
        self.direction: Final = direction
        self.number: Final = number


def told_first(record: CallRecord) -> bool:
    """Is this the end of a call that nobody answered? Who is told of it is told before the record is written: if the
    process dies in between, the next one says it again, and nobody waits for ever for an answer."""
    return not record.answered_at and record.status >= 300


@final
class Fault:
    """Our own defect, caught once at the engine's border: the call of `call_id` was ended, all others go on."""

    __slots__ = ("text", "call_id")

    def __init__(self, text: str, call_id: bytes) -> None:
        self.text: Final = text
        self.call_id: Final = call_id


Output: TypeAlias = Fetch | Count | Release | RefusalHeard | DecisionRecord | CallRecord | Fault
