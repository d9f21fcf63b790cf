"""The ledger of one node, answered at once: in the turn of the loop in which a call asks, and on no other thread.

What is known of a person is what the overlay holds, else nothing where `absence` says so, else one point read of the
SQLite file on a connection of its own; the reasoning is that of `attempts`. What an answer counts goes into the overlay
and the ahead log before the call goes on, and into the file behind it (`write_behind`). So nothing is owed, a killed
process loses nothing, and what other processes write to the file is seen by the next question.

One process at a time may answer for a person. When the file cannot be written, the overlay grows up to `MOST`, and
then questions are left to their rules' `on_unknown`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Final, final

from proxy.b2bua.counters import Histogram
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_reading import Entry
from proxy.runtime.store.absence import Absence
from proxy.runtime.store.attempts import ENTRY, answered, without
from proxy.runtime.store.embedded import CONSENTS, KNOWN, OLDER, EmbeddedLedger
from proxy.runtime.store.interface import ATTEMPTS_KEPT, Consent, LedgerSilent
from proxy.runtime.store.ledger_desk import BOUNDS, Arrived, Heed, Question
from proxy.runtime.store.ledger_entries import (
    ATTEMPT,
    REFUSAL,
    RELEASE,
    apply,
    attempt_entry,
    refusal_entry,
    release_entry,
)  # fmt: skip
from proxy.runtime.store.overlay import Row
from proxy.runtime.store.write_behind import WriteBehind

MOST = 200_000  # rows and refusals that may wait for the file, of about 300 bytes each
OURS: Final = frozenset({ATTEMPT, RELEASE, REFUSAL})
BUSY: Final = (
    0.02  # s that a reading waits where another process opens the file anew after a crash; else none ever does
)
CACHE: Final = 8192  # KiB of the file
NOTHING: Final[tuple[bytes | None, float | None, int]] = (None, None, 0)  # of a person of whom the file says nothing


@final
class InlineLedger:
    """A ledger and its desk in one; `arrived` is given answers to `fetch`, `heed` each refusal that a carrier told.

    What it counts into stands in `operations` and `silences`, as with `ledger_desk`.
    """

    def __init__(
        self, ledger: EmbeddedLedger, log: AheadLog, epoch: Callable[[], float], arrived: Arrived, heed: Heed
    ) -> None:
        self._operations: Final[dict[tuple[str, str], int]] = {}
        self._asked = 0  # questions of calls that were answered
        self.silences: Final[dict[str, int]] = {}
        self.seconds: Final = Histogram(BOUNDS)
        self._ledger: Final = ledger
        self._epoch: Final = epoch
        self._arrived: Final = arrived
        self._heed = heed
        self._loop: Final = asyncio.get_running_loop()
        self._behind: Final = WriteBehind(ledger, log, partial(self._silent, "disk"))
        self._reading: sqlite3.Cursor | None = None
        self.absence: Absence | None = None

    async def open(self, left: Sequence[Entry]) -> None:
        """Bring what a predecessor put into its log into the file, then answer. Raises LedgerSilent."""
        entries = [entry for entry in left if entry.kind in OURS]
        if entries:
            await self._ledger.settled(partial(apply, entries))
        connection = sqlite3.connect(self._ledger.path, timeout=BUSY, isolation_level=None)
        connection.execute("PRAGMA query_only = 1")
        connection.execute(f"PRAGMA cache_size = -{CACHE}")
        self._reading = connection.cursor()
        self.absence = Absence(self._ledger.path, connection)

    @property
    def operations(self) -> dict[tuple[str, str], int]:
        """Questions and notes, by what became of them."""
        asked = {("ask", "answered"): self._asked} if self._asked else {}
        return {**self._operations, **asked}

    @property
    def queue(self) -> int:
        """Questions that wait to be sent: none ever does."""
        return 0

    @property
    def owed(self) -> int:
        """Rows and refusals that the file does not have yet."""
        return len(self._behind.overlay)

    @property
    def behind(self) -> float:
        """Seconds since the oldest of them was put; 0 if there is none."""
        return self._behind.age

    # -- what calls ask and tell -------------------------------------------------

    def answer(self, inquiry: Inquiry) -> PersonState | None:
        """What is known of the person, with this attempt counted if it counts; None when nothing can be said."""
        began = perf_counter()
        try:
            state = self._answered(inquiry)
        except (sqlite3.Error, LedgerSilent) as silent:
            self._silent(silent.reason if isinstance(silent, LedgerSilent) else "disk")
            self._count("ask", "silent")
            return None
        self._asked += 1
        self.seconds.observe(perf_counter() - began)
        return state

    def fetch(self, question: Question) -> None:
        """Answer after this turn of the loop; nothing comes if nothing can be said."""
        state = self.answer(question.inquiry)
        if state is not None:
            self._loop.call_soon(self._arrived, [(question, state)])

    def release(self, inquiry: Inquiry) -> None:
        """The person was never reached: the attempt does not count, under whichever key it was counted."""
        now = self._epoch()
        try:
            for name in self._ledger.keys.person(inquiry.customer, inquiry.person, now).names:
                before, row, until = self._row(name, now)
                left = without(inquiry, row)
                if left != row:
                    self._behind.put(RELEASE, release_entry(name, row, left))
                    self._behind.overlay.keep(name, before, left, until)
        except (sqlite3.Error, LedgerSilent):
            self._count("release", "silent")
        else:
            self._count("release", "answered")

    def unclaimed(self, inquiry: Inquiry) -> None:
        """The attempt was counted for no call that waits."""
        self.release(inquiry)

    def count(self, inquiry: Inquiry) -> None:
        """The call went ahead without an answer: the attempt counts, whatever the rules would have said."""
        plain = Inquiry(inquiry.customer, inquiry.person, inquiry.campaign, inquiry.attempt, inquiry.at)
        try:
            self._answered(plain)
        except (sqlite3.Error, LedgerSilent):
            self._count("count", "silent")
        else:
            self._count("count", "answered")

    def refusal_heard(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        """The carrier said that the person wants no more calls (607, RFC 8197)."""
        self._heed(customer, person, at)
        lasting = self._ledger.keys.person(customer, person, self._epoch()).lasting
        heard = (customer, at, source, reference)
        self._behind.put(REFUSAL, refusal_entry(lasting, heard))
        self._behind.overlay.refuse(lasting, heard)
        self._count("refuse", "answered")

    def _answered(self, inquiry: Inquiry) -> PersonState:
        behind, now = self._behind, self._epoch()
        overlay = behind.overlay
        reading, absence = self._reading, self.absence
        if reading is None or absence is None or len(overlay) >= MOST:
            raise LedgerSilent("closed" if reading is None else "behind")
        person = self._ledger.keys.person(inquiry.customer, inquiry.person, now)
        name, lasting = person.names[0], person.lasting
        row, refusal_at, agreed = NOTHING
        if not absence.of(name, lasting):
            row, refusal_at, agreed = reading.execute(KNOWN, (name, now, lasting)).fetchone()
        before = row or b""
        pending = overlay.row(name)
        if pending is not None:
            before, row, _ = pending
        found = [row] if row else []
        older: list[tuple[bytes, Row]] = []
        if len(person.names) > 1:
            older = [(one, self._row(one, now)) for one in person.names[1:]]
            found.extend(held[1] for _, held in older if held[1])
        given = list[Consent]()
        if agreed:
            rows = reading.execute(CONSENTS + "WHERE person = ?", (lasting,)).fetchall()
            given = [Consent(*one) for one in rows]
        outcome = answered(inquiry, found, max(refusal_at or 0.0, overlay.refused_at(lasting)), given)
        if outcome.row is not None:
            until = now + ATTEMPTS_KEPT
            behind.put(ATTEMPT, attempt_entry(name, outcome.row[-ENTRY.size :], until))
            overlay.keep(name, before, outcome.row, until)
            for one, held in older:
                if held[1]:
                    overlay.keep(one, held[0], b"", until)
        return outcome.state

    def _row(self, name: bytes, now: float) -> Row:
        """What the file holds under a key, what it shall hold, and until when."""
        pending = self._behind.overlay.row(name)
        if pending is not None:
            return pending
        if self._reading is None or self.absence is None:
            raise LedgerSilent("closed")
        found = None
        if not self.absence.of(name, name):
            found = self._reading.execute(OLDER, (name, now)).fetchone()
        row = found[0] if found is not None else b""
        return row, row, now + ATTEMPTS_KEPT

    def _count(self, name: str, outcome: str) -> None:
        self._operations[name, outcome] = self._operations.get((name, outcome), 0) + 1

    def _silent(self, reason: str) -> None:
        self.silences[reason] = self.silences.get(reason, 0) + 1

    async def settle(self, patience: float) -> int:
        """Before the proxy stops: bring all of it into the file, for at most so long; how much is not there yet."""
        return await self._behind.settle(patience)

    def close(self) -> None:
        """Answer no more."""
        self._behind.close()
        if self.absence is not None:
            self.absence.close()
        if self._reading is not None:
            self._reading.connection.close()
            self._reading = None
