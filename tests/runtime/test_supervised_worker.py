"""The life of one worker, with a small program in its place: ready, dead and replaced, slowed down, ordered to end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from proxy.runtime import supervised_worker
from proxy.runtime.control import Gone, Refused
from proxy.runtime.metrics_added import packed
from proxy.runtime.supervised_worker import DRAIN, STOP, SupervisedWorker, ending, home, worker_command
from proxy.runtime.tasks import Tasks
from proxy.runtime.worker_place import Files

# answers as a worker does; the first word says how it lives
PROGRAM = """
import asyncio, socket, sys
from proxy.runtime.control import Channel, Refused
from proxy.runtime.metrics_added import packed
from proxy.runtime.tasks import Tasks
from proxy.runtime.worker_place import place_of
how, place = sys.argv[1], place_of(sys.argv[2])
async def main():
    if how == "never": sys.exit(3)
    over = asyncio.Event()
    async def end(_): over.set()
    async def metrics(_): return packed({"npv_x_total": {(): 5}, "npv_calls_active": {(): 2}})
    async def no(_): raise Refused("not now")
    channel = Channel({"drain": end, "stop": end, "metrics": metrics, "reload": no}, Tasks(print))
    await channel.open(socket.socket(fileno=place.files.control))
    following = asyncio.ensure_future(channel.follow())
    await channel.ask("begin")
    await channel.ask("ready")
    if how == "brief": sys.exit(4)
    await over.wait()
asyncio.run(main())
"""
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """On which a short life may be long, and an answer late."""
    monkeypatch.setattr(supervised_worker, "STEADY", 3600.0)
    monkeypatch.setattr(supervised_worker, "LOOK", PATIENCE)


class NoSockets:
    def files(self, number: int, control: int) -> Files:
        return Files(control, control, control, (), ())


class Kept:
    """A worker that is kept, and what was said and told of it."""

    def __init__(self, how: str) -> None:
        self.said: list[str] = []
        self.died: list[int] = []
        self.tasks = Tasks(self.said.append)
        self.begin = asyncio.Event()
        command = [sys.executable, "-c", PROGRAM, how]
        self.worker = SupervisedWorker(
            7, 9, NoSockets(), command, self.begin, self.died.append, self.tasks, self.said.append
        )
        self.life = self.tasks.spawn(self.worker.keep(), "life")

    async def until_up(self) -> None:
        self.begin.set()
        await self.until(lambda: self.worker.up)

    async def until(self, condition: object) -> None:
        assert callable(condition)
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, self.said
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        await self.worker.order(STOP)
        await asyncio.wait_for(self.life, PATIENCE)
        assert self.worker.process_id == 0


async def test_it_waits_for_its_turn_and_ends_as_ordered() -> None:
    kept = Kept("long")
    await kept.until(lambda: kept.worker.process_id)
    assert not kept.worker.settled.is_set()
    await kept.until_up()
    assert (await kept.worker.metrics())["npv_calls_active"] == {(): 2}
    with pytest.raises(Refused, match="not now"):
        await kept.worker.ask("reload")
    await kept.end()
    assert (kept.worker.restarts, kept.died, kept.said) == (0, [7], [])


async def test_who_dies_is_replaced_and_what_it_counted_stays_counted() -> None:
    kept = Kept("long")
    await kept.until_up()
    await kept.worker.metrics()
    first = kept.worker.process_id
    kept.begin.clear()  # the next one waits for its turn
    os.kill(first, signal.SIGKILL)
    await kept.until(lambda: kept.worker.restarts == 1)
    assert await kept.worker.metrics() == {"npv_x_total": {(): 5}}
    with pytest.raises(Gone):
        await kept.worker.ask("reload", patience=0.0)
    await kept.until_up()
    assert kept.worker.process_id != first
    assert await kept.worker.metrics() == {"npv_x_total": {(): 10}, "npv_calls_active": {(): 2}}
    assert kept.said == ["worker 7 has ended (SIGKILL): it is replaced in 0.1 s"]
    await kept.end()


async def test_who_dies_of_its_start_again_and_again_is_started_ever_more_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervised_worker, "SLOW", 0.01)
    monkeypatch.setattr(supervised_worker, "SLOWEST", 0.03)
    kept = Kept("brief")
    kept.begin.set()
    await kept.until(lambda: len(kept.said) == 4)
    assert [one.rpartition(" in ")[2] for one in kept.said] == ["0.01 s", "0.02 s", "0.03 s", "0.03 s"]
    await kept.end()


async def test_who_never_came_up_is_not_tried_again() -> None:
    kept = Kept("never")
    await asyncio.wait_for(kept.worker.settled.wait(), PATIENCE)
    await kept.life
    assert (kept.worker.up, kept.worker.restarts) == (False, 0)


async def test_a_death_during_a_drain_is_made_good_and_the_successor_drains_too() -> None:
    kept = Kept("long")
    await kept.until_up()
    kept.worker.ordered = DRAIN
    os.kill(kept.worker.process_id, signal.SIGKILL)
    await asyncio.wait_for(kept.life, PATIENCE)
    assert kept.worker.restarts == 1


def test_a_worker_runs_the_same_copy_with_the_same_files() -> None:
    command = worker_command(Path("proxy.toml"), 12.5)
    assert command[:2] == [sys.executable, "-P"]
    assert command[-5:] == ["--config", "proxy.toml", "--fixed-clock", "12.5", "--place"]
    assert (Path(home()) / "proxy" / "runtime").is_dir()
    assert (ending(-9), ending(3)) == ("SIGKILL", "exit code 3")
    assert packed({})
