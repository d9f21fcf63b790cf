"""Guessing is slowed, by source, in a table that cannot grow."""

from __future__ import annotations

from proxy.b2bua.failures import REMEMBERED_MOST, Failures, source_of
from proxy.b2bua.logins import AuthPolicy

HOST = "192.0.2.1"


def failures(most: int = 3) -> Failures:
    return Failures(AuthPolicy(failures=most, refused_for=60.0))


def test_refused_after_so_many_until_silent_for_so_long() -> None:
    table = failures()
    for at in range(3):
        assert not table.refused(HOST, float(at))
        table.failed(HOST, float(at))
    assert table.refused(HOST, 3.0)
    assert not table.refused("192.0.2.2", 3.0)
    assert table.refused(HOST, 61.9)
    assert not table.refused(HOST, 62.0)
    assert table.remembered() == 0


def test_a_success_forgets_slips() -> None:
    table = failures(2)
    table.failed(HOST, 0.0)
    table.succeeded(HOST)
    table.failed(HOST, 1.0)
    assert not table.refused(HOST, 1.0)


def test_no_bound_means_never() -> None:
    table = failures(0)
    for _ in range(100):
        table.failed(HOST, 0.0)
    assert not table.refused(HOST, 0.0)


def test_the_table_is_bounded_and_forgets_the_oldest() -> None:
    table = failures(1)
    for at in range(REMEMBERED_MOST + 5):
        table.failed(f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}", 0.0)
    assert table.remembered() == REMEMBERED_MOST
    assert not table.refused("10.0.0.0", 0.0)
    assert table.refused("10.0.0.5", 0.0)


def test_addresses_that_one_peer_chooses_from_are_one_source() -> None:
    assert source_of("2001:db8::1") == source_of("2001:db8::ffff:1")
    assert source_of("2001:db8::1") != source_of("2001:db8:0:1::1")
    assert source_of("fe80::1%eth0") == source_of("fe80::2")
    assert source_of(HOST) == HOST
