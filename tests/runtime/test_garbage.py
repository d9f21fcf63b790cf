"""What has been looked at twice is put aside, is still given back, and is looked at again when no call is up."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress

import pytest

from proxy.runtime.garbage import OLDER, YOUNG, put_aside, settle, tidy
from tests.runtime.sockets import until

ROUNDS = 3 * (OLDER + 2)


class Thing:
    """Refers to another, or to itself."""

    def __init__(self) -> None:
        self.other: Thing | None = None


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The policy of the process that runs the tests."""
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    yield
    gc.callbacks[:] = callbacks
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def cycle() -> weakref.ref[Thing]:
    """One that nobody refers to but itself."""
    one = Thing()
    one.other = one
    return weakref.ref(one)


def grow() -> list[Thing]:
    """So many new objects that all are put aside but the last."""
    return [Thing() for _ in range(ROUNDS * YOUNG)]


def test_what_has_stayed_is_put_aside() -> None:
    settle()
    settle()
    assert gc.callbacks.count(put_aside) == 1
    before = gc.get_freeze_count()
    kept = grow()
    assert gc.get_freeze_count() > before + len(kept) // 2
    assert len(gc.get_objects(generation=1)) + len(gc.get_objects(generation=2)) < len(kept) // 2


def test_what_was_put_aside_is_given_back_when_nobody_refers_to_it() -> None:
    settle()
    kept = grow()
    first = weakref.ref(kept[0])
    aside = gc.get_freeze_count()
    kept.clear()
    assert first() is None
    assert gc.get_freeze_count() < aside - ROUNDS * YOUNG // 2


def test_a_young_cycle_is_found() -> None:
    settle()
    gone = cycle()
    grow()
    assert gone() is None


async def test_all_is_looked_at_when_no_call_is_up() -> None:
    settle()
    one = Thing()
    one.other = one
    calls, gone, kept = [1], weakref.ref(one), grow()
    assert not any(one is young for young in gc.get_objects())
    del one
    asked: list[float] = []

    def active() -> int:
        asked.append(time.monotonic())
        return len(calls)

    tidying = asyncio.ensure_future(tidy(active, 0.001, 0.001))
    await until(lambda: len(asked) >= 5)
    assert gone() is not None
    calls.clear()
    await until(lambda: gone() is None)
    tidying.cancel()
    with suppress(asyncio.CancelledError):
        await tidying
    assert gc.get_freeze_count() > len(kept)
