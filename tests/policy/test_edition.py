from __future__ import annotations

from proxy.policy.edition import Edition


def test_rules_consult_the_parts_of_the_same_edition(shipped: Edition) -> None:
    edition = Edition(shipped.plan, shipped.calendar, shipped.book, shipped.directory, "r1")
    assert edition.revision == "r1"
    assert edition.book is shipped.book
    assert edition.reference.plan is edition.plan
    assert edition.reference.calendar is edition.calendar
    assert edition.reference.directory is edition.directory
