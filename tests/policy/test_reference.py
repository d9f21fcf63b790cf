from __future__ import annotations

from proxy.policy.edition import Edition
from proxy.policy.reference import Reference


def test_holds_the_three_things_rules_consult(shipped: Edition) -> None:
    reference = Reference(shipped.plan, shipped.calendar, shipped.directory)
    assert reference.plan is shipped.plan
    assert reference.calendar is shipped.calendar
    assert reference.directory is shipped.directory
