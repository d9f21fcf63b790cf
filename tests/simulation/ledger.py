"""The ledger of the simulated nodes: the store's own reasoning in memory, and the desk before it as a model in virtual time.

The store answers by `runtime/store/attempts`, as the embedded and the Redis one do. It is slow, stands still for a while
and carries out what it was asked then, or its answers are lost. The desk keeps the contract of `runtime/store/ledger_desk`:
nobody waits for it, what is owed is told in the end, of one attempt only the last word, and never before the store has
been heard for `SETTLING` again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final, final

from proxy.b2bua.outputs import Count, Fetch, RefusalHeard, Release
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store.attempts import answered, attempt_mark, unpacked, without
from proxy.runtime.store.interface import Consent
from tests.simulation.loop import Loop

SETTLING: Final = 1.0
WAIT: Final = 0.25
Order = Fetch | Count | Release | RefusalHeard
Arrived = Callable[[int, PersonState], bool]


@final
class Store:
    """What outlives a node. `stalls` are spans of time in which nothing is carried out."""

    def __init__(self, loop: Loop, rng: Random, counts: Counter[str]) -> None:
        self.loop: Final = loop
        self.rng: Final = rng
        self.counts: Final = counts
        self.rows: Final[dict[tuple[str, str], bytes]] = {}
        self.refusals: Final[dict[tuple[str, str], float]] = {}
        self.consents: Final[dict[tuple[str, str], list[Consent]]] = {}
        self.stalls: list[tuple[float, float]] = []
        self.lost = rng.choice((0.0, 0.0, 0.02, 0.1))
        self.slow = rng.choice((0.001, 0.01, 0.06))
        self.asked: Final[dict[str, Inquiry]] = {}
        self.refused: Final[set[int]] = set()  # calls that were asked about after their person had refused

    def free_at(self, when: float) -> float:
        """When something that comes at `when` is carried out."""
        for start, end in self.stalls:
            if start <= when < end:
                return end
        return when

    def ask(self, inquiry: Inquiry) -> PersonState:
        """One question, in one step."""
        who = inquiry.customer, inquiry.person
        row = self.rows.get(who, b"")
        outcome = answered(inquiry, [row] if row else [], self.refusals.get(who, 0.0), self.consents.get(who, []))
        if outcome.row is not None:
            self.rows[who] = outcome.row
        if inquiry.attempt not in self.asked and outcome.state.refusal_at and not outcome.state.reserved:
            self.refused.add(int(inquiry.attempt[4:].partition("@")[0]))
        self.asked[inquiry.attempt] = inquiry
        return outcome.state

    def release(self, inquiry: Inquiry) -> None:
        """Uncount the attempt."""
        who = inquiry.customer, inquiry.person
        self.rows[who] = without(inquiry, self.rows.get(who, b""))

    def counted(self, inquiry: Inquiry) -> int:
        """How often this attempt stands in its person's row."""
        mark = attempt_mark(inquiry.attempt)
        return sum(
            1 for entry in unpacked([self.rows.get((inquiry.customer, inquiry.person), b"")]) if entry[1] == mark
        )


@final
class Desk:
    """One node's way to the store; `dead` once the node crashed."""

    def __init__(self, store: Store, arrived: Arrived) -> None:
        self._store: Final = store
        self._loop: Final = store.loop
        self._arrived: Final = arrived
        self._owed: Final[dict[str, tuple[Callable[[Inquiry], object], Inquiry]]] = {}
        self._open: Final[set[str]] = set()
        self._paying = False
        self._silent = float("-inf")
        self.dead = False

    def tell(self, order: Order) -> None:
        """Carry out one order of the engine."""
        if isinstance(order, Fetch):
            self._fetch(order)
        elif isinstance(order, Count):
            inquiry = order.inquiry
            plain = Inquiry(inquiry.customer, inquiry.person, inquiry.campaign, inquiry.attempt, inquiry.at)
            self._owe(self._store.ask, plain)
        elif isinstance(order, Release):
            self._owe(self._store.release, order.inquiry)
        else:
            self._store.counts["607 heard"] += 1
            self._store.refusals[order.customer, order.person] = order.at

    def _fetch(self, order: Fetch) -> None:
        store, loop = self._store, self._loop
        self._open.add(order.inquiry.attempt)
        begun = store.free_at(loop.now + store.slow * store.rng.random())
        lost = store.rng.random() < store.lost
        loop.at(begun, self._carry_out, (order, loop.now, lost))
        if begun - loop.now >= WAIT or lost:
            store.counts["ledger silent"] += 1
            loop.after(WAIT, self._give_up, order)

    def _carry_out(self, given: tuple[Fetch, float, bool]) -> None:
        order, since, lost = given
        store = self._store
        state = store.ask(order.inquiry)
        if not lost and self._loop.now - since < WAIT:
            self._loop.after(store.slow * store.rng.random(), self._hand_out, (order, state))

    def _hand_out(self, given: tuple[Fetch, PersonState]) -> None:
        order, state = given
        self._open.discard(order.inquiry.attempt)
        if self.dead:
            return
        if self._loop.now >= order.deadline:
            self._store.counts["ledger late"] += 1
        stands = self._arrived(order.call, state)
        if state.reserved and not stands:
            self._unclaimed(order.inquiry)

    def _give_up(self, order: Fetch) -> None:
        self._open.discard(order.inquiry.attempt)
        self._silent = self._loop.now
        self._unclaimed(order.inquiry)

    def _unclaimed(self, inquiry: Inquiry) -> None:
        if inquiry.attempt not in self._owed:
            self._owe(self._store.release, inquiry)

    def _owe(self, deed: Callable[[Inquiry], object], inquiry: Inquiry) -> None:
        self._owed.pop(inquiry.attempt, None)
        self._owed[inquiry.attempt] = (deed, inquiry)
        if not self._paying:
            self._paying = True
            self._loop.after(0.0, self._pay)

    def _pay(self, _: object) -> None:
        loop, store = self._loop, self._store
        if self.dead or not self._owed:
            self._paying = False
            return
        if store.free_at(loop.now) > loop.now:
            self._silent = loop.now + WAIT
        rest = self._silent + SETTLING - loop.now
        if rest > 0:
            loop.after(rest, self._pay)
            return
        for attempt in [name for name in self._owed if name not in self._open]:
            deed, inquiry = self._owed.pop(attempt)
            deed(inquiry)
        loop.after(SETTLING / 100, self._pay)
