"""What every store of the ledger can do, and the records that go in and come out.

Two stores are one `Ledger`: `embedded.EmbeddedLedger` and `redis_ledger.RedisLedger`; one test-suite runs against both,
and against `inline_ledger`, by which a running proxy answers out of the file at once.
A number goes in and never comes out: a store keeps a keyed HMAC of it (`person_keys`), so what is listed names a
person by that key. No call waits longer than the store's `wait`; then it raises `LedgerSilent`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, final

from proxy.policy.inquiry import Inquiry, PersonState

DAY: Final = 86_400.0
CONSENT_MOST: Final = 366 * DAY  # C. conso R223-4: a year at most, whatever the calendar
SLOT_MOST: Final = 4 * 3600.0  # C. conso L223-1 al. 6: a precise date and time; that it is no half a day is our reading
PROOF_KEPT: Final = 3 * 366 * DAY  # C. conso R223-2: three years from collection
ATTEMPTS_KEPT: Final = 31 * DAY
ON_ITS_WAY: Final = frozenset({"late", "unreachable"})  # silences of a store that may have heard the question
SILENCES: Final = (
    "behind", "busy", "closed", "disk", "late", "moved", "no master", "other keys", "refused by redis", "resting", "unreachable",
)  # fmt: skip
PAGE: Final = 1000
BASES: Final = ("register", "attested", "contract", "press")


@final
class LedgerSilent(Exception):
    """The store did not answer in time, or not all of it: `known` holds what did come, in the order of the question."""

    def __init__(self, reason: str, known: Sequence[PersonState | None] = ()) -> None:
        super().__init__(reason)
        self.reason: Final = reason
        self.known: Final = tuple(known)

    @property
    def perhaps_done(self) -> bool:
        """Whether the store may carry out, or have carried out, what it was asked: the question was on its way."""
        return self.reason in ON_ITS_WAY


@dataclass(frozen=True)
class Consent:
    """One agreement with its proof. A slot (two instants, else 0) makes it good for that time only.

    `reference` names it among the consents of this person; `campaign` empty: good for all campaigns of the customer.
    `person` is the canonical number on the way in, the key of the person (hexadecimal) in a list.
    """

    customer: str
    person: str
    at: float
    until: float
    reference: str
    campaign: str = ""
    basis: str = "register"
    proof: str = ""
    slot_from: float = 0.0
    slot_until: float = 0.0
    withdrawn_at: float = 0.0

    def mistake(self) -> str:
        """Why this is no valid consent; empty if it is one."""
        if not self.customer or not self.person:
            return "a consent names a customer and a person"
        if not self.reference:
            return "a consent has a reference under which its proof is found"
        if self.basis not in BASES:
            return "the basis is one of " + ", ".join(BASES)
        if not 0 < self.at < self.until:
            return "a consent ends after it was given"
        if self.until - self.at > CONSENT_MOST:
            return "a consent holds for one year at most (C. conso R223-4)"
        if (self.slot_from or self.slot_until) and not self.at <= self.slot_from < self.slot_until <= self.until:
            return "a slot begins after the consent was given, and ends before it does"
        if self.slot_until - self.slot_from > SLOT_MOST:
            return "a slot is a precise date and time: four hours at most (C. conso L223-1 al. 6)"
        return ""


@dataclass(frozen=True)
class Refusal:
    """A person told this customer to stop. `person`: as in `Consent`."""

    customer: str
    person: str
    at: float
    source: str
    reference: str


def check_consents(consents: Sequence[Consent]) -> None:
    """Raises ValueError with what is wrong with the first invalid one."""
    for consent in consents:
        mistake = consent.mistake()
        if mistake:
            raise ValueError(mistake)


class Ledger(Protocol):
    """One store. Every method raises LedgerSilent instead of waiting without bound."""

    async def open(self) -> None:
        """Connect, or make the file. Raises KeysDiffer if the store was filled with other keys."""

    async def ask(self, inquiries: Sequence[Inquiry]) -> list[PersonState]:
        """Answer each in one atomic step, counting the attempts that may be; in the order of the question."""

    async def release(self, inquiry: Inquiry) -> None:
        """Uncount the attempt: the person was never reached."""

    async def refuse(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        """Record a refusal; of several the newest counts."""

    async def refuse_all(self, refusals: Sequence[Refusal]) -> None:
        """Record many in one go, as `refuse` does each; after a silence some may be recorded."""

    async def withdraw_refusal(self, customer: str, person: str) -> bool:
        """Take back a refusal that was recorded by mistake; whether there was one."""

    async def refusals(self, customer: str, person: str = "", most: int = PAGE) -> list[Refusal]:
        """Refusals of the customer, newest first; with `person`, that person's only."""

    async def consent(self, consent: Consent) -> None:
        """Record a consent with its proof; the same reference replaces, and stays withdrawn if it was after it was given.

        Raises ValueError for an invalid one.
        """

    async def consent_all(self, consents: Sequence[Consent]) -> None:
        """Record many in one go, as `consent` does each; nothing if one is invalid, after a silence perhaps some."""

    async def withdraw_consent(self, customer: str, person: str, at: float, reference: str = "") -> int:
        """The consents of the person (or the one named) end at `at`; how many did. The proof stays."""

    async def consents(self, customer: str, person: str = "", most: int = PAGE) -> list[Consent]:
        """Consents of the customer, newest first, withdrawn and ended ones too; with `person`, that person's only."""

    async def close(self) -> None:
        """Let go of connections, files and threads."""
