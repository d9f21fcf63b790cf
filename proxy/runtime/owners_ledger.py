"""The embedded ledger of several workers: each person has one worker that answers, the owner of calls to that number.

What one worker has counted a moment ago stands in its memory and not yet in the file, so only one may answer for a person
(`store.inline_ledger`). A datagram's call is with the owner already. A call that came over a connection of another worker
has to be asked for: the question takes the way of messages (`handover`), and the answer comes in time or the deadline of
the decision answers, as with any ledger. What must be told of an attempt goes to the owner as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, final

import msgspec

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store.inline_ledger import InlineLedger
from proxy.runtime.store.ledger_desk import Arrived, Question
from proxy.runtime.takers import Ledger
from proxy.runtime.worker_marks import owner_of_number

INQUIRY: Final = (
    "customer", "person", "campaign", "attempt", "at", "reserve", "window_start", "window_most", "campaign_most",
    "campaign_gap", "refusal_since", "consent_needed", "consent_since", "slot_needed",
)  # fmt: skip
STATE: Final = (
    "refusal_at", "consent_at", "consent_until", "consent_id", "slot_from", "slot_until", "attempts", "first_attempt",
    "last_attempt", "campaign_attempts", "campaign_last", "reserved", "slot_at",
)  # fmt: skip
OPEN_MOST: Final = 10_000  # questions; the oldest is given up, whose decision is long over
ASK: Final = "ask"
TOLD: Final = "told"


class Ways(Protocol):
    """The ways to other workers; `handover.Handover` has them. `told` gets what they say."""

    told: Callable[[bytes], None] | None

    @property
    def number(self) -> int: ...
    def tell(self, worker: int, text: bytes) -> bool:
        """Give these words to the ledger of that worker; False when there is no room."""


@final
class OwnersLedger:
    """A ledger for calls, in worker `number` of so many, around the one that it has itself."""

    def __init__(self, own: InlineLedger, ways: Ways, number: int, workers: int, arrived: Arrived) -> None:
        self._own: Final = own
        self._ways: Final = ways
        self._number: Final = number
        self._workers: Final = workers
        self._arrived: Final = arrived
        self._open: Final[dict[int, Question]] = {}
        self._last = 0

    def _owner(self, person: str) -> int:
        return owner_of_number(person.encode("utf-8"), self._workers)

    def answer(self, inquiry: Inquiry) -> PersonState | None:
        """At once for our own persons, None for those who have to be asked for."""
        return self._own.answer(inquiry) if self._owner(inquiry.person) == self._number else None

    def fetch(self, question: Question) -> None:
        """Ask the owner."""
        owner = self._owner(question.inquiry.person)
        if owner == self._number:
            self._own.fetch(question)
            return
        self._last += 1
        if len(self._open) >= OPEN_MOST:
            del self._open[next(iter(self._open))]
        self._open[self._last] = question
        self._tell(owner, ASK, self._number, self._last, fields(question.inquiry))

    def count(self, inquiry: Inquiry) -> None:
        """The attempt counts, although nobody answered in time."""
        self._note("count", inquiry)

    def release(self, inquiry: Inquiry) -> None:
        """The attempt does not count."""
        self._note("release", inquiry)

    def unclaimed(self, inquiry: Inquiry) -> None:
        """The attempt was counted for no call that waits."""
        self._note("release", inquiry)

    def refusal_heard(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        """The person wants no more calls of this customer."""
        owner = self._owner(person)
        if owner == self._number:
            self._own.refusal_heard(customer, person, at, source, reference)
        else:
            self._tell(owner, "refusal", customer, person, at, source, reference)

    def _note(self, what: str, inquiry: Inquiry) -> None:
        owner = self._owner(inquiry.person)
        if owner == self._number:
            self._heard(what, inquiry)
        else:
            self._tell(owner, what, fields(inquiry))

    def _tell(self, worker: int, what: str, *content: object) -> None:
        self._ways.tell(worker, msgspec.msgpack.encode((what, *content)))

    def told(self, text: bytes) -> None:
        """The words of another worker."""
        what, *content = msgspec.msgpack.decode(text)
        if what == ASK:
            asker, number, asked = content
            state = self._own.answer(Inquiry(*asked))
            if state is not None:
                self._tell(asker, TOLD, number, fields_of_state(state))
        elif what == TOLD:
            number, state = content
            question = self._open.pop(number, None)
            if question is not None:
                self._arrived([(question, PersonState(*state))])
        elif what == "refusal":
            self._own.refusal_heard(*content)
        else:
            self._heard(what, Inquiry(*content[0]))

    def _heard(self, what: str, inquiry: Inquiry) -> None:
        if what == "count":
            self._own.count(inquiry)
        else:
            self._own.release(inquiry)


def fields(inquiry: Inquiry) -> list[object]:
    """All of a question."""
    return [getattr(inquiry, name) for name in INQUIRY]


def fields_of_state(state: PersonState) -> list[object]:
    """All of an answer."""
    return [getattr(state, name) for name in STATE]


def among(desk: Ledger, ways: Ways | None, workers: int, arrived: Arrived) -> Ledger:
    """The ledger that calls of this worker use: `desk`, and around an embedded one the way to those of the others."""
    if ways is None or not isinstance(desk, InlineLedger):
        return desk
    ledger = OwnersLedger(desk, ways, ways.number, workers, arrived)
    ways.told = ledger.told
    return ledger
