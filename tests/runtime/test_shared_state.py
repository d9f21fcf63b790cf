"""Ledger and directory of one proxy: opened and filled at the start, told what they are owed before the stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Sequence
from itertools import count
from pathlib import Path

import pytest

from proxy.b2bua.outputs import Fetch
from proxy.policy.directory import Directory
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime import shared_state
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.clock import FixedClock
from proxy.runtime.numbering_file import load_numbering
from proxy.runtime.settings import load_settings
from proxy.runtime.shared_state import SharedState
from proxy.runtime.store import write_behind
from proxy.runtime.store.directory_changes import change
from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.store.directory_redis import RedisDirectory
from proxy.runtime.store.interface import ATTEMPTS_KEPT
from proxy.runtime.store.ledger_desk import Question
from proxy.runtime.store.person_keys import new_keys, rotate, write_keys
from proxy.runtime.tasks import Tasks
from proxy.runtime.toml_source import ConfigError, read_toml
from proxy.runtime.trunk_settings import Trunks
from tests.ladder import CALLED, EPOCH
from tests.runtime.ends import PATIENCE, Site, open_files, site_in, until
from tests.runtime.store.directory_shelf import CUSTOMER, ME, edit
from tests.runtime.store.redis_servers import RedisServer

NODES = count()


class Node:
    """What a proxy around the shared state would see of it."""

    def __init__(self, site: Site, epoch: float = EPOCH) -> None:
        self.said: list[str] = []
        self.answers: asyncio.Queue[tuple[int, PersonState]] = asyncio.Queue()
        self.renewed: list[tuple[Directory, int]] = []
        self.trunks: list[Trunks] = []
        self.clock = FixedClock(epoch)
        self.tasks = Tasks(self.said.append)
        self.log = AheadLog(site.folder / f"log-{next(NODES)}", self.said.append, 1 << 16)
        self.shared = SharedState(load_settings(site.config), self.clock, self.tasks, self.said.append, self.log)

    async def start(self) -> None:
        left = self.log.open().entries
        await self.shared.start(
            self.arrived, lambda directory, version, trunks: self.took(directory, version, trunks), left
        )

    def took(self, directory: Directory, version: int, trunks: Trunks) -> None:
        self.renewed.append((directory, version))
        self.trunks.append(trunks)

    def arrived(self, answers: Sequence[tuple[Question, PersonState]]) -> None:
        for question, state in answers:
            self.answers.put_nowait((question.call, state))

    async def attempts(self, attempt: str) -> int:
        """Count one attempt on the person; how many were counted before."""
        assert self.shared.desk is not None
        inquiry = Inquiry("acme", CALLED, "", attempt, self.clock.epoch(), True, EPOCH - 86_400, 4)
        self.shared.desk.fetch(Fetch(7, inquiry, self.clock.monotonic() + PATIENCE))
        call, state = await asyncio.wait_for(self.answers.get(), PATIENCE)
        assert call == 7
        return state.attempts

    async def stop(self) -> None:
        await self.shared.stop()
        await self.tasks.cancel()
        self.log.close()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)


@pytest.fixture
async def node(site: Site) -> AsyncIterator[Node]:
    started = Node(site)
    await started.start()
    yield started
    await started.stop()


def shown(directory: Directory) -> str:
    """The default number of the first customer."""
    customer = directory.customer("acme")
    assert customer is not None
    return customer.default_npv


async def test_nothing_is_there_before_the_start(site: Site) -> None:
    shared = Node(site).shared
    assert (shared.directory, shared.desk, shared.directory_age()) == (None, None, 0.0)
    assert (shared.refusals, shared.held(Inquiry("acme", CALLED, "", "a", EPOCH))) == ((0, 0, 0.0), None)
    shared.take_keys()
    await shared.use_plan(site.folder / "numbering.toml")
    await shared.stop()
    assert not (site.folder / "store.db").exists()


async def test_an_empty_store_is_filled_once(site: Site, node: Node) -> None:
    ((directory, version),) = node.renewed
    assert node.shared.directory == (directory, version)
    assert (shown(directory), version) == ("+33162000001", 1)
    assert [carrier.port for carrier in node.trunks[0].carriers] == [site.carrier]
    assert node.shared.directory_age() < PATIENCE
    await node.stop()
    site.change("customers.toml", 'default_npv = "+33162000001"', 'default_npv = "+33162000002"')
    again = Node(site)
    await again.start()
    assert shown(again.renewed[0][0]) == "+33162000001"
    await again.stop()


async def test_a_change_is_told_and_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.runtime.store.directory_watch.LOOK", 3600.0)
    node = Node(site)
    assert (node.shared.notices, node.shared.reachable()) == ((0, 0), False)
    await node.start()
    store = EmbeddedDirectory(site.folder / "store.db")
    await change(store, load_numbering(read_toml(site.folder / "numbering.toml")), edit(CUSTOMER.format("c")), ME)
    await store.close()
    async with asyncio.timeout(PATIENCE):
        while len(node.renewed) < 2:  # noqa: ASYNC110 - what is waited for happens in a thread, unannounced
            await asyncio.sleep(0.01)
    assert (node.renewed[1][1], node.shared.reachable(), node.shared.notices[1]) == (2, True, 0)
    await node.stop()


async def test_a_restart_keeps_what_was_counted(site: Site, node: Node) -> None:
    assert [await node.attempts("one"), await node.attempts("two"), await node.attempts("two")] == [0, 1, 1]
    await node.stop()
    again = Node(site)
    await again.start()
    assert await again.attempts("three") == 2
    await again.stop()
    assert (site.folder / "store.keys").stat().st_mode & 0o777 == 0o600


async def test_what_a_person_says_is_taken_in_while_it_runs(node: Node) -> None:
    persons = node.shared.persons
    assert persons is not None
    await persons.refuse("acme", CALLED, "crm")
    await until(lambda: node.shared.held(Inquiry("acme", CALLED, "", "a", EPOCH)) is not None)
    assert [one.source for one in await persons.refusals("acme", CALLED)] == ["told by crm"]
    with pytest.raises(ConfigError, match="the id of a customer in the directory"):
        await persons.refuse("nobody", CALLED, "crm")
    assert await persons.withdraw_refusal("acme", CALLED, "zoe")
    await until(lambda: (node.shared.directory or node.renewed[0])[1] == 2)
    await until(lambda: node.shared.held(Inquiry("acme", CALLED, "", "a", EPOCH)) is None)


async def test_another_plan_hands_the_directory_over_again(site: Site, node: Node) -> None:
    await node.shared.use_plan(site.folder / "numbering.toml")
    assert [version for _, version in node.renewed] == [1, 1]
    assert node.renewed[1][0] is not node.renewed[0][0]


@pytest.mark.parametrize("obstacle", ["a text", "a folder", "a folder that is a file"])
async def test_a_store_that_cannot_be_opened_is_named(site: Site, obstacle: str) -> None:
    store = site.folder / "store.db"
    if obstacle == "a text":
        store.write_text("no database at all, but long enough to be looked at " * 100, encoding="utf-8")
    elif obstacle == "a folder":
        store.mkdir()
    else:
        (site.folder / "file").write_text("", encoding="utf-8")
        site.change("proxy.toml", f'path = "{store}"', f'path = "{site.folder}/file/store.db"')
    lines = site.config.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("path") and "store.db" in text)
    files = open_files()
    failing = Node(site)
    with pytest.raises(ConfigError) as caught:
        await failing.start()
    assert str(caught.value).startswith(f"{site.config}:{line}: key `store.path`: expected a store that answers, seen ")
    await failing.stop()
    del failing, caught  # the trace of the failure holds the connection that could not be used
    await until(lambda: open_files() <= files)


async def test_a_server_that_is_not_there_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_state, "directory_store", lambda _, place: RedisDirectory(place, wait=0.2))
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # nobody listens
        url = f"redis://127.0.0.1:{held.getsockname()[1]}/0"
        site.change("proxy.toml", 'kind = "embedded"', f'kind = "redis"\nurls = ["{url}"]')
        failing = Node(site)
        with pytest.raises(ConfigError, match=r"proxy\.toml:\d+: key `store\.urls`: expected a store that answers"):
            await failing.start()
        await failing.stop()


async def test_what_is_owed_is_told_before_the_stop(site: Site, node: Node) -> None:
    desk = node.shared.desk
    assert desk is not None
    desk.refusal_heard("acme", CALLED, EPOCH, "607", "call-1")
    assert desk.owed == 1
    await node.stop()
    assert (desk.owed, node.said) == (0, [])
    again = Node(site)
    await again.start()
    await again.attempts("one")
    assert again.shared.desk is not None
    again.shared.desk.fetch(Fetch(8, Inquiry("acme", CALLED, "", "two", EPOCH, refusal_since=0.0), PATIENCE * 1e9))
    assert (await asyncio.wait_for(again.answers.get(), PATIENCE))[1].refusal_at == EPOCH
    await again.stop()


async def test_what_could_not_be_told_is_said(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(write_behind, "write", full)
    monkeypatch.setattr(shared_state, "PATIENCE", 0.05)
    assert node.shared.desk is not None
    node.shared.desk.refusal_heard("acme", CALLED, EPOCH, "607", "call-1")
    await node.stop()
    assert node.said == ["1 notes to the ledger could not be delivered before the stop"]


@pytest.mark.tool
async def test_what_another_node_heard_is_remembered_when_the_server_stands_still(site: Site, tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis", "--save", "").start()
    site.change("proxy.toml", 'kind = "embedded"', f'kind = "redis"\nurls = ["{server.url}"]')
    inquiry = Inquiry("acme", CALLED, "", "one", EPOCH)
    nodes = [Node(site), Node(site)]
    for node in nodes:
        await node.start()
        assert node.shared.held(inquiry) is None
    assert nodes[0].shared.desk is not None
    nodes[0].shared.desk.refusal_heard("acme", CALLED, EPOCH, "607", "call-1")
    for node in nodes:
        async with asyncio.timeout(PATIENCE):
            while node.shared.held(inquiry) is None:  # noqa: ASYNC110 - it comes out of the server, unannounced
                await asyncio.sleep(0.01)
    server.send(signal.SIGSTOP)
    for node in nodes:
        state = node.shared.held(inquiry)
        assert state is not None
        assert (state.refusal_at, node.shared.refusals[:2]) == (EPOCH, (1, 0))
    server.send(signal.SIGCONT)
    for node in nodes:
        await node.stop()
    server.kill()


async def test_keys_of_another_store_are_refused_at_the_start(site: Site, node: Node) -> None:
    await node.stop()
    (site.folder / "store.keys").unlink()
    other = Node(site)
    with pytest.raises(ConfigError, match=r"key `store\.path`: .* was filled with other keys"):
        await other.start()
    await other.stop()


async def test_keys_of_another_store_are_refused_while_it_runs(site: Site, node: Node) -> None:
    assert await node.attempts("one") == 0
    write_keys(site.folder / "store.keys", new_keys(EPOCH))
    with pytest.raises(ConfigError, match=r"key `store\.path`: .*store\.keys holds other keys"):
        node.shared.take_keys()
    assert await node.attempts("two") == 1


async def test_rotated_keys_are_taken(site: Site, node: Node) -> None:
    assert await node.attempts("one") == 0
    rotate(site.folder / "store.keys", EPOCH + ATTEMPTS_KEPT, 0.0)
    node.shared.take_keys()
    assert await node.attempts("two") == 1
