"""Numbers and statuses of one leg as the other sees them."""

from __future__ import annotations

import pytest

from proxy.b2bua.crossing import a_rseq, crossed_rack, crossing_status
from proxy.b2bua.legs import Couple, Fork, a_leg
from proxy.b2bua.rewrite import Face
from proxy.sip.hop import UDP, Hop
from proxy.sip.parse import parse
from proxy.sip.transaction import Pace
from tests.ladder import OWN_UDP, Caller, topology


def fork() -> Fork:
    couple = Couple(Face(topology(), OWN_UDP, None), Pace(0.5, 4.0, 5.0))
    leg = a_leg(parse(Caller().invite()), b"t", Hop(UDP, "10.1.0.1", 5070))
    return Fork(couple, leg, leg)


def test_each_early_dialog_starts_its_rseq_at_one() -> None:
    first, second = fork(), fork()
    assert [a_rseq(first, value) for value in (b"7000", b"7001", b"7000", b"7005")] == [b"1", b"2", b"1", b"6"]
    assert a_rseq(second, b"9") == b"1"
    assert a_rseq(first, b"x") == b"x"
    assert a_rseq(first, b"99999999999") == b"99999999999"


@pytest.mark.parametrize(
    ("value", "crossed"),
    [
        (b"1 41 INVITE", b"7000 1 INVITE"),
        (b"  2   41  INVITE ", b"7001 1 INVITE"),
        (b"", b""),
        (b"1 41", b""),
        (b"x 41 INVITE", b""),
        (b"99999999999 41 INVITE", b""),
        (b"1 41 UPDATE", b""),
    ],
)
def test_a_rack_gets_the_carriers_numbers(value: bytes, crossed: bytes) -> None:
    assert crossed_rack(value, -6999, 1) == crossed


def test_a_rack_of_a_provisional_that_there_was_not_does_not_cross() -> None:
    assert crossed_rack(b"1 41 INVITE", 5, 1) == b""


@pytest.mark.parametrize(
    ("status", "shown"),
    [(180, 180), (200, 200), (300, 480), (399, 480), (401, 502), (407, 502), (486, 486), (603, 603)],
)
def test_redirections_and_challenges_never_cross(status: int, shown: int) -> None:
    assert crossing_status(status) == shown
