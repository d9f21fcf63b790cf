"""The lag histogram grows by itself and shows a blocked loop."""

from __future__ import annotations

import asyncio
import time

from proxy.runtime.loop_lag import LoopLag
from tests.runtime.sockets import until


async def samples(lag: LoopLag, wanted: int) -> None:
    await until(lambda: sum(lag.seconds.buckets) >= wanted)


async def test_a_blocked_loop_shows_in_the_bucket_of_its_delay() -> None:
    lag = LoopLag(every=0.01)
    task = asyncio.ensure_future(lag.measure())
    await samples(lag, 1)
    before = sum(lag.seconds.buckets[lag.seconds.bounds.index(0.05) + 1 :])
    time.sleep(0.08)  # noqa: ASYNC251 - blocking the loop is what is under test
    await samples(lag, sum(lag.seconds.buckets) + 1)
    task.cancel()
    assert sum(lag.seconds.buckets[lag.seconds.bounds.index(0.05) + 1 :]) > before
    assert lag.seconds.sum >= 0.05


async def test_nothing_is_counted_before_the_first_period() -> None:
    lag = LoopLag(every=3600.0)
    task = asyncio.ensure_future(lag.measure())
    await asyncio.sleep(0)
    task.cancel()
    assert sum(lag.seconds.buckets) == 0
