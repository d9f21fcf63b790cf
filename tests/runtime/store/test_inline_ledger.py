"""The ledger that answers in the same turn: at once, from now on, and over a kill."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.b2bua.outputs import Fetch
from proxy.policy.inquiry import PersonState
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.store import inline_ledger, row_writing, write_behind
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.inline_ledger import InlineLedger
from tests.children import ROOT, WITH_TESTS
from tests.runtime.ends import PATIENCE, until
from tests.runtime.store.conftest import InlineClient, Shelf
from tests.runtime.store.histories import DAY, NOON, OTHER, PERSON, consent, inquiry, keys

WORKER = """
import asyncio, sys
from pathlib import Path
from proxy.runtime import ahead_spare
from proxy.runtime.store import write_behind
from tests.runtime.store.conftest import InlineClient, Shelf
from tests.runtime.store.histories import NOON, inquiry, keys

async def main() -> None:
    write_behind.BEHIND = float(sys.argv[2])
    ahead_spare.WAIT = 60.0
    client = await InlineClient.opened(Shelf("inline", Path(sys.argv[1]), None, []), keys())
    for number in range(100_000):
        asked = inquiry(f"{number}", person=f"+3314{number:06}")
        assert client.ledger.answer(asked).reserved
        if number % 3 == 0:
            client.ledger.release(asked)
        if number % 5 == 0:
            client.ledger.refusal_heard("acme", asked.person, NOON, "607", "call")
        print(number, flush=True)
        await asyncio.sleep(0)

