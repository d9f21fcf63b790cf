"""What both stores tell of refusals: names that lists and notices share, a log, and pages that miss nobody."""

from __future__ import annotations

from proxy.runtime.store.interface import Ledger
from proxy.runtime.store.ledger_choice import chosen_refusals
from proxy.runtime.store.refusals_source import Changed, RefusalsSource
from tests.runtime.store.conftest import Shelf
from tests.runtime.store.histories import HOUR, NOON, OTHER, PERSON, consent, keys


async def opened(shelf: Shelf) -> tuple[Ledger, RefusalsSource]:
    return await shelf.open(), chosen_refusals(shelf.file, shelf.place)


async def test_a_person_is_read_as_the_ledger_keeps_it(shelf: Shelf) -> None:
    ledger, source = await opened(shelf)
    name = source.name(keys().person("acme", PERSON, NOON))
    assert await source.read([name]) == [(name, 0.0, ())]
    await ledger.refuse("acme", PERSON, NOON, "607", "call-1")
    await ledger.consent(consent("c-1", at=NOON + HOUR, campaign="spring"))
    ((_, at, (given,)),) = await source.read([name])
    assert (at, given.at, given.campaign, given.reference) == (NOON, NOON + HOUR, "spring", "c-1")
    assert await source.read([]) == []
    await source.close()


async def test_the_log_tells_who_changed(shelf: Shelf) -> None:
    ledger, source = await opened(shelf)
    start = await source.position()
    assert await source.changed(start) == Changed(start, [])
    await ledger.refuse("acme", PERSON, NOON, "607", "call-1")
    await ledger.consent(consent("c-1", person=OTHER))  # who refused nothing
    name = source.name(keys().person("acme", PERSON, NOON))
    first = await source.changed(start)
    assert first is not None
    assert (first.names, first.position) == ([name], await source.position())
    await ledger.consent(consent("c-1"))
    await ledger.withdraw_consent("acme", PERSON, NOON)
    await ledger.withdraw_refusal("acme", PERSON)
    second = await source.changed(first.position)
    assert second is not None
    assert second.names == [name] * 3
    assert await source.changed(second.position) == Changed(second.position, [])
    await source.close()


async def test_a_long_log_is_read_to_its_end(shelf: Shelf) -> None:
    ledger, source = await opened(shelf)
    start = await source.position()
    for number in range(1100):
        await ledger.refuse("acme", f"+331400{number:05}", NOON, "api", "r")
    found = await source.changed(start)
    assert found is not None
    assert (len(set(found.names)), len(found.names)) == (1100, 1100)
    later = await source.changed(found.position)
    assert later == Changed(found.position, [])
    listed = [entry async for page in source.pages() for entry in page]
    assert {name for name, _ in listed} == set(found.names)
    assert {at for _, at in listed} == {NOON}
    await source.close()


async def test_a_log_that_was_lost_is_not_taken_for_one_without_changes(shelf: Shelf) -> None:
    ledger, source = await opened(shelf)
    await ledger.refuse("acme", PERSON, NOON, "607", "call-1")
    assert await source.changed(b"99999999999999-1" if shelf.place else b"99999999999999") is None
    await source.close()
