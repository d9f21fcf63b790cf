"""Nonces: ours are known without being remembered, end, and let each count through once."""

from __future__ import annotations

import random

import pytest

from proxy.sip.nonces import ENDED, FOREIGN, FRESH, WINDOW, Nonces

KEY = b"k" * 32
REALM = b"edge"


def nonces(lifetime: float = 60.0, most: int = 100) -> Nonces:
    return Nonces(KEY, lifetime, most)


def test_a_nonce_is_fresh_until_it_ends() -> None:
    made = nonces().make(REALM, b"t1", 1000.0)
    other_node = nonces()
    assert other_node.look(made, REALM, 1000.0) == FRESH
    assert other_node.look(made, REALM, 1060.0) == FRESH
    assert other_node.look(made, REALM, 1060.1) == ENDED


def test_two_of_one_instant_differ_by_their_salt() -> None:
    assert nonces().make(REALM, b"t1", 1000.0) != nonces().make(REALM, b"t2", 1000.0)


def test_no_other_key_realm_or_text_passes() -> None:
    made = nonces().make(REALM, b"t1", 1000.0)
    assert Nonces(b"q" * 32, 60.0, 10).look(made, REALM, 1000.0) == FOREIGN
    assert nonces().look(made, b"other", 1000.0) == FOREIGN
    for at in range(len(made)):
        altered = made[:at] + (b"0" if made[at : at + 1] != b"0" else b"1") + made[at + 1 :]
        assert nonces().look(altered, REALM, 1000.0) == FOREIGN


@pytest.mark.parametrize("junk", [b"", b"x", b"g" * 60, b"0" * 44, b"0" * 161, b"\xff" * 50])
def test_junk_is_foreign(junk: bytes) -> None:
    assert nonces().look(junk, REALM, 1000.0) == FOREIGN


def test_each_count_is_taken_once_and_a_few_may_come_late() -> None:
    desk = nonces()
    made = desk.make(REALM, b"t1", 1000.0)
    assert desk.take(made, 5, 1000.0)
    assert not desk.take(made, 5, 1000.0)
    assert desk.take(made, 4, 1000.0)
    assert not desk.take(made, 4, 1000.0)
    assert desk.take(made, 5 + WINDOW, 1000.0)
    assert not desk.take(made, 5, 1000.0)
    assert desk.take(made, 6, 1000.0)
    assert desk.take(made, 0xFFFFFFFF, 1000.0)
    assert not desk.take(made, 6 + WINDOW, 1000.0)


def test_any_order_takes_each_count_at_most_once() -> None:
    chance = random.Random(7)
    for _ in range(50):
        desk = nonces()
        made = desk.make(REALM, b"t1", 1000.0)
        taken = [count for count in (chance.randint(1, 120) for _ in range(400)) if desk.take(made, count, 1000.0)]
        assert len(taken) == len(set(taken))


def test_what_is_forgotten_never_comes_back() -> None:
    desk = nonces(most=3)
    first = desk.make(REALM, b"t0", 1000.0)
    assert desk.take(first, 1, 1000.0)
    later = [desk.make(REALM, b"t%d" % at, 1001.0) for at in range(1, 4)]
    for made in later:
        assert desk.look(made, REALM, 1001.0) == FRESH
        assert desk.take(made, 1, 1001.0)
    assert desk.remembered() == 3
    assert desk.look(first, REALM, 1001.0) == ENDED
    assert [desk.look(made, REALM, 1001.0) for made in later] == [FRESH] * 3
    assert desk.look(desk.make(REALM, b"t9", 1002.0), REALM, 1002.0) == FRESH


def test_what_ended_makes_room_by_itself() -> None:
    desk = nonces(lifetime=10.0)
    for at in range(40):
        now = 1000.0 + at * 5
        assert desk.take(desk.make(REALM, b"t%d" % at, now), 1, now)
        assert desk.remembered() <= 4
