"""The thread that asks gets short turns where the kernel gives them; what it starts keeps the usual ones."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from threading import Thread

import pytest

from proxy.runtime.short_turns import NUMBERS, TURN, short_turns, turn_now

GIVES = tuple(int(part) for part in platform.release().split(".")[:2]) >= (6, 12) and platform.machine() in NUMBERS


def in_a_thread(work: Callable[[], object]) -> list[object]:
    """The rest of the suite keeps its turns."""
    said: list[object] = []
    thread = Thread(target=lambda: said.append(work()))
    thread.start()
    thread.join()
    return said


@pytest.mark.skipif(not GIVES, reason="Linux gives turns of another length since 6.12")
def test_a_turn_is_as_short_as_asked_and_no_shorter_than_the_kernel_gives() -> None:
    assert in_a_thread(lambda: short_turns(2 * TURN)) == [2 * TURN]
    assert in_a_thread(lambda: short_turns(TURN // 2)) == [TURN]


@pytest.mark.skipif(not GIVES, reason="Linux gives turns of another length since 6.12")
def test_what_is_started_keeps_the_usual_turns_and_one_may_ask_again() -> None:
    before = turn_now()

    def ask() -> tuple[int, list[object], int]:
        return short_turns(), in_a_thread(turn_now), short_turns(3 * TURN)

    assert in_a_thread(ask) == [(TURN, [before], 3 * TURN)]
    assert turn_now() == before > TURN


def test_the_priority_stays() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)

    def ask() -> int:
        short_turns()
        return os.getpriority(os.PRIO_PROCESS, 0)

    assert in_a_thread(ask) == [before]


def test_a_machine_whose_calls_are_not_known_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = turn_now()
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    assert in_a_thread(short_turns) == [0]
    monkeypatch.undo()
    assert turn_now() == before


def test_another_policy_is_left_as_the_operator_set_it() -> None:
    def ask() -> tuple[int, int]:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        return short_turns(), os.sched_getscheduler(0)

    assert in_a_thread(ask) == [(0, os.SCHED_BATCH)]
