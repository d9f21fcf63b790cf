"""The ledger of one node, in a SQLite file: no server to run, and other processes may read and write beside the proxy.

What persons say and what commands do goes to one writer thread (`writer`), asks too where they come from a process that
answers no calls; each waits for its commit. A running proxy answers its calls out of the same file at once
(`inline_ledger`). The reasoning is that of `attempts`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, final

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store.attempts import answered, without
from proxy.runtime.store.embedded_schema import Sweep, opened
from proxy.runtime.store.interface import ATTEMPTS_KEPT, PAGE, Consent, LedgerSilent, Refusal, check_consents
from proxy.runtime.store.person_keys import Person, PersonKeys
from proxy.runtime.store.row_writing import REFUSE
from proxy.runtime.store.writer import Told, Work, Writer

KNOWN: Final = """
SELECT (SELECT row FROM ledger_attempts WHERE person = ?1 AND until > ?2),
    (SELECT at FROM ledger_refusals WHERE person = ?3), EXISTS (SELECT 1 FROM ledger_consents WHERE person = ?3)
"""
OLDER: Final = "SELECT row FROM ledger_attempts WHERE person = ? AND until > ?"
KEEP: Final = """
INSERT INTO ledger_attempts VALUES (?, ?, ?)
ON CONFLICT (person) DO UPDATE SET row = excluded.row, until = excluded.until
"""
AGREE: Final = """
INSERT INTO ledger_consents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (person, reference) DO UPDATE SET customer = excluded.customer, at = excluded.at, until = excluded.until,
    campaign = excluded.campaign, basis = excluded.basis, proof = excluded.proof, slot_from = excluded.slot_from,
    slot_until = excluded.slot_until,
    withdrawn_at = CASE WHEN withdrawn_at >= excluded.at THEN withdrawn_at ELSE excluded.withdrawn_at END
