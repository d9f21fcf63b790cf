"""The rate follows the delay: on a server with given costs and a clock in hand, whatever is offered."""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field

import pytest

from proxy.b2bua.pressure import LEAST, NO_RATE, PATIENCE, QUIET, WINDOW, Pressure

TARGET = 0.05
COST = 0.002  # s of a whole call: 500 calls per second
REFUSAL = 0.00002
SET_UP = 0.55  # the part of its cost that comes with its INVITE
HOLD = 5.0
EVERY = 0.005


@dataclass
class Server:
    """One processor that serves a queue in order; `pauses` are instants at which it stands still for a time."""

    load: float
    seconds: float = 40.0
    fixed: float = 0.0  # s that each call is held; 0: by chance
    pauses: dict[float, float] = field(default_factory=dict)
    pressure: Pressure = field(default_factory=lambda: Pressure(TARGET))
    opened: int = 0
    refused: int = 0
    done: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    def run(self) -> Server:
        chance = random.Random(7)
        queue: deque[tuple[float, bool]] = deque()
        ends: list[float] = []
        now = arrives = looked = tokens = filled = 0.0
        pauses = sorted(self.pauses)
        while now < self.seconds:
            while arrives <= now or not queue:
                while ends and ends[0] <= arrives:
                    queue.append((heapq.heappop(ends), False))
                queue.append((arrives, True))
                arrives += chance.expovariate(self.load / COST)
                now = max(now, queue[0][0])
            if pauses and now >= pauses[0]:
                now += self.pauses[pauses.pop(0)]
            came, begins = queue.popleft()
            if now - looked >= EVERY:
                looked = now
                self.pressure.observe(0, now - came, now, self.opened)
                self.delays.append(now - came)
            if not begins:
                now += COST * (1.0 - SET_UP)
                continue
            if self.pressure.high:
                tokens = min(tokens + (now - filled) * self.pressure.rate, max(1.0, 0.05 * self.pressure.rate))
            filled = now
            if self.pressure.high and tokens < 1.0:
                self.refused += 1
                self.pressure.refused(now)
                now += REFUSAL
                continue
            tokens -= 1.0
            self.opened += 1
            now += COST * SET_UP
            heapq.heappush(ends, now + (self.fixed or chance.expovariate(1.0 / HOLD)))
            self.done.append(now)
        return self

    def goodput(self) -> float:
        """Of what the processor can do, in the second half."""
        half = self.seconds / 2
        return sum(at >= half for at in self.done) * COST / half


@pytest.mark.parametrize("fixed", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("load", [1.2, 2.0, 3.0, 5.0])
def test_goodput_stays_whatever_is_offered(load: float, fixed: float) -> None:
    """What calls cost at their end comes back after as long as they are held, which must not make it swing."""
    server = Server(load, fixed=fixed).run()
    possible = (1.0 - load * REFUSAL / COST) / (1.0 - REFUSAL / COST)
    assert server.goodput() >= 0.95 * possible
    late = sorted(server.delays[len(server.delays) // 2 :])
    assert late[len(late) // 2] < 2 * TARGET  # the queue stays near the target
    assert late[-1] < 0.5  # and nothing in it is ever repeated


@pytest.mark.parametrize("load", [0.5, 0.9])
def test_what_can_be_served_is_served(load: float) -> None:
    server = Server(load).run()
    assert server.refused == 0
    assert server.goodput() == pytest.approx(load, rel=0.05)


def test_a_pause_of_the_machine_is_no_overload() -> None:
    server = Server(0.3, pauses={10.0: 0.4, 15.0: 1.0, 16.5: 0.3}).run()
    assert server.refused == 0


def test_pauses_in_a_flood_cost_no_more_than_they_last() -> None:
    pauses = {5.0 + 2.0 * turn: 0.4 for turn in range(17)}
    server = Server(3.0, pauses=pauses).run()
    assert server.goodput() >= 0.8 * (1.0 - 0.2) * 0.98


def test_a_flood_that_is_over_is_over() -> None:
    pressure = Pressure(TARGET)
    now, opened = 0.0, 0
    while not pressure.high:
        now, opened = now + WINDOW, opened + 20
        pressure.observe(0, 0.3, now, opened)
    assert now < 2 * PATIENCE + WINDOW
    assert pressure.rate > LEAST
    for _ in range(round(2 * QUIET / WINDOW)):
        now += WINDOW
        pressure.observe(0, 0.0, now, opened)
    assert pressure.rate == NO_RATE


def test_a_port_that_is_empty_does_not_hide_one_that_is_full() -> None:
    pressure = Pressure(TARGET)
    now = 0.0
    for turn in range(60):
        now += EVERY
        pressure.observe(turn % 2, 0.3 * (turn % 2), now, 20 * turn)
    for turn in range(60):
        now += EVERY
        pressure.observe(turn % 2, 0.3 * (turn % 2), now, 1200 + 20 * turn)
    assert pressure.high


def test_one_look_after_long_silence_says_nothing_of_overload() -> None:
    pressure = Pressure(TARGET)
    pressure.observe(0, 0.0, 1.0, 0)
    pressure.observe(0, 2.0, 9.0, 1)
    assert not pressure.high


def test_without_a_target_nothing_is_held_back() -> None:
    server = Server(2.0, seconds=5.0, pressure=Pressure(0.0)).run()
    assert server.refused == 0
    assert server.delays[-1] > 1.0