asyncio.run(main())
"""


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[InlineClient]:
    opened = await InlineClient.opened(Shelf("inline", tmp_path, None, []), keys())
    yield opened
    await opened.close()


async def other(client: InlineClient) -> EmbeddedLedger:
    """Another process on the same file."""
    opened = EmbeddedLedger(client.file.path, keys(), lambda: NOON, PATIENCE)
    await opened.open()
    return opened


def state_of(client: InlineClient, *arguments: object, **changes: object) -> PersonState:
    state = client.ledger.answer(inquiry(*arguments, **changes))  # type: ignore[arg-type]  # as of inquiry
    assert state is not None
    return state


async def test_answers_count_at_once_and_reach_the_file_a_little_later(client: InlineClient) -> None:
    assert [state_of(client, name).attempts for name in ("a", "b", "b", "c")] == [0, 1, 1, 2]
    assert (client.ledger.owed, client.ledger.queue) == (1, 0)
    assert client.ledger.behind >= 0
    assert await client.ledger.settle(PATIENCE) == 0
    assert client.ledger.behind == 0
    assert state_of(client, "d").attempts == 3
    assert not state_of(client, "e").reserved
    beside = await other(client)
    await client.ledger.settle(PATIENCE)
    assert (await beside.ask([inquiry("look", reserve=False)]))[0].attempts == 4
    await beside.close()
    assert client.ledger.operations == {("ask", "answered"): 6}
    assert client.ledger.seconds.sum > 0


async def test_what_is_written_holds_no_segment_of_the_log(client: InlineClient) -> None:
    for number in range(2000):
        assert state_of(client, f"{number}", person=f"+3314{number:06}").reserved
    assert client.log.held_bytes > 1 << 16
    await client.ledger.settle(PATIENCE)
    async with asyncio.timeout(PATIENCE):
        while client.log.held_bytes > 1 << 16:  # noqa: ASYNC110 - a thread deletes them, unannounced
            await asyncio.sleep(0.01)


async def test_a_command_is_heard_by_the_next_question(client: InlineClient) -> None:
    beside = await other(client)
    assert state_of(client, "a", refusal_since=0.0).reserved
    await beside.refuse("acme", PERSON, NOON, "command", "ticket 5")
    assert state_of(client, "b", refusal_since=0.0).refusal_at == NOON
    await beside.withdraw_refusal("acme", PERSON)
    assert state_of(client, "c", refusal_since=0.0).reserved
    assert not state_of(client, "d", consent_needed=True, person=OTHER).reserved
    await beside.consent(consent("c-1", person=OTHER))
    assert state_of(client, "d", consent_needed=True, person=OTHER).reserved
    await beside.withdraw_consent("acme", OTHER, NOON)
    assert not state_of(client, "e", consent_needed=True, person=OTHER).reserved
    await beside.close()


async def test_what_another_process_counts_meanwhile_is_not_written_over(client: InlineClient) -> None:
    beside = await other(client)
    assert state_of(client, "ours").attempts == 0
    assert (await beside.ask([inquiry("theirs")]))[0].attempts == 0
    await client.ledger.settle(PATIENCE)
    assert state_of(client, "look", reserve=False).attempts == 2
    await beside.close()


async def test_a_refusal_that_was_heard_stands_at_once(client: InlineClient) -> None:
    heard = []
    client.ledger._heed = lambda *told: heard.append(told)  # the listener of this test
    client.ledger.refusal_heard("acme", PERSON, NOON, "607", "call-1")
    assert heard == [("acme", PERSON, NOON)]
    assert state_of(client, "a", refusal_since=0.0).refusal_at == NOON
    await client.ledger.settle(PATIENCE)
    assert [one.reference for one in await client.file.refusals("acme", PERSON)] == ["call-1"]
    assert state_of(client, "b", refusal_since=0.0).refusal_at == NOON


async def test_an_attempt_is_taken_back_wherever_it_stands(client: InlineClient) -> None:
    state_of(client, "a")
    client.ledger.release(inquiry("a"))
    client.ledger.unclaimed(inquiry("a"))
    assert state_of(client, "b").attempts == 0
    await client.ledger.settle(PATIENCE)
    client.ledger.release(inquiry("b"))
    await client.ledger.settle(PATIENCE)
    beside = await other(client)
    assert (await beside.ask([inquiry("look", reserve=False)]))[0].attempts == 0
    await beside.close()


async def test_a_call_that_went_ahead_counts_whatever_its_rules_say(client: InlineClient) -> None:
    client.ledger.count(inquiry("a", window_most=1))
    client.ledger.count(inquiry("b", window_most=1))
    assert state_of(client, "c", window_most=4).attempts == 2
    assert client.ledger.operations["count", "answered"] == 2


async def test_whoever_asks_by_fetch_is_answered_after_the_turn(tmp_path: Path) -> None:
    file = EmbeddedLedger(tmp_path / "ledger.db", keys(), lambda: NOON, PATIENCE)
    await file.open()
    log = AheadLog(tmp_path / "log", print, 1 << 16)
    answers: list[object] = []
    ledger = InlineLedger(file, log, lambda: NOON, answers.append, lambda *_: None)
    question = Fetch(7, inquiry("a"), 1.0)
    ledger.fetch(question)  # it is not open yet: the deadline of the call decides
    await asyncio.sleep(0)
    assert (answers, ledger.silences) == ([], {"closed": 1})
    await ledger.open(log.open().entries)
    ledger.fetch(question)
    assert answers == []
    await asyncio.sleep(0)
    assert len(answers) == 1
    await ledger.settle(PATIENCE)
    ledger.close()
    ledger.close()
    ledger.release(inquiry("b"))
    ledger.count(inquiry("b"))
    assert ledger.operations["release", "silent"] == ledger.operations["count", "silent"] == 1
    log.close()
    await file.close()


async def test_while_the_file_is_locked_calls_go_on_up_to_a_bound(
    client: InlineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_behind, "BEHIND", 0.001)
    monkeypatch.setattr(inline_ledger, "MOST", 20)
    holder = sqlite3.connect(client.file.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    states = [client.ledger.answer(inquiry("a", person=f"+3314{number:06}")) for number in range(25)]
    await asyncio.sleep(0.02)
    assert [state is not None for state in states] == [True] * 20 + [False] * 5
    assert (client.ledger.silences, client.ledger.owed) == ({"behind": 5}, 20)
    holder.execute("ROLLBACK")
    holder.close()
    assert await client.ledger.settle(PATIENCE) == 0
    assert state_of(client, "a", person="+3314000024").reserved


async def test_a_disk_that_refuses_is_tried_again(client: InlineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    written = row_writing.write

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(write_behind, "AGAIN", 0.01)
    monkeypatch.setattr(write_behind, "write", full)
    state_of(client, "a")
    assert await client.ledger.settle(0.05) == 1
    state_of(client, "b")
    await until(lambda: client.ledger.silences.get("disk", 0) > 0)  # the thread has tried
    monkeypatch.setattr(write_behind, "write", written)
    assert await client.ledger.settle(PATIENCE) == 0
    assert state_of(client, "look", reserve=False).attempts == 2


def killed_after(count: int, folder: Path, behind: str) -> int:
    """How far a process had come when it was killed in the middle of its work."""
    command = [sys.executable, "-c", WORKER, str(folder), behind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=WITH_TESTS) as worker:
        assert worker.stdout is not None
        for _ in range(count):
            worker.stdout.readline()
        worker.kill()
        return count + len(worker.stdout.read().split("\n")) - 1


@pytest.mark.parametrize("behind", ["0.001", "0.05", "60"])
async def test_what_was_answered_survives_a_kill(tmp_path: Path, behind: str) -> None:
    count = await asyncio.to_thread(killed_after, 400, tmp_path, behind)
    client = await InlineClient.opened(Shelf("inline", tmp_path, None, []), keys())
    for number in range(count):
        state = state_of(client, "look", NOON + DAY, f"+3314{number:06}", reserve=False)
        assert state.attempts == (0 if number % 3 == 0 else 1), number
        assert (state.refusal_at == NOON) == (number % 5 == 0), number
    await client.close()
