"""Timers under a hand-driven clock: order, cancelling, and that nothing adds up."""

from __future__ import annotations

from proxy.sip.timers import NEVER, Lingering, TimerOwner, Timers

OWNER = TimerOwner()


def fired(timers: Timers, now: float) -> list[int]:
    """The kinds of what is due, in the order in which it fires; a test gives each timer its own kind."""
    kinds: list[int] = []
    while True:
        due = timers.pop_due(now)
        if due is None:
            return kinds
        owner, kind = due
        assert owner is OWNER
        kinds.append(kind)


def entries(timers: Timers) -> int:
    return sum(queue.waiting() for queue in timers.queues)


def test_timers_at_given_instants_share_a_queue_and_fire_in_order() -> None:
    timers, owners = Timers(), [TimerOwner(), TimerOwner(), TimerOwner()]
    made = timers.arm_at([(5.0, owners[0]), (6.5, owners[1]), (6.5, owners[2])], 3)
    timers.arm(0.0, 0.0, owners[0], 9)
    timers.arm(1.0, 5.0, owners[0], 4)
    made[1].cancel()
    assert (len(timers.queues), timers.armed(), timers.next_deadline()) == (3, 4, 0.0)
    seen = []
    while (due := timers.pop_due(7.0)) is not None:
        seen.append((owners.index(due[0]), due[1]))
    assert seen == [(0, 9), (0, 3), (0, 4), (2, 3)]
    assert timers.arm_at([], 3) == []
    assert len(timers.queues) == 3


def test_nothing_armed_nothing_due() -> None:
    timers = Timers()
    assert timers.next_deadline() == NEVER
    assert timers.pop_due(1e9) is None
    assert timers.armed() == 0


def test_fires_at_its_instant_and_once() -> None:
    timers = Timers()
    timers.arm(10.0, 0.5, OWNER, 7)
    assert timers.next_deadline() == 10.5
    assert timers.armed() == 1
    assert fired(timers, 10.499) == []
    assert fired(timers, 10.5) == [7]
    assert fired(timers, 99.0) == []
    assert timers.armed() == 0
    assert timers.next_deadline() == NEVER


def test_the_earliest_comes_first_whatever_its_duration() -> None:
    timers = Timers()
    timers.arm(0.0, 32.0, OWNER, 1)
    timers.arm(0.0, 0.5, OWNER, 2)
    timers.arm(1.0, 4.0, OWNER, 3)
    timers.arm(1.0, 0.5, OWNER, 4)
    assert timers.next_deadline() == 0.5
    assert fired(timers, 100.0) == [2, 4, 3, 1]


def test_a_cancelled_timer_never_fires() -> None:
    timers = Timers()
    first = timers.arm(0.0, 1.0, OWNER, 1)
    timers.arm(0.5, 1.0, OWNER, 2)
    first.cancel()
    first.cancel()
    assert timers.armed() == 1
    assert timers.next_deadline() == 1.5
    assert fired(timers, 2.0) == [2]
    assert timers.armed() == 0


def test_cancelling_after_it_fired_does_nothing() -> None:
    timers = Timers()
    timer = timers.arm(0.0, 1.0, OWNER, 1)
    assert fired(timers, 1.0) == [1]
    timer.cancel()
    timers.arm(1.0, 1.0, OWNER, 2)
    assert timers.armed() == 1


def test_cancelled_timers_are_swept_so_that_memory_stays_bounded() -> None:
    timers = Timers()
    keep = timers.arm(0.0, 32.0, OWNER, 0)
    for number in range(10_000):
        timers.arm(number * 0.001, 32.0, OWNER, 1).cancel()
        assert entries(timers) <= 130
    assert timers.armed() == 1
    assert keep.owner is not None
    assert fired(timers, 1000.0) == [0]


def test_the_sweep_keeps_what_lives_in_its_order() -> None:
    timers = Timers()
    armed = [timers.arm(float(number), 1000.0, OWNER, number) for number in range(300)]
    for number, timer in enumerate(armed):
        if number % 3:
            timer.cancel()
    assert timers.armed() == 100
    assert entries(timers) <= 2 * 100 + 65
    assert fired(timers, 1e6) == list(range(0, 300, 3))
    assert entries(timers) == 0


def test_odd_durations_do_not_add_up() -> None:
    timers = Timers()
    timers.arm(0.0, 32.0, OWNER, 0)
    for number in range(1000):
        timers.arm(0.0, 90.0 + number, OWNER, 1).cancel()
        assert len(timers.queues) <= 33
        assert len(timers.by_duration) == len(timers.queues)
    assert timers.armed() == 1
    assert timers.next_deadline() == 32.0


def test_a_forgotten_duration_can_be_used_again() -> None:
    timers = Timers()
    stale = timers.arm(0.0, 1.0, OWNER, 0)
    stale.cancel()
    for number in range(40):
        timers.arm(0.0, 100.0 + number, OWNER, 1)
    timers.arm(0.0, 1.0, OWNER, 2)
    stale.cancel()
    assert timers.armed() == 41
    assert fired(timers, 1.0) == [2]


def test_who_lingers_ends_at_its_instant_and_once() -> None:
    timers, guest = Timers(), Lingering()
    timers.linger(10.0, 5.0, guest, 6)
    assert (guest.until, timers.next_deadline(), timers.armed()) == (15.0, 15.0, 1)
    assert timers.next_deadline(0.5) == 15.5
    assert timers.pop_due(14.9) is None
    assert timers.pop_due(15.0) == (guest, 6)
    assert (timers.pop_due(99.0), timers.armed(), timers.next_deadline()) == (None, 0, NEVER)
    timers.linger(20.0, 1.0, guest, 6)
    assert timers.pop_due(21.0) == (guest, 6)


def test_timers_and_those_who_linger_come_in_one_order() -> None:
    timers, guests = Timers(), [Lingering() for _ in range(4)]
    timers.arm(0.0, 3.0, OWNER, 1)
    timers.linger(0.0, 2.0, guests[0], 7)
    timers.linger(0.5, 2.0, guests[1], 7)
    timers.linger(0.5, 2.0, guests[2], 8)
    timers.linger(0.5, 3.0, guests[3], 7)
    timers.arm(0.5, 2.0, OWNER, 2)
    seen = []
    while (due := timers.pop_due(3.5)) is not None:
        seen.append((-1 if due[0] is OWNER else [guest is due[0] for guest in guests].index(True), due[1]))
    assert seen == [(0, 7), (-1, 2), (1, 7), (2, 8), (-1, 1), (3, 7)]


def test_what_has_ended_takes_no_room() -> None:
    timers = Timers()
    for turn in range(5000):
        timers.linger(float(turn), 8.0, Lingering(), 6)
        timers.arm(float(turn), 8.0, OWNER, 6)
        while timers.pop_due(float(turn)) is not None:
            pass
    assert timers.armed() == 16
    assert len(timers.farewells[0].entries) < 3000
    assert len(timers.queues[0].entries) < 3000


def test_queues_of_odd_durations_are_dropped_when_nobody_waits_there() -> None:
    timers = Timers()
    for turn in range(200):
        timers.linger(0.0, float(turn), Lingering(), 6)
        while timers.pop_due(1000.0) is not None:
            pass
    assert len(timers.farewells) <= 32
