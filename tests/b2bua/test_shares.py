"""Shares by weight: nobody gets more than he asks for, nobody less than his part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.b2bua.shares import BURST, LEAST_DROPPED, MOST_DROPPED, Share

EVERY = 0.1


def asked(root: Share, now: float, **rates: float) -> float:
    """Let time pass in which each asked that often; the time then."""
    for _ in range(40):
        for name, rate in rates.items():
            member = root.members[name]
            member.asked += round(rate * EVERY)
            member.at = now
        now += EVERY
        root.divide(EVERY, now)
    return now


def rates(root: Share) -> dict[str, float]:
    return {name: round(member.rate) for name, member in root.members.items()}


def test_a_flood_takes_nothing_from_who_stays_below_his_share() -> None:
    root = Share("", 1.0, 100.0, 0.0)
    for name in ("flood", "small", "other"):
        root.member(name, 1.0, 0.0)
    asked(root, 0.0, flood=1000, small=20, other=40)
    assert rates(root) == {"flood": 38, "small": 25, "other": 38}  # small may ask for a quarter more than it did
    assert root.members["small"].loss == 0.0
    assert root.members["flood"].loss > 0.9


def test_weights_divide_what_all_want() -> None:
    root = Share("", 1.0, 100.0, 0.0)
    root.member("large", 3.0, 0.0)
    root.member("small", 1.0, 0.0)
    asked(root, 0.0, large=500, small=500)
    assert rates(root) == {"large": 75, "small": 25}


def test_customers_share_what_their_trunk_has() -> None:
    root = Share("", 1.0, 100.0, 0.0)
    trunk = root.member("trunk", 1.0, 0.0)
    other = root.member("other", 1.0, 0.0)
    for name in ("flood", "small"):
        trunk.member(name, 1.0, 0.0)
    now = 0.0
    for _ in range(40):
        trunk.asked, other.asked = 100, 100
        trunk.members["flood"].asked, trunk.members["small"].asked = 99, 1
        now += EVERY
        root.divide(EVERY, now)
    assert rates(root) == {"trunk": 50, "other": 50}
    assert rates(trunk) == {"flood": 38, "small": 12}


def test_tokens_come_with_time_and_do_not_heap_up() -> None:
    share = Share("trunk", 1.0, 100.0, 0.0)
    member = share.member("acme", 1.0, 0.0)
    passed = 0
    for step in range(1000):
        passed += share.admits(member, step * 0.001)
    assert passed == pytest.approx(100, abs=4)
    assert share.admits(member, 1000.0)
    assert share.tokens == 100.0 * BURST - 1.0
    assert member.admitted == passed + 1


def test_who_asks_no_more_is_forgotten() -> None:
    root = Share("", 1.0, 100.0, 0.0)
    root.member("gone", 1.0, 0.0)
    asked(root, 0.0, gone=100)
    for step in range(200):
        root.divide(EVERY, 4.0 + step * EVERY)
    assert root.members == {}


def test_a_newcomer_has_his_part_at_once() -> None:
    root = Share("", 1.0, 100.0, 0.0)
    for name in ("one", "two", "three"):
        root.member(name, 1.0, 0.0)
    late = root.member("late", 1.0, 5.0)
    assert late.rate == 25.0
    assert root.admits(late, 5.0)
    assert root.member("late", 2.0, 6.0) is late
    assert late.weight == 2.0


def test_what_nobody_needs_to_read_is_told_by_host() -> None:
    root = Share("", 1.0, 100.0, 0.0)
    flood, small = root.member("flood", 1.0, 0.0), root.member("small", 1.0, 0.0)
    flood.hosts.extend(["10.0.0.1", "10.0.0.2"])
    small.hosts.append("10.0.0.3")
    inside = flood.member("acme", 1.0, 0.0)
    flood.demand, flood.rate = 1000.0, 90.0
    small.demand, small.rate = 10.0, 10.0
    drops: dict[str, float] = {}
    for share in (flood, small):
        share.drop(2.0, drops)
    assert drops == {"10.0.0.1": pytest.approx(0.82), "10.0.0.2": pytest.approx(0.82)}
    assert inside.dropped == flood.dropped
    flood.demand = 1e9
    flood.drop(2.0, drops)
    assert drops["10.0.0.1"] == MOST_DROPPED
    flood.demand = 2.0 * 90.0 / (1.0 - LEAST_DROPPED / 2)
    flood.drop(2.0, drops := {})
    assert (drops, inside.dropped) == ({}, 0.0)


def test_what_was_thrown_away_unseen_was_asked_for_all_the_same() -> None:
    root = Share("", 1.0, 100.0, 0.0)
    member = root.member("flood", 1.0, 0.0)
    member.dropped = 0.75
    asked(root, 0.0, flood=100)
    assert member.demand == pytest.approx(400, rel=0.02)


def test_one_who_obeys_is_told_what_leaves_him_his_rate() -> None:
    root = Share("", 1.0, 100.0, 0.0)
    member = root.member("trunk", 1.0, 0.0)
    now, sent = 0.0, []
    for _ in range(600):
        sent.append(400.0 * (1.0 - member.loss))
        member.asked += round(sent[-1] * EVERY)
        now += EVERY
        root.divide(EVERY, now)
    assert sum(sent[300:]) / 300 == pytest.approx(100, rel=0.15)
    assert max(sent[300:]) < 200
    for _ in range(100):
        now += EVERY
        member.at, member.demand = now, 10.0
        root.divide(EVERY, now)
    assert member.loss == 0.0


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(10, 5000)), min_size=1, max_size=12), st.integers(10, 2000))
def test_shares_never_add_up_to_more_than_there_is(wanted: list[tuple[int, int]], rate: int) -> None:
    root = Share("", 1.0, float(rate), 0.0)
    for number, (weight, demand) in enumerate(wanted):
        root.member(str(number), float(weight), 0.0).demand = float(demand)
    root.divide(1e-6, 0.0)
    given_out = [member.rate for member in root.members.values()]
    assert sum(given_out) <= rate * 1.0001
    if sum(demand for _, demand in wanted) > rate:
        assert sum(given_out) >= 0.99 * rate


def test_a_thousand_newcomers_are_no_more_than_the_rate() -> None:
    trunk = Share("trunk", 1.0, 400.0, 0.0)
    now, passed, number = 0.0, 0, 0
    for _ in range(50):
        for _ in range(20):
            now += 0.001
            number += 1
            member = trunk.member(str(number % 1000), 1.0, now)
            member.asked += 1
            passed += trunk.admits(member, now)
        if number % 100 == 0:
            trunk.divide(EVERY, now)
    assert passed == pytest.approx(400 * now, rel=0.15)
