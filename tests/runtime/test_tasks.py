"""Tasks: references are kept, failures are reported, cancelling waits for the end."""

from __future__ import annotations

import asyncio
import gc

import pytest

from proxy.runtime.tasks import Tasks


async def wait_for(event: asyncio.Event) -> None:
    await event.wait()


async def breaks() -> None:
    raise LookupError("no such thing")


async def test_a_task_without_any_other_reference_runs_to_its_end() -> None:
    failures: list[str] = []
    tasks, go, done = Tasks(failures.append), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    tasks.spawn(work(), "work")
    await asyncio.sleep(0)
    gc.collect()
    go.set()
    await asyncio.wait_for(done.wait(), 60)
    assert failures == []


async def test_a_failure_is_reported_once_with_the_name_and_the_exception() -> None:
    failures: list[str] = []
    task = Tasks(failures.append).spawn(breaks(), "sweeper")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert len(failures) == 1
    assert failures[0].startswith("task `sweeper` broke: ")
    assert failures[0].endswith("LookupError: no such thing")


async def test_cancel_ends_every_task_and_reports_nothing() -> None:
    failures: list[str] = []
    tasks, never = Tasks(failures.append), asyncio.Event()
    running = [tasks.spawn(wait_for(never), f"waiter {number}") for number in range(3)]
    await asyncio.sleep(0)
    await tasks.cancel()
    assert [task.cancelled() for task in running] == [True, True, True]
    assert failures == []


async def test_a_cancellation_that_is_swallowed_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.runtime.tasks.AGAIN", 0.01)
    failures: list[str] = []
    tasks, never, swallowed = Tasks(failures.append), asyncio.Event(), list[int]()

    async def deaf() -> None:
        while True:
            try:
                await never.wait()
            except asyncio.CancelledError:
                swallowed.append(len(swallowed))
                if len(swallowed) == 3:
                    raise

    task = tasks.spawn(deaf(), "deaf")
    await asyncio.sleep(0)
    await asyncio.wait_for(tasks.cancel(), 60)
    assert task.cancelled()
    assert (swallowed, failures) == ([0, 1, 2], [])


async def test_cancel_without_tasks_returns() -> None:
    await Tasks(lambda text: None).cancel()
