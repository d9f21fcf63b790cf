"""A node remembers who refused: from its start, through notices and without them, and on every kind of store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from proxy.policy.inquiry import refused
from proxy.runtime.clock import FixedClock
from proxy.runtime.store import refusals_watch
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.interface import ATTEMPTS_KEPT, LedgerSilent
from proxy.runtime.store.ledger_choice import chosen_notices, chosen_refusals
from proxy.runtime.store.notices import ANYTHING
from proxy.runtime.store.person_keys import Person, PersonKeys
from proxy.runtime.store.refusals_watch import RefusalsWatch
from tests.runtime.store.conftest import Shelf
from tests.runtime.store.histories import HOUR, NOON, OTHER, PERSON, consent, inquiry, keys

PATIENCE = 30.0


class Node:
    """One node: what it remembers, and the notices that it hears."""

    def __init__(self, shelf: Shelf, most: int = 2000, hears: bool = True) -> None:
        self.keys = keys()
        self.said: list[str] = []
        self.clock = FixedClock(NOON, running=True)
        self.source = chosen_refusals(shelf.file, shelf.place)
        self.watch = RefusalsWatch(self.source, most, self.person, self.clock, self.said.append)
        self.notices = chosen_notices(shelf.file, shelf.place, self.watch.told, self.said.append) if hears else None

    def person(self, customer: str, person: str) -> Person:
        return self.keys.person(customer, person, NOON)

    def refuses(self, person: str = PERSON, customer: str = "acme") -> bool:
        state = self.watch.held(inquiry("a", person=person, customer=customer))
        return state is not None and refused(state, NOON, 0.0)

    async def start(self) -> None:
        self.watch.start()
        if self.notices is not None:
            await self.notices.start()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - what is waited for comes out of another process, unannounced
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self.notices is not None:
            await self.notices.stop()
        await self.watch.stop()


@pytest.fixture
async def node(shelf: Shelf) -> AsyncIterator[Node]:
    await shelf.open()
    if shelf.place is None:
        with_directory(shelf.file)
    made = Node(shelf)
    yield made
    await made.stop()


def with_directory(path: Path) -> None:
    """The other tables of a store, which the notices look at."""
    from proxy.runtime.store.directory_embedded import EmbeddedDirectory

    asyncio.get_running_loop().run_in_executor(None, EmbeddedDirectory(path)._connection.close)


async def test_what_was_refused_before_the_start_is_known(shelf: Shelf, node: Node) -> None:
    ledger = shelf.opened[0]
    for number in range(1200):
        await ledger.refuse(f"c{number % 3}", f"+331400{number:05}", NOON - number, "api", "r")
    await node.watch.look()
    assert len(node.watch.kept) == 1200
    assert node.refuses("+33140000007", "c1")
    assert not node.refuses("+33140000007", "c2")
    assert node.watch.age() < PATIENCE


async def test_changes_are_known_at_once_by_notice(shelf: Shelf, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals_watch, "LOOK", 3600.0)
    ledger = shelf.opened[0]
    await node.start()
    await ledger.refuse("acme", PERSON, NOON - HOUR, "607", "call-1")
    await node.until(node.refuses)
    await ledger.consent(consent("c-1", at=NOON - 60))
    await node.until(lambda: not node.refuses())
    await ledger.withdraw_consent("acme", PERSON, NOON - 30, "c-1")
    await node.until(node.refuses)
    await ledger.withdraw_refusal("acme", PERSON)
    await node.until(lambda: len(node.watch.kept) == 0)
    assert node.said == []


async def test_a_lost_notice_is_made_good_by_the_next_look(shelf: Shelf, node: Node) -> None:
    ledger = shelf.opened[0]
    await node.watch.look()
    await ledger.refuse("acme", PERSON, NOON - HOUR, "607", "call-1")
    assert not node.refuses()
    await node.watch.look()
    assert node.refuses()
    await ledger.consent(consent("c-1", at=NOON - 60))
    await node.watch.look()
    assert not node.refuses()
    await ledger.withdraw_consent("acme", PERSON, NOON - 30)
    await node.watch.look()
    assert node.refuses()
    await ledger.withdraw_refusal("acme", PERSON)
    await node.watch.look()
    assert len(node.watch.kept) == 0


async def test_what_the_log_announced_is_read_once_more(
    shelf: Shelf, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals_watch, "SETTLED", 0.0)
    await node.watch.look()
    await shelf.opened[0].refuse("acme", PERSON, NOON - HOUR, "607", "call-1")
    await node.watch.look()
    node.watch.kept.remove(node.source.name(node.person("acme", PERSON)))  # as if the log had come before the change
    await node.watch.look()
    assert node.refuses()


async def test_a_log_that_does_not_reach_back_is_answered_by_reading_all(shelf: Shelf, node: Node) -> None:
    ledger = shelf.opened[0]
    await ledger.refuse("acme", PERSON, NOON - HOUR, "607", "call-1")
    await ledger.refuse("acme", OTHER, NOON - HOUR, "607", "call-2")
    await node.watch.look()
    node.watch._position = b"99999999999999-7" if shelf.place else b"99999999999999"
    await ledger.withdraw_refusal("acme", PERSON)
    await node.watch.look()
    assert (node.refuses(PERSON), node.refuses(OTHER)) == (False, True)


async def test_a_refusal_heard_here_is_held_at_once_and_until_the_store_tells_of_it(shelf: Shelf, node: Node) -> None:
    await node.watch.look()
    node.watch.heard("acme", PERSON, NOON)
    assert node.refuses()
    node.watch.told(b"p" + (b"{xx}p" if shelf.place else b"") + b"nobody")
    node.watch._position = None  # everything is read anew, and the store does not know of it yet
    await node.watch.look()
    assert node.refuses()
    await shelf.opened[0].refuse("acme", PERSON, NOON, "607", "call-1")
    await node.watch.look()
    await shelf.opened[0].withdraw_refusal("acme", PERSON)
    await node.watch.look()
    assert not node.refuses()


async def test_keys_that_rotate_find_the_same_refusal(shelf: Shelf, node: Node) -> None:
    await shelf.opened[0].refuse("acme", PERSON, NOON, "607", "call-1")
    await node.watch.look()
    node.keys = node.keys.rotated(NOON + ATTEMPTS_KEPT, NOON)
    assert len(node.keys.keys) == 2
    assert node.refuses()
    node.keys = PersonKeys(b"M" * 32, node.keys.keys)  # another file altogether
    assert not node.refuses()


async def test_of_too_many_the_newest_are_held(shelf: Shelf, node: Node) -> None:
    ledger = shelf.opened[0]
    for number in range(40):
        await ledger.refuse("acme", f"+331400000{number:02}", NOON - number * 86_400, "api", "r")
    few = Node(shelf, most=10, hears=False)
    await few.watch.look()
    assert [few.refuses(f"+331400000{number:02}") for number in range(40)] == [True] * 10 + [False] * 30
    assert few.watch.kept.dropped >= 30
    await few.stop()


async def test_in_a_silence_everything_stays_and_the_age_grows(tmp_path: Path) -> None:
    ledger = EmbeddedLedger(tmp_path / "store.db", keys(), lambda: NOON, PATIENCE)
    await ledger.open()
    shelf = Shelf("embedded", tmp_path, None, [])
    shelf.file = tmp_path / "store.db"
    node = Node(shelf, hears=False)
    await ledger.refuse("acme", PERSON, NOON, "607", "call-1")
    await node.watch.look()
    await node.source.close()
    with pytest.raises(LedgerSilent, match="closed"):
        await node.watch.look()
    assert node.refuses()
    node.watch.start()
    await node.until(lambda: len(node.said) > 0)
    age = node.watch.age()
    await asyncio.sleep(0.01)
    assert node.watch.age() > age
    assert node.said == ["the refusals held in memory are not renewed: closed"]
    await node.stop()
    await ledger.close()


def test_everything_is_looked_at_when_the_way_is_new() -> None:
    assert not ANYTHING.startswith(b"p")
