"""A filter never denies a key that it was given, and seldom takes a stranger for one."""

from __future__ import annotations

import hashlib

import pytest

from proxy.runtime.store import name_filter
from proxy.runtime.store.name_filter import KEYS_A_WORD, LEAST, NAME_BYTES, NameFilter


def names(kind: str, count: int) -> list[bytes]:
    return [hashlib.sha256(f"{kind} {number}".encode()).digest()[:NAME_BYTES] for number in range(count)]


@pytest.mark.parametrize("room", [0, 60_000])
def test_all_that_were_added_are_known_and_few_others(room: int) -> None:
    made = NameFilter(room)
    assert made.room >= max(room, LEAST * KEYS_A_WORD)
    assert not any(made.may_hold(name) for name in names("held", 100))
    held = names("held", made.room)
    made.add(b"".join(held[:-1]))
    made.add(held[-1])
    made.add(b"")
    assert made.count == made.room
    assert all(made.may_hold(name) for name in held)
    assert sum(made.may_hold(name) for name in names("other", 10_000)) < 700


def test_one_that_is_half_full_takes_hardly_any_stranger_for_known() -> None:
    made = NameFilter(0)
    made.add(b"".join(names("held", made.room // 4)))
    assert sum(made.may_hold(name) for name in names("other", 10_000)) < 50


def test_one_that_may_not_grow_still_denies_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_filter, "MOST", LEAST)
    made = NameFilter(10 * LEAST)
    held = names("held", 10 * LEAST)
    made.add(b"".join(held))
    assert all(made.may_hold(name) for name in held)
