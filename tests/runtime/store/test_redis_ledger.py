"""Redis that stands still, dies, comes back empty or elsewhere: nobody waits long, and the counts are right afterwards."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from proxy.b2bua.outputs import Fetch
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store import ledger_desk, redis_connect
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.ledger_desk import LedgerDesk, Question
from proxy.runtime.store.redis_ledger import RedisLedger
from proxy.runtime.store.redis_place import Place
from proxy.runtime.tasks import Tasks
from tests.runtime.store.histories import DAY, NOON, PERSON, consent, inquiry, keys
from tests.runtime.store.redis_servers import RedisServer, sentinel_of, until, watch_closely

WAIT = 10.0  # s; where an answer comes, a busy machine must not be taken for a silent server
SHORT_WAIT = 0.5  # where none comes
RESTS = 2.0  # as long as a master rests, which a slow machine must notice
LASTING = ("--save", "", "--appendonly", "yes", "--appendfsync", "always")

pytestmark = pytest.mark.tool


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of one test, which keeps what it confirmed."""
    found = RedisServer(tmp_path / "redis", *LASTING).start()
    yield found
    found.kill()


@pytest.fixture
async def ledger(server: RedisServer) -> AsyncIterator[RedisLedger]:
    found = RedisLedger(Place((server.url,)), keys(), lambda: NOON, WAIT)
    await found.open()
    yield found
    await found.close()


async def silence(ledger: RedisLedger, *asked: Inquiry) -> str:
    """The reason."""
    with pytest.raises(LedgerSilent) as caught:
        await ledger.ask(asked)
    return caught.value.reason


async def answer(ledger: RedisLedger, asked: Inquiry) -> PersonState:
    """Once it answers again."""
    end = time.monotonic() + 60
    while True:
        try:
            return (await ledger.ask([asked]))[0]
        except LedgerSilent:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)


async def test_a_server_that_stands_still_is_waited_for_once(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_connect, "FIRST_REST", RESTS)
    monkeypatch.setattr(redis_connect, "LONGEST_REST", RESTS)
    ledger = RedisLedger(Place((server.url,)), keys(), lambda: NOON, SHORT_WAIT)
    await ledger.open()
    await answer(ledger, inquiry("a"))
    server.send(signal.SIGSTOP)
    begun = time.monotonic()
    assert await silence(ledger, inquiry("b")) == "late"
    assert time.monotonic() - begun > SHORT_WAIT * 0.9
    assert await silence(ledger, inquiry("c")) == "resting"
    server.send(signal.SIGCONT)
    state = await answer(ledger, inquiry("b"))
    assert (state.attempts, state.reserved) == (1, True)
    await ledger.close()


async def test_a_server_that_was_restarted_knows_everything_that_was_confirmed(
    server: RedisServer, ledger: RedisLedger
) -> None:
    for number in range(3):
        await ledger.ask([inquiry(f"call-{number}")])
    server.kill()
    assert await silence(ledger, inquiry("x")) == "unreachable"
    server.start()
    assert (await answer(ledger, inquiry("call-3"))).attempts == 3
    assert not (await answer(ledger, inquiry("call-4"))).reserved


async def test_a_server_that_lost_the_functions_is_given_them(server: RedisServer, ledger: RedisLedger) -> None:
    await ledger.ask([inquiry("a")])
    with server.client() as client:
        client.execute_command("FUNCTION", "FLUSH")
    states = await ledger.ask([inquiry("b"), inquiry("c")])
    assert [state.attempts for state in states] == [1, 2]


async def test_a_server_that_was_wiped_is_counted_on_again(server: RedisServer, ledger: RedisLedger) -> None:
    for number in range(3):
        await ledger.ask([inquiry(f"call-{number}")])
    with server.client() as client:
        client.flushall()
        client.execute_command("FUNCTION", "FLUSH")
    states = await ledger.ask([inquiry("call-3"), inquiry("call-4")])
    assert [(state.attempts, state.reserved) for state in states] == [(0, True), (1, True)]


