"""Trunks and limits have defaults for what an operator leaves out."""

from __future__ import annotations

from proxy.b2bua.trunks import Limits, Topology
from tests.ladder import OWN_UDP, carrier, platform


def test_what_is_not_said_has_a_default() -> None:
    given = Topology((OWN_UDP,), (platform(),), (carrier(),))
    assert given.limits == Limits(180.0, 14400.0, 0.05, 0)
    assert (carrier().t1, carrier().t2, carrier().t4) == (0.5, 4.0, 5.0)
    assert (carrier().numbers, carrier().hidden, carrier().user_phone) == ("e164", "withheld", True)
    assert not platform().attested
