"""A pair of dialogs is found by what a request of either leg names, and by nothing less."""

from __future__ import annotations

import pytest

from proxy.b2bua.dialogs import Dialogs
from proxy.b2bua.legs import Couple, Fork
from proxy.b2bua.rewrite import Face
from proxy.sip.dialog import Dialog
from proxy.sip.hop import UDP, Hop
from proxy.sip.transaction import Pace
from tests.ladder import OWN_UDP, topology

HOP = Hop(UDP, "10.1.0.1", 5070)
COUPLE = Couple(Face(topology(), OWN_UDP, None), Pace(0.5, 4.0, 5.0))


def fork(a_tag: bytes, b_tag: bytes, callee: bytes) -> Fork:
    a = Dialog(b"call-a", b"<sip:a>", a_tag, b"<sip:x>", b"caller", HOP)
    return Fork(COUPLE, a, Dialog(b"call-b", b"<sip:b>", b_tag, b"<sip:y>", callee, HOP))


def test_both_legs_find_the_pair_until_it_is_removed() -> None:
    dialogs, pair = Dialogs(), fork(b"t1", b"t2", b"callee")
    dialogs.add(pair)
    dialogs.add(pair)
    assert len(dialogs) == 2
    assert dialogs.find(b"call-a", b"t1", b"caller") is pair
    assert dialogs.find(b"call-b", b"t2", b"callee") is pair
    dialogs.remove(pair)
    dialogs.remove(pair)
    assert not dialogs
    assert dialogs.find(b"call-a", b"t1", b"caller") is None


@pytest.mark.parametrize(
    ("call_id", "ours", "theirs"),
    [
        (b"call-b", b"t1", b"caller"),
        (b"call-a", b"t2", b"caller"),
        (b"call-a", b"t1", b""),
        (b"call-a", b"t3", b"caller"),
    ],
)
def test_all_three_must_agree(call_id: bytes, ours: bytes, theirs: bytes) -> None:
    dialogs = Dialogs()
    dialogs.add(fork(b"t1", b"t2", b"callee"))
    assert dialogs.find(call_id, ours, theirs) is None


@pytest.mark.parametrize("first", [0, 1, 2])
def test_early_dialogs_that_share_our_tag_are_told_apart(first: int) -> None:
    pairs = [fork(b"t1", b"t2", b"one"), fork(b"t3", b"t2", b"two"), fork(b"t4", b"t2", b"three")]
    dialogs = Dialogs()
    for pair in pairs:
        dialogs.add(pair)
    assert len(dialogs) == 6
    dialogs.remove(pairs[first])
    for number, pair in enumerate(pairs):
        found = None if number == first else pair
        assert dialogs.find(b"call-b", b"t2", pair.b.remote_tag) is found
        assert dialogs.find(b"call-a", pair.a.local_tag, b"caller") is found
    for pair in pairs:
        dialogs.remove(pair)
    assert not dialogs