async def test_a_server_that_is_down_at_the_start_is_used_when_it_comes(server: RedisServer) -> None:
    server.kill()
    late = RedisLedger(Place((server.url,)), keys(), lambda: NOON, WAIT)
    await late.open()
    await silence(late, inquiry("a"))
    server.start()
    assert (await answer(late, inquiry("a"))).reserved
    await late.close()


async def test_a_server_without_memory_says_so(server: RedisServer, ledger: RedisLedger) -> None:
    with server.client() as client:
        client.config_set("maxmemory", 1)
    assert await silence(ledger, inquiry("a")) == "refused by redis"


async def test_proofs_that_need_not_be_kept_go_with_the_next_consent(server: RedisServer, ledger: RedisLedger) -> None:
    await ledger.consent(consent("old", at=NOON - 3 * 366 * DAY, until=NOON - 2 * 366 * DAY))
    await ledger.consent(consent("later", at=NOON - 3 * 366 * DAY + 1, until=NOON - 2 * 366 * DAY))
    await ledger.consent(consent("new", at=NOON))
    assert [found.reference for found in await ledger.consents("acme")] == ["new", "later"]
    with server.client() as client:
        assert client.zcard("npv:consents:acme") == 2
        hashes = [key for key in client.scan_iter("{*") if client.type(key) == b"hash"]
        assert [client.hlen(key) for key in hashes] == [2, 2]
        assert all(client.ttl(key) > 3 * 365 * DAY for key in hashes)
        await ledger.refuse("acme", PERSON, NOON, "607", "call-1")
        assert [client.ttl(key) for key in hashes] == [-1, -1]


async def test_one_silent_master_leaves_the_answers_of_the_others_alone(redis_nodes: list[RedisServer]) -> None:
    found = RedisLedger(Place((redis_nodes[0].url,), cluster=True), keys(), lambda: NOON, 2.0)
    asked = [inquiry(f"only-{number}", person=f"+3314200{number:04}") for number in range(60)]
    try:
        await found.open()
        for one in asked:  # a busy machine may need more than one question to each master
            await answer(found, one)
        redis_nodes[2].send(signal.SIGSTOP)
        answered: list[PersonState] = []
        end = time.monotonic() + 60
        while len(answered) <= 20:  # of the others too
            assert time.monotonic() < end
            with pytest.raises(LedgerSilent) as caught:
                await found.ask(asked)
            answered = [state for state in caught.value.known if state is not None]
            assert len(caught.value.known) == 60
        assert len(answered) < 60
        assert all(state.reserved and state.attempts == 0 for state in answered)
    finally:
        redis_nodes[2].send(signal.SIGCONT)
        await answer(found, asked[0])
        await found.close()


async def test_the_master_that_sentinel_promotes_is_used(tmp_path: Path) -> None:
    master = RedisServer(tmp_path / "master", *LASTING).start()
    replica = RedisServer(
        tmp_path / "replica", *LASTING, "--replicaof", f"127.0.0.1 {master.port}", "--repl-diskless-sync-delay", "0"
    ).start()
    until(partial(in_step, master), "replica in step")
    sentinel = sentinel_of(tmp_path / "sentinel", master, "ledger")
    try:
        until(partial(is_seen, sentinel), "replica that Sentinel knows")
        found = RedisLedger(Place((sentinel.url,), sentinel="ledger"), keys(), lambda: NOON, SHORT_WAIT)
        await found.open()
        await answer(found, inquiry("a"))
        until(partial(has_all, master), "replica that has it too")
        watch_closely(sentinel, "ledger")
        master.kill()
        assert (await answer(found, inquiry("b"))).attempts == 1
        await found.close()
    finally:
        for server in (sentinel, replica, master):
            server.kill()


