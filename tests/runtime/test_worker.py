"""One worker in this process, asked and ordered as by its supervisor."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stage import HOST

from proxy.runtime.clock import FixedClock
from proxy.runtime.configuration import load_configuration
from proxy.runtime.control import Channel, Content, Refused, control_pair
from proxy.runtime.handover import pair
from proxy.runtime.metrics_added import unpacked
from proxy.runtime.shared_meters import made
from proxy.runtime.tasks import Tasks
from proxy.runtime.udp import bound_socket
from proxy.runtime.worker import ABANDONED, Worker
from proxy.runtime.worker_place import Files, Place
from tests.ladder import EPOCH
from tests.runtime.ends import PATIENCE, Ends, Site, site_in


class Boss:
    """The supervisor's side of the one worker of a node."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.failures: list[str] = []
        self.tasks = Tasks(self.failures.append)
        self.begin = asyncio.Event()
        self.ready = asyncio.Event()
        self.channel = Channel({"begin": self.may_begin, "ready": self.is_ready}, self.tasks)
        read, write = pair()
        near, far = control_pair()
        sip = bound_socket(HOST, site.sip)
        self.near = near
        files = Files(far.detach(), made(1), read.detach(), (write.detach(),), (sip.detach(),))
        place = Place(0, 1, files)
        self.worker = Worker(place.own(load_configuration(site.config)), FixedClock(EPOCH, running=True), place)

    async def may_begin(self, _: Content) -> Content:
        await self.begin.wait()

    async def is_ready(self, _: Content) -> Content:
        self.ready.set()

    async def listen(self) -> None:
        await self.channel.open(self.near)
        self.tasks.spawn(self.channel.follow(), "worker")


@pytest.fixture
async def boss(tmp_path: Path) -> AsyncIterator[Boss]:
    made = Boss(site_in(tmp_path))
    await made.listen()
    yield made
    await made.worker.stop()
    await made.tasks.cancel()
    assert made.failures == []


async def test_it_carries_calls_and_answers_like_a_node(boss: Boss) -> None:
    boss.begin.set()
    assert await boss.worker.start()
    assert boss.ready.is_set()
    ends = Ends(boss.site)
    caller, callee = await ends.talk()
    assert callee.invite.header("contact") == f"<sip:w00@{HOST}:{boss.site.sip}>"
    found = unpacked(await boss.channel.ask("metrics"))
    assert found["npv_calls_active"] == {(): 1}
    assert found["npv_worker_calls_total"] == {("0",): 1}
    (row,) = await boss.channel.ask("test", "nobody") or [{}]
    assert row == {}
    assert await boss.channel.ask("reload") == boss.worker.app.digest
    await boss.channel.ask("reopen")
    await boss.channel.ask("drain")
    await boss.channel.ask("drain")  # once more changes nothing
    await ends.hang_up(caller, callee)
    await asyncio.wait_for(boss.worker.serve(), PATIENCE)
    ends.close()


async def test_a_reload_of_wrong_files_is_refused_with_the_mistake(boss: Boss) -> None:
    boss.begin.set()
    await boss.worker.start()
    boss.site.change("proxy.toml", "max_calls = 0", "max_calls = -1")
    with pytest.raises(Refused, match="max_calls"):
        await boss.channel.ask("reload")
    await boss.channel.ask("stop")
    await boss.worker.serve()


async def test_without_a_supervisor_it_ends_and_leaves_its_calls_to_the_next_one(
    boss: Boss, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: asyncio.Queue[int] = asyncio.Queue()
    monkeypatch.setattr(os, "_exit", ended.put_nowait)
    boss.begin.set()
    await boss.worker.start()
    ends = Ends(boss.site)
    await ends.talk()
    boss.near.shutdown(socket.SHUT_RDWR)
    assert await asyncio.wait_for(ended.get(), PATIENCE) == ABANDONED
    assert boss.worker.app.engine.active_calls() == 1
    assert ends.a.is_quiet()  # nobody was hung up on
    ends.close()


async def test_it_may_be_told_to_end_before_it_began(boss: Boss) -> None:
    starting = asyncio.ensure_future(boss.worker.start())
    await asyncio.sleep(0.05)
    await boss.channel.ask("stop")
    assert await asyncio.wait_for(starting, PATIENCE) is False
    assert not boss.ready.is_set()
