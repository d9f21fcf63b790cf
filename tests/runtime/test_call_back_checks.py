"""Which numbers are called back in vain."""

from __future__ import annotations

from datetime import date

import pytest

from proxy.b2bua.trunks import CarrierTrunk, Topology
from proxy.policy.directory import Directory, NumberEntry
from proxy.policy.edition import Edition
from proxy.runtime.call_back_checks import CallBackChecks
from proxy.runtime.trunk_settings import trunks_of
from tests.ladder import OWN_UDP, platform

DAY = date(2026, 11, 23).toordinal()
NODE = Topology((OWN_UDP,), (), ())


@pytest.mark.parametrize(
    ("target", "state", "until", "word"),
    [
        ("sip:a@pbx.acme.example", "active", None, ""),
        ("0612345678", "active", None, ""),
        ("sip:a@other.example", "active", None, "no trunk"),
        ("0162000001", "active", None, "leads back"),
        ("sip:0162000001@10.0.0.1", "active", None, "leads back"),
        ("accueil", "active", None, "no call-back target"),
        ("", "active", None, "no call-back target"),
        ("accueil", "suspended", None, ""),
        ("accueil", "active", DAY - 1, ""),
    ],
)
def test_what_is_told_of_a_number(edition: Edition, target: str, state: str, until: int | None, word: str) -> None:
    number = edition.plan.number("0162000001", DAY)
    assert number is not None
    entry = NumberEntry(number, "lodger", "assigned", DAY - 9, until, state, None, target, "")
    callee = CarrierTrunk("vms", "pbx.acme.example", 5060, "", platform=True)
    trunks = trunks_of([platform(callee=callee)], [{}])
    told = CallBackChecks(edition.plan, Directory([], [entry], []), trunks, NODE).warning(entry, DAY)
    assert word in told
    assert bool(word) == bool(told)
