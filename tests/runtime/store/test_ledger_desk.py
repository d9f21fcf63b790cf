"""Questions of one turn go out together, nobody waits for a silent store, and what is owed is told in the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from proxy.b2bua.outputs import Fetch
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store import ledger_desk
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.ledger_desk import LedgerDesk, Question
from proxy.runtime.tasks import Tasks
from tests.runtime.store.histories import NOON, inquiry


class Store:
    """A ledger that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.told: list[str] = []
        self.silent = ""
        self.known: tuple[PersonState | None, ...] = ()
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self, inquiries: Sequence[Inquiry]) -> list[PersonState]:
        self.asked.append([one.attempt for one in inquiries])
        await self.gate.wait()
        if self.silent:
            raise LedgerSilent(self.silent, self.known)
        self.told += [f"ask {one.attempt} {one.window_most}" for one in inquiries]
        return [PersonState(reserved=True) for _ in inquiries]

    async def release(self, inquiry: Inquiry) -> None:
        if self.silent:
            raise LedgerSilent(self.silent)
        self.told.append(f"release {inquiry.attempt}")

    async def refuse(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        if self.silent:
            raise LedgerSilent(self.silent)
        self.told.append(f"refuse {customer} {source} {reference}")


class Bench:
    """A desk, its store and what came back."""

    def __init__(self) -> None:
        self.store = Store()
        self.faults: list[str] = []
        self.tasks = Tasks(self.faults.append)
        self.arrived: list[int] = []
        self.desk = LedgerDesk(self.store, self.take, self.tasks, time.monotonic)

    def take(self, answers: Sequence[tuple[Question, PersonState]]) -> None:
        self.arrived += [question.call for question, _ in answers]

    def fetch(self, call: int, patience: float = 30.0) -> None:
        self.desk.fetch(Fetch(call, inquiry(f"a{call}"), time.monotonic() + patience))


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(ledger_desk, "SETTLING", 0.05)
    found = Bench()
    yield found
    await found.tasks.cancel()
    assert found.faults == []


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_questions_of_one_turn_are_one_ask(bench: Bench) -> None:
    for call in range(3):
        bench.fetch(call)
    assert (bench.store.asked, bench.desk.queue) == ([], 3)
    await turns()
    bench.fetch(3)
    await turns()
    assert bench.store.asked == [["a0", "a1", "a2"], ["a3"]]
    assert bench.arrived == [0, 1, 2, 3]
    assert bench.desk.operations == {("ask", "answered"): 4}
    assert sum(bench.desk.seconds.buckets) == 4


async def test_while_enough_are_under_way_the_rest_waits_together(bench: Bench) -> None:
    bench.store.gate.clear()
    for call in range(ledger_desk.UNDER_WAY + 3):
        bench.fetch(call)
        await turns(2)
    assert (len(bench.store.asked), bench.desk.queue) == (ledger_desk.UNDER_WAY, 3)
    bench.store.gate.set()
    await turns()
    assert bench.store.asked[-1] == ["a8", "a9", "a10"]
    assert bench.desk.queue == 0


async def test_a_question_whose_call_was_decided_is_not_sent(bench: Bench) -> None:
    bench.fetch(1, patience=-1.0)
    await turns()
    assert bench.store.asked == []
    assert bench.desk.operations == {("ask", "late"): 1}


async def test_a_full_queue_drops_and_counts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_desk, "WAITING_MOST", 1)
    bench.fetch(1)
    bench.fetch(2)
    await turns()
    assert bench.arrived == [1]
    assert bench.desk.operations["ask", "dropped"] == 1


async def test_a_silent_store_is_counted_and_what_is_known_arrives(bench: Bench) -> None:
    bench.store.silent, bench.store.known = "late", (None, PersonState(attempts=2))
    bench.fetch(1)
    bench.fetch(2)
    await turns()
    assert bench.arrived == [2]
    assert bench.desk.silences == {"late": 1}
    assert bench.desk.operations == {("ask", "silent"): 1, ("ask", "answered"): 1}


