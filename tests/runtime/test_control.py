"""Questions both ways over one pair of sockets, refusals, silence, and the end of the other side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from proxy.runtime.control import Channel, Content, Gone, Refused, control_pair
from proxy.runtime.tasks import Tasks


class Side:
    """One end, and what its tasks complained of."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.tasks = Tasks(self.failures.append)
        self.channel = Channel({"twice": self.twice, "never": self.never, "no": self.no}, self.tasks)

    async def twice(self, content: Content) -> Content:
        return [content, content]

    async def never(self, content: Content) -> Content:
        await asyncio.Event().wait()

    async def no(self, content: Content) -> Content:
        raise Refused(f"not {content}")


@pytest.fixture
async def sides() -> AsyncIterator[tuple[Side, Side]]:
    near, far = Side(), Side()
    for side, end in zip((near, far), control_pair(), strict=True):
        await side.channel.open(end)
        side.tasks.spawn(side.channel.follow(), "end")
    yield near, far
    await near.tasks.cancel()
    await far.tasks.cancel()
    assert near.failures == far.failures == []


async def test_both_sides_ask_and_answer(sides: tuple[Side, Side]) -> None:
    near, far = sides
    big = b"x" * 1_000_000
    one, other = await asyncio.gather(near.channel.ask("twice", 1), far.channel.ask("twice", big))
    assert (one, other) == ([1, 1], [big, big])


async def test_a_refusal_says_why(sides: tuple[Side, Side]) -> None:
    with pytest.raises(Refused, match="not today"):
        await sides[0].channel.ask("no", "today")


async def test_who_does_not_answer_in_time_is_as_good_as_gone(sides: tuple[Side, Side]) -> None:
    with pytest.raises(Gone):
        await sides[0].channel.ask("never", patience=0.02)
    assert await sides[0].channel.ask("twice", 2) == [2, 2]  # others are answered meanwhile and after


async def test_whoever_waits_hears_that_the_other_side_has_ended(sides: tuple[Side, Side]) -> None:
    near, far = sides
    waiting = asyncio.ensure_future(near.channel.ask("never"))
    await asyncio.sleep(0.01)
    await far.tasks.cancel()
    with pytest.raises(Gone):
        await waiting
    with pytest.raises(Gone):
        await near.channel.ask("twice")
