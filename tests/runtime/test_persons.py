"""What persons say, by Python call: on a store of its own, and on that of a running proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime import persons as module
from proxy.runtime.person_entries import CONSENT, REFUSAL, Context, Entry
from proxy.runtime.persons import Persons
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.interface import Ledger, LedgerSilent
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.directory_shelf import numbering
from tests.runtime.store.histories import DAY, NOON, keys

NUMBER, PERSON = "06 12 34 56 78", "+33612345678"
NOW = datetime.fromtimestamp(NOON, UTC)
HOUR = timedelta(hours=1)


class Office:
    """One ledger, what was noted, and the call under test."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.noted: list[tuple[str, str]] = []
        self.persons = Persons(ledger, self.context, self.note)

    def context(self, who: str) -> Context:
        return Context(numbering(), frozenset({"acme"}), NOON, f"told by {who}")

    async def note(self, who: str, what: str) -> None:
        self.noted.append((who, what))

    async def state(self) -> PersonState:
        """What the next decision is told."""
        asked = Inquiry("acme", PERSON, "spring", "a", NOON, reserve=False)
        return (await self.ledger.ask([asked]))[0]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    ledger = EmbeddedLedger(tmp_path / "ledger.db", keys(), lambda: NOON, 5.0)
    await ledger.open()
    yield Office(ledger)
    await ledger.close()


async def test_a_refusal_is_known_to_the_next_question_and_taken_back_with_a_trace(office: Office) -> None:
    await office.persons.refuse("acme", NUMBER, "crm", at=NOW - HOUR)
    assert (await office.state()).refusal_at == NOON - 3600
    (one,) = await office.persons.refusals("acme", "0033612345678")
    assert (one.at, one.source) == (NOON - 3600, "told by crm")
    assert await office.persons.refusals("acme", "0612345679") == []
    assert await office.persons.withdraw_refusal("acme", NUMBER, "zoe")
    assert not await office.persons.withdraw_refusal("acme", NUMBER, "zoe")
    assert (await office.state()).refusal_at == 0
    ((who, what),) = office.noted
    assert who == "zoe"
    assert (
        what
        == f"refusals: that of person {one.person} to acme, heard {(NOW - HOUR).isoformat()} (told by crm), taken back"
    )
    assert PERSON not in what


async def test_a_refusal_stays_when_the_history_cannot_be_written(office: Office) -> None:
    async def unreachable(who: str, what: str) -> None:
        raise OSError(f"{who}: {what}")

    persons = Persons(office.ledger, office.context, unreachable)
    await persons.refuse("acme", NUMBER, "crm")
    with pytest.raises(OSError, match="zoe"):
        await persons.withdraw_refusal("acme", NUMBER, "zoe")
    assert (await office.state()).refusal_at == NOON


async def test_a_consent_is_known_to_the_next_question_and_ends(office: Office) -> None:
    await office.persons.consent("acme", NUMBER, "crm", "form-1", at=NOW - HOUR, campaign="spring", proof="p")
    state = await office.state()
    assert (state.consent_id, state.consent_until) == ("form-1", NOON - 3600 + 365 * DAY)
    await office.persons.consent("acme", NUMBER, "crm", "slot-1", at=NOW - HOUR, slot=(NOW, NOW + HOUR))
    assert (await office.state()).slot_until == NOON + 3600
    assert await office.persons.withdraw_consent("acme", NUMBER, "form-1") == 1
    assert await office.persons.withdraw_consent("acme", NUMBER) == 1
    assert (await office.state()).consent_id == ""
    found = await office.persons.consents("acme", NUMBER)
    assert {(one.reference, one.withdrawn_at) for one in found} == {("form-1", NOON), ("slot-1", NOON)}


@pytest.mark.parametrize(
    ("customer", "number", "at", "key"),
    [
        ("nobody", NUMBER, NOW, "customer"),
        ("acme", "12", NOW, "number"),
        ("acme", NUMBER, NOW + HOUR, "at"),
        ("acme", NUMBER, NOW.replace(tzinfo=None), "at"),
    ],
)
async def test_what_is_wrong_is_named_and_not_recorded(
    office: Office, customer: str, number: str, at: datetime, key: str
) -> None:
    with pytest.raises(ConfigError) as told:
        await office.persons.refuse(customer, number, "crm", at=at)
    assert told.value.key == key
    assert await office.persons.refusals("acme") == []


async def test_many_are_recorded_slice_by_slice_or_none(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE", 7)
    lines = [
        Entry("crm", line, {"customer": "acme", "number": f"06123{line:05}", "reference": "f"}) for line in range(1, 31)
    ]
    for kind, listed in ((REFUSAL, office.persons.refusals), (CONSENT, office.persons.consents)):
        with pytest.raises(ConfigError, match="crm:99"):
            await office.persons.record(kind, [*lines, Entry("crm", 99, {"customer": "acme", "number": "1"})], "crm")
        assert await office.persons.record(kind, lines, "crm", dry_run=True) == 30
        assert len(await listed("acme")) == 0
        assert await office.persons.record(kind, lines, "crm") == 30
        assert len(await listed("acme")) == 30


async def test_a_silent_store_is_told(office: Office) -> None:
    await office.ledger.close()
    with pytest.raises(LedgerSilent):
        await office.persons.refuse("acme", NUMBER, "crm")