async def test_what_is_owed_is_told_after_the_silence(bench: Bench) -> None:
    bench.store.silent = "unreachable"
    bench.fetch(1)
    await turns()
    bench.desk.release(inquiry("a1"))
    bench.desk.count(inquiry("a2"))
    bench.desk.refusal_heard("acme", "+33140000017", NOON, "607", "a3")
    await asyncio.sleep(0.1)
    assert (bench.desk.owed, bench.store.told) == (3, [])
    bench.store.silent = ""
    assert await bench.desk.settle(30.0) == 0
    await turns()
    assert sorted(bench.store.told) == ["ask a2 0", "refuse acme 607 a3", "release a1"]
    assert bench.desk.operations["release", "answered"] == 1


async def test_a_release_comes_after_the_question_that_is_under_way(bench: Bench) -> None:
    bench.store.gate.clear()
    bench.fetch(1)
    await turns()
    bench.desk.release(inquiry("a1"))
    await asyncio.sleep(0.02)
    assert bench.store.told == []
    bench.store.gate.set()
    assert await bench.desk.settle(30.0) == 0
    await turns()
    assert bench.store.told == ["ask a1 4", "release a1"]


async def test_what_stays_owed_at_the_end_is_told(bench: Bench) -> None:
    bench.store.silent = "unreachable"
    bench.desk.release(inquiry("a1"))
    assert await bench.desk.settle(0.05) == 1


async def test_a_question_that_was_given_up_is_taken_back(bench: Bench) -> None:
    bench.store.silent = "late"
    bench.fetch(1, patience=0.5)
    await turns()
    assert bench.desk.owed == 1
    bench.store.silent = ""
    assert await bench.desk.settle(30.0) == 0
    await turns()
    assert bench.store.told == ["release a1"]


async def test_a_question_that_was_given_up_counts_if_its_call_went_ahead(bench: Bench) -> None:
    bench.store.silent = "late"
    bench.fetch(1)
    await turns()
    bench.desk.count(inquiry("a1"))  # the call was decided after the store was given up
    bench.store.gate.clear()
    bench.fetch(2)
    await turns()
    bench.desk.count(inquiry("a2"))  # and before
    bench.store.gate.set()
    await turns()
    bench.store.silent = ""
    assert await bench.desk.settle(30.0) == 0
    await turns()
    assert sorted(bench.store.told) == ["ask a1 0", "ask a2 0"]


@pytest.mark.parametrize("reason", ["resting", "busy", "closed"])
async def test_a_question_that_never_left_is_not_taken_back(bench: Bench, reason: str) -> None:
    bench.store.silent = reason
    bench.fetch(1)
    await turns()
    assert bench.desk.owed == 0


async def test_of_one_attempt_the_last_note_counts(bench: Bench) -> None:
    bench.store.silent = "unreachable"
    bench.desk.count(inquiry("a1"))
    await asyncio.sleep(0.02)
    bench.desk.release(inquiry("a1"))
    await asyncio.sleep(0.1)
    bench.store.silent = ""
    assert await bench.desk.settle(30.0) == 0
    await turns()
    assert bench.store.told == ["release a1"]


async def test_an_answer_after_the_end_of_a_call_that_went_ahead_leaves_it_counted(bench: Bench) -> None:
    bench.store.gate.clear()
    for call in (1, 2):
        bench.fetch(call)
    await turns()
    bench.desk.count(inquiry("a1"))
    bench.store.gate.set()
    await turns()
    for call in (1, 2):
        bench.desk.unclaimed(inquiry(f"a{call}"))
    assert await bench.desk.settle(30.0) == 0
    await turns()
    assert sorted(bench.store.told) == ["ask a1 0", "ask a1 4", "ask a2 4", "release a2"]


async def test_settling_waits_for_the_question_under_way_and_for_what_its_answer_leaves_owed(bench: Bench) -> None:
    bench.store.gate.clear()
    bench.fetch(1)
    await turns()
    settled = asyncio.ensure_future(bench.desk.settle(30.0))
    await turns()
    assert not settled.done()
    bench.desk.release(inquiry("a1"))
    bench.store.gate.set()
    assert await settled == 0
    assert bench.store.told == ["ask a1 4", "release a1"]
