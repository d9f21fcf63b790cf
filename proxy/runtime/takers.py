"""Who takes what the engine orders: records, questions to the ledger, notes of calls, messages. None of them ever blocks."""

from __future__ import annotations

from typing import Protocol

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault, Fetch
from proxy.policy.inquiry import Inquiry
from proxy.sip.wire import Send


class Recorder(Protocol):
    """Takes records; never blocks."""

    def put(self, record: DecisionRecord | CallRecord | Fault) -> None:
        """Keep one record."""


class Ledger(Protocol):
    """Takes what the engine orders of shared state; never blocks. `store.ledger_desk.LedgerDesk` is one."""

    def fetch(self, question: Fetch) -> None:
        """Answer with `Transports.answered`."""

    def count(self, inquiry: Inquiry) -> None:
        """The attempt counts, although nobody answered in time."""

    def release(self, inquiry: Inquiry) -> None:
        """The attempt does not count."""

    def unclaimed(self, inquiry: Inquiry) -> None:
        """The attempt was counted for no call that waits: it does not count, unless its call went ahead before."""

    def refusal_heard(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        """The person wants no more calls of this customer."""


class Keeper(Protocol):
    """Keeps notes of calls where they outlive the process; never blocks. `call_keeping.CallKeeping` is one."""

    def put(self, notes: list[bytes]) -> None:
        """The notes of one input."""

    def over(self, number: int) -> None:
        """Nothing is left of the call of this number."""


class Way(Protocol):
    """Takes messages for the listeners of one transport; `udp.UdpPort` and `streams.Streams` are such."""

    def send(self, order: Send) -> None:
        """Send one message, or keep it for a while; never blocks."""

    def close(self) -> None:
        """Take nothing in any more."""
