"""Trunks and limits have defaults for what an operator leaves out."""

from __future__ import annotations

from dataclasses import replace

from proxy.b2bua.trunks import Limits, Topology
from tests.ladder import OWN_UDP, carrier, platform


def test_what_is_not_said_has_a_default() -> None:
    given = Topology((OWN_UDP,), (platform(),), (carrier(),))
    assert given.limits == Limits(180.0, 14400.0, 0.05, 0)
    assert (carrier().t1, carrier().t2, carrier().t4) == (0.5, 4.0, 5.0)
    assert (carrier().numbers, carrier().hidden, carrier().user_phone) == ("e164", "withheld", True)
    assert not platform().attested


def test_a_worker_calls_out_by_its_own_port_where_it_has_one() -> None:
    shared, own = replace(OWN_UDP, way_out=2), replace(OWN_UDP, port=5071)
    six = replace(OWN_UDP, host="2001:db8::1", version=6)
    given = Topology((shared, six, own), (platform(),), (carrier(),))
    assert given.listener_to(carrier()) == 2
    assert given.listener_to(carrier(), "udp", "2001:db8::9") == 1
    assert (OWN_UDP.user, replace(OWN_UDP, mark="w03").user) == (b"", b"w03@")
