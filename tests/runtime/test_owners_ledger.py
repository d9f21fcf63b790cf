"""Each person has one worker that answers; the others ask it, and tell it what became of attempts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from proxy.b2bua.outputs import Fetch
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime import owners_ledger
from proxy.runtime.owners_ledger import INQUIRY, STATE, OwnersLedger, among, fields, fields_of_state
from proxy.runtime.store.ledger_desk import Question
from proxy.runtime.worker_marks import owner_of_number
from tests.runtime.sockets import Desk
from tests.runtime.store.conftest import InlineClient, Shelf
from tests.runtime.store.histories import NOON, inquiry, keys

WORKERS = 2
OWNER = 1
THEIRS = next(
    number for number in (f"+3361234{n:04d}" for n in range(100)) if owner_of_number(number.encode(), 2) == OWNER
)
OURS = next(
    number for number in (f"+3361234{n:04d}" for n in range(100)) if owner_of_number(number.encode(), 2) != OWNER
)


class Line:
    """The way between two workers; what is told arrives at once."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.told: Callable[[bytes], None] | None = None
        self.far: Line | None = None
        self.cut = False

    def tell(self, worker: int, text: bytes) -> bool:
        assert self.far is not None
        assert worker == self.far.number
        if self.far.told is not None and not self.cut:
            self.far.told(text)
        return not self.cut


class Pair:
    """Two workers with a ledger each."""

    def __init__(self, clients: Sequence[InlineClient]) -> None:
        self.answers: list[tuple[Question, PersonState]] = []
        self.clients = clients
        self.lines = [Line(0), Line(1)]
        self.lines[0].far, self.lines[1].far = self.lines[1], self.lines[0]
        found = [
            among(one.ledger, line, WORKERS, self.answers.extend) for one, line in zip(clients, self.lines, strict=True)
        ]
        near, far = found
        assert isinstance(near, OwnersLedger)
        assert isinstance(far, OwnersLedger)
        self.near, self.far = near, far

    def ask(self, asked: Inquiry) -> PersonState:
        """What worker 0 hears."""
        self.near.fetch(Fetch(7, asked, 1.0))
        question, state = self.answers.pop()
        assert question.call == 7
        return state


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    clients = []
    for name in ("near", "far"):
        (tmp_path / name).mkdir()
        clients.append(await InlineClient.opened(Shelf("inline", tmp_path / name, None, []), keys()))
    yield Pair(clients)
    for one in clients:
        await one.close()


async def test_our_own_persons_are_answered_at_once_and_others_by_their_owner(pair: Pair) -> None:
    own = pair.near.answer(inquiry("a", person=OURS))
    assert own is not None
    assert own.reserved
    assert pair.near.answer(inquiry("a", person=THEIRS)) is None
    assert [pair.ask(inquiry(name, person=THEIRS)).attempts for name in ("a", "b", "b")] == [0, 1, 1]
    beside = pair.far.answer(inquiry("c", person=THEIRS))
    assert beside is not None
    assert beside.attempts == 2  # asked from both sides, counted once each
    assert (pair.clients[0].ledger.owed, pair.clients[1].ledger.owed) == (1, 1)


async def test_what_became_of_an_attempt_is_told_to_the_owner(pair: Pair) -> None:
    first = inquiry("a", person=THEIRS)
    assert pair.ask(first).reserved
    pair.near.release(first)
    second = inquiry("b", person=THEIRS)
    assert pair.ask(second).attempts == 0
    pair.near.unclaimed(second)
    pair.near.count(inquiry("c", person=THEIRS))
    assert pair.ask(inquiry("d", person=THEIRS)).attempts == 1
    pair.near.refusal_heard("acme", THEIRS, NOON, "607", "call")
    assert pair.ask(inquiry("e", person=THEIRS, refusal_since=0.0)).refusal_at == NOON
    for whose in (OURS,):
        pair.near.count(inquiry("c", person=whose))
        pair.near.release(inquiry("c", person=whose))
        pair.near.refusal_heard("acme", whose, NOON, "607", "call")
        pair.near.fetch(Fetch(7, inquiry("d", person=whose), 1.0))
    await asyncio.sleep(0.01)


async def test_an_owner_that_is_gone_is_a_silent_ledger(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners_ledger, "OPEN_MOST", 3)
    pair.lines[0].cut = True
    for number in range(5):
        pair.near.fetch(Fetch(number, inquiry(f"{number}", person=THEIRS), 1.0))
    assert pair.answers == []
    assert len(pair.near._open) == 3  # what nobody answers is not kept for ever
    pair.lines[0].cut = False
    assert pair.ask(inquiry("z", person=THEIRS)).reserved


def test_questions_and_answers_cross_whole() -> None:
    question: list[Any] = ["c", "p", "k", "a", 1.5, False, 2.5, 3, 4, 5.5, 6.5, True, 7.5, True]
    answer: list[Any] = [1.5, 2.5, 3.5, "id", 4.5, 5.5, 6, 7.5, 8.5, 9, 10.5, True, 11.5]
    assert fields(Inquiry(*question)) == question
    assert fields_of_state(PersonState(*answer)) == answer
    assert getattr(Inquiry, "__slots__", INQUIRY) == INQUIRY  # compiled classes do not tell
    assert set(getattr(PersonState, "__slots__", STATE)) == set(STATE)


def test_a_store_that_all_share_needs_nobody_between() -> None:
    desk = Desk()
    assert among(desk, Line(0), WORKERS, lambda answers: None) is desk
    assert among(desk, None, 1, lambda answers: None) is desk
