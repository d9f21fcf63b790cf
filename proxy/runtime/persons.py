"""Refusals and consents as an asynchronous Python call: what persons say goes in, is listed, and is taken back.

The commands use it on a store that they open, a running proxy on the one it decides by (`SharedState.persons`), where
an HTTP API calls it too. All is checked before anything is recorded; it holds from the next question of any node on.
Every method raises ConfigError with all that is wrong (nothing is recorded then) and LedgerSilent for a store that does
not answer: some of many may be recorded then, and what is recorded twice counts once, so the call is simply repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar, final

from proxy.runtime.person_entries import CONSENT, REFUSAL, Context, Entry, person
from proxy.runtime.person_entries import consents as consents_of
from proxy.runtime.person_entries import refusals as refusals_of
from proxy.runtime.store.interface import Consent, Ledger, Refusal

T = TypeVar("T")
SLICE: Final = 250  # entries written at once
REST: Final = 0.002  # s after each slice: the writer of a running proxy looks every half millisecond


@final
class Persons:
    """`context(who)` is what entries are checked against now; `note(who, what)` writes to the history of the directory.

    A number may be in any writing. An instant is aware; None is now. `who` says who records it.
    """

    def __init__(
        self, ledger: Ledger, context: Callable[[str], Context], note: Callable[[str, str], Awaitable[object]]
    ) -> None:
        self._ledger: Final = ledger
        self._context: Final = context
        self._note: Final = note

    async def refuse(
        self, customer: str, number: str, who: str, at: datetime | None = None, source: str = "", reference: str = ""
    ) -> None:
        """The person told the customer to stop; `source`: where that was heard, if not from `who`."""
        said = {"customer": customer, "number": number, "source": source, "reference": reference, "at": written(at)}
        await self.refuse_all([Entry("refusals add", 0, said)], who)

    async def refuse_all(self, entries: Sequence[Entry], who: str, dry_run: bool = False) -> int:
        """Record refusals, or only check them; how many."""
        return await in_slices(refusals_of(entries, self._context(who)), self._ledger.refuse_all, dry_run)

    async def withdraw_refusal(self, customer: str, number: str, who: str) -> bool:
        """Take back a refusal that was recorded by mistake; whether there was one. The history keeps that it was there.

        Raises DirectoryUnreachable when the history cannot be written; the refusal stays then.
        """
        called = self._person("refusals remove", number)
        found = await self._ledger.refusals(customer, called, 1)
        if not found:
            return False
        heard = datetime.fromtimestamp(found[0].at, UTC).isoformat(timespec="seconds")
        was = f"heard {heard} ({found[0].source})"
        await self._note(who, f"refusals: that of person {found[0].person} to {customer}, {was}, taken back")
        return await self._ledger.withdraw_refusal(customer, called)

    async def refusals(self, customer: str, number: str = "") -> list[Refusal]:
        """The newest first, `interface.PAGE` at most; with `number`, that person's. Persons are named by their keys."""
        return await self._ledger.refusals(customer, self._person("refusals list", number) if number else "")

    async def consent(
        self,
        customer: str,
        number: str,
        who: str,
        reference: str,
        at: datetime | None = None,
        until: datetime | None = None,
        campaign: str = "",
        proof: str = "",
        slot: tuple[datetime, datetime] | None = None,
    ) -> None:
        """The person agreed, for a year if `until` is not said; `campaign` empty: to all of the customer's.

        With a `slot` it is good between these two instants only. The same reference replaces.
        """
        said = {
            "customer": customer,
            "number": number,
            "reference": reference,
            "campaign": campaign,
            "proof": proof,
            "at": written(at),
            "until": written(until),
            "slot_from": written(slot[0] if slot else None),
            "slot_until": written(slot[1] if slot else None),
        }
        await self.consent_all([Entry("consents add", 0, said)], who)

    async def consent_all(self, entries: Sequence[Entry], who: str, dry_run: bool = False) -> int:
        """Record consents, or only check them; how many."""
        return await in_slices(consents_of(entries, self._context(who)), self._ledger.consent_all, dry_run)

    async def withdraw_consent(self, customer: str, number: str, reference: str = "") -> int:
        """The person's consents end now, or the one named; how many did. Their proofs stay."""
        called = self._person("consents remove", number)
        return await self._ledger.withdraw_consent(customer, called, self._context("").now, reference)

    async def consents(self, customer: str, number: str = "") -> list[Consent]:
        """As `refusals`; those that ended are listed too."""
        return await self._ledger.consents(customer, self._person("consents list", number) if number else "")

    async def record(self, kind: str, entries: Sequence[Entry], who: str, dry_run: bool = False) -> int:
        """`refuse_all` or `consent_all`, by the kind of the entries (`person_entries.REFUSAL` or `CONSENT`)."""
        work = {REFUSAL: self.refuse_all, CONSENT: self.consent_all}[kind]
        return await work(entries, who, dry_run)

    def _person(self, place: str, number: str) -> str:
        return person(Entry(place, 0, {"number": number}), self._context(""))


async def in_slices(found: Sequence[T], write: Callable[[Sequence[T]], Awaitable[None]], dry_run: bool) -> int:
    """Write them unless it is a dry run, and let calls have their turn after each slice; how many."""
    for first in range(0, 0 if dry_run else len(found), SLICE):
        await write(found[first : first + SLICE])
        await asyncio.sleep(REST)
    return len(found)


def written(at: datetime | None) -> str:
    """An instant as an entry says it; one without a time zone is refused there."""
    return "" if at is None else at.isoformat()