"""
REFUSALS: Final = "SELECT customer, lower(hex(person)), at, source, reference FROM ledger_refusals "
CONSENTS: Final = (
    "SELECT customer, lower(hex(person)), at, until, reference, campaign, basis, proof, slot_from, slot_until, "
    "withdrawn_at FROM ledger_consents "
)


@final
class EmbeddedLedger:
    """A `Ledger`. `epoch` is the wall clock that ages attempts in the file; `wait` is in seconds."""

    def __init__(self, path: Path, keys: PersonKeys, epoch: Callable[[], float], wait: float) -> None:
        self.path: Final = path
        self.keys = keys
        self._epoch: Final = epoch
        self._wait: Final = wait
        self._writer: Writer | None = None

    async def open(self) -> None:
        """Make or open the file. Raises KeysDiffer, OSError, or LedgerSilent for a file that is no ledger."""
        loop = asyncio.get_running_loop()
        try:
            connection = await loop.run_in_executor(None, opened, self.path, self.keys.fingerprint)
        except sqlite3.Error as error:
            raise LedgerSilent(str(error)) from error
        self._writer = Writer(self.path, connection, self._wait, Sweep(self._epoch).seek)
        self._writer.start()

    async def close(self) -> None:
        """Finish what was asked for and close the file."""
        if self._writer is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._writer.stop)
            self._writer = None

    def post(self, work: Work, told: Told) -> None:
        """Do it in a transaction some time later; `told` is called on the writing thread with what went wrong, or None."""
        self._opened().post(work, told)

    async def settled(self, work: Work) -> None:
        """Do it in a transaction, however long that takes. Raises LedgerSilent."""
        loop = asyncio.get_running_loop()
        over: asyncio.Future[Exception | None] = loop.create_future()
        self.post(work, lambda error: loop.call_soon_threadsafe(over.set_result, error))
        error = await over
        if error is not None:
            raise LedgerSilent("disk") from error

    async def ask(self, inquiries: Sequence[Inquiry]) -> list[PersonState]:
        """All in one transaction."""
        now = self._epoch()
        persons = [self.keys.person(inquiry.customer, inquiry.person, now) for inquiry in inquiries]
        return await self._opened().run(partial(answers, list(zip(inquiries, persons, strict=True)), now))

    async def release(self, inquiry: Inquiry) -> None:
        """Uncount the attempt under whichever key it was counted."""
        person = self._person(inquiry.customer, inquiry.person)
        await self._opened().run(partial(release, inquiry, person))

    async def refuse(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        """The newest refusal stays."""
        await self.refuse_all([Refusal(customer, person, at, source, reference)])

    async def refuse_all(self, refusals: Sequence[Refusal]) -> None:
        """All in one transaction."""
        rows = [
            (self._person(one.customer, one.person).lasting, one.customer, one.at, one.source, one.reference)
            for one in refusals
        ]
        await self._opened().run(lambda connection: connection.executemany(REFUSE, rows))

    async def withdraw_refusal(self, customer: str, person: str) -> bool:
        """Whether there was one."""
        lasting = self._person(customer, person).lasting
        return await self._opened().run(
            lambda connection: (
                connection.execute("DELETE FROM ledger_refusals WHERE person = ?", (lasting,)).rowcount > 0
            )
        )

    async def refusals(self, customer: str, person: str = "", most: int = PAGE) -> list[Refusal]:
        """Newest first."""
        where, values = self._place(customer, person, most)
        return await self._opened().run(
            lambda connection: [Refusal(*row) for row in connection.execute(REFUSALS + where, values)]
        )

    async def consent(self, consent: Consent) -> None:
        """The same reference replaces."""
        await self.consent_all([consent])

    async def consent_all(self, consents: Sequence[Consent]) -> None:
        """All in one transaction."""
        check_consents(consents)
        rows = [
            (
                self._person(one.customer, one.person).lasting, one.reference, one.customer, one.at, one.until,
                one.campaign, one.basis, one.proof, one.slot_from, one.slot_until, one.withdrawn_at,
            )
            for one in consents
        ]  # fmt: skip
        await self._opened().run(lambda connection: connection.executemany(AGREE, rows))

    async def withdraw_consent(self, customer: str, person: str, at: float, reference: str = "") -> int:
        """How many ended."""
        values = (at, self._person(customer, person).lasting, reference, reference)
        return await self._opened().run(
            lambda connection: (
                connection.execute(
                    "UPDATE ledger_consents SET withdrawn_at = ? "
                    "WHERE person = ? AND withdrawn_at = 0 AND (? = '' OR reference = ?)",
                    values,
                ).rowcount
            )
        )

    async def consents(self, customer: str, person: str = "", most: int = PAGE) -> list[Consent]:
        """Newest first."""
        where, values = self._place(customer, person, most)
        return await self._opened().run(
            lambda connection: [Consent(*row) for row in connection.execute(CONSENTS + where, values)]
        )

    def _place(self, customer: str, person: str, most: int) -> tuple[str, tuple[str | bytes, int]]:
        if person:
            return "WHERE person = ? ORDER BY at DESC, reference LIMIT ?", (
                self._person(customer, person).lasting,
                most,
            )
        return "WHERE customer = ? ORDER BY at DESC, reference LIMIT ?", (customer, most)

    def _person(self, customer: str, person: str) -> Person:
        return self.keys.person(customer, person, self._epoch())

    def _opened(self) -> Writer:
        if self._writer is None:
            raise LedgerSilent("closed")
        return self._writer


def answers(asked: list[tuple[Inquiry, Person]], now: float, connection: sqlite3.Connection) -> list[PersonState]:
    """All of a question, within a transaction."""
    return [answer(connection, inquiry, person, now) for inquiry, person in asked]


def answer(connection: sqlite3.Connection, inquiry: Inquiry, person: Person, now: float) -> PersonState:
    """One inquiry, within a transaction: one statement to read and one to write, more only for whom there is more."""
    found, given = [], list[Consent]()
    name = person.names[0]
    row, refusal_at, agreed = connection.execute(KNOWN, (name, now, person.lasting)).fetchone()
    if row is not None:
        found.append(row)
    for older in person.names[1:]:
        found.extend(row for (row,) in connection.execute(OLDER, (older, now)))
    if agreed:
        rows = connection.execute(CONSENTS + "WHERE person = ?", (person.lasting,))
        given = [Consent(*row) for row in rows]
    outcome = answered(inquiry, found, refusal_at or 0.0, given)
    if outcome.row is not None:
        connection.execute(KEEP, (name, outcome.row, now + ATTEMPTS_KEPT))
        for older in person.names[1:]:
            connection.execute("DELETE FROM ledger_attempts WHERE person = ?", (older,))
    return outcome.state


def release(inquiry: Inquiry, person: Person, connection: sqlite3.Connection) -> None:
    """Take the attempt out of every row of the person, within a transaction."""
    for name in person.names:
        row = connection.execute("SELECT row FROM ledger_attempts WHERE person = ?", (name,)).fetchone()
        if row is not None:
            left = without(inquiry, row[0])
            if left:
                connection.execute("UPDATE ledger_attempts SET row = ? WHERE person = ?", (left, name))
            else:
                connection.execute("DELETE FROM ledger_attempts WHERE person = ?", (name,))