def in_step(master: RedisServer) -> bool:
    """Whether the master has a replica that follows."""
    with master.client() as client:
        return "online" in str(client.info("replication").get("slave0"))


def has_all(master: RedisServer) -> bool:
    """Whether the replica has all that was written so far."""
    with master.client() as client:
        client.set("asked for", "last")
        return int(client.execute_command("WAIT", 1, 1000)) == 1


def is_seen(sentinel: RedisServer) -> bool:
    """Whether Sentinel knows of a replica."""
    with sentinel.client() as client:
        return bool(client.execute_command("SENTINEL", "REPLICAS", "ledger"))


class Calls:
    """Plays calls as the engine does: what is not answered by its deadline is refused, or goes ahead uncounted."""

    def __init__(self, ledger: RedisLedger, ahead: Callable[[int], bool]) -> None:
        self.faults: list[str] = []
        self.desk = LedgerDesk(ledger, self.take, Tasks(self.faults.append), time.monotonic)
        self.ahead = ahead
        self.open: dict[int, Fetch] = {}
        self.made: dict[str, int] = {}
        self.placed = self.answered = self.blind = 0
        self.chance = random.Random(7)

    async def until(self, holds: Callable[[], bool]) -> None:
        """More calls, one every two milliseconds, until it does."""
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end
            self.place(f"+3314300{self.chance.randrange(200):04}")
            self.expire()
            await asyncio.sleep(0.002)

    async def all_over(self) -> None:
        """No more calls; each has its answer, or its deadline passes."""
        while self.open:
            self.expire()
            await asyncio.sleep(0.002)

    def place(self, person: str) -> None:
        self.placed += 1
        fetch = Fetch(self.placed, inquiry(f"call-{self.placed}", NOON, person), time.monotonic() + 1.2 * SHORT_WAIT)
        self.open[fetch.call] = fetch
        self.desk.fetch(fetch)

    def take(self, answers: Sequence[tuple[Question, PersonState]]) -> None:
        for question, state in answers:
            fetch = self.open.pop(question.call, None)
            self.answered += fetch is not None
            if fetch is not None and state.reserved:
                self.made[fetch.inquiry.person] = self.made.get(fetch.inquiry.person, 0) + 1

    def expire(self) -> None:
        now = time.monotonic()
        for call, fetch in list(self.open.items()):
            if fetch.deadline <= now:
                del self.open[call]
                self.blind += 1
                if self.ahead(call):
                    self.made[fetch.inquiry.person] = self.made.get(fetch.inquiry.person, 0) + 1
                    self.desk.count(fetch.inquiry)
                else:
                    self.desk.release(fetch.inquiry)


async def test_an_outage_in_the_middle_of_traffic(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_desk, "SETTLING", 0.3)
    ledger = RedisLedger(Place((server.url,)), keys(), lambda: NOON, SHORT_WAIT)
    await ledger.open()
    calls = Calls(ledger, lambda call: call % 2 == 0)
    await calls.until(lambda: calls.answered >= 300)
    server.send(signal.SIGSTOP)
    await calls.until(lambda: calls.blind >= 300)
    server.send(signal.SIGCONT)
    answered = calls.answered
    await calls.until(lambda: calls.answered >= answered + 200)
    server.kill()
    blind = calls.blind
    await calls.until(lambda: calls.blind >= blind + 200)
    starting = asyncio.ensure_future(asyncio.to_thread(server.start))
    answered = calls.answered
    await calls.until(lambda: calls.answered >= answered + 300)
    await starting
    await calls.all_over()
    assert await calls.desk.settle(60.0) == 0
    assert calls.desk.operations["release", "answered"] > 50
    counted = {}
    for number in range(200):
        person = f"+3314300{number:04}"
        counted[person] = (await answer(ledger, inquiry("look", NOON, person, reserve=False))).attempts
    assert counted == {person: calls.made.get(person, 0) for person in counted}
    assert calls.faults == []
    await ledger.close()
