"""One thing that is owed: what it is called, whom it concerns, and how it is told."""

from __future__ import annotations

from proxy.runtime.store.owed import Owed


async def test_it_is_told_when_it_is_told_and_not_before() -> None:
    told: list[str] = []

    async def tell() -> None:
        told.append("now")

    owed = Owed("release", "call-1", tell, 5.0)
    assert (owed.name, owed.attempt, owed.due, told) == ("release", "call-1", 5.0, [])
    await owed.tell()
    assert told == ["now"]
    assert Owed("release", "call-1", tell).due == 0.0
