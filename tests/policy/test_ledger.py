from __future__ import annotations

from proxy.policy.ledger import EMPTY, EXPIRED, UNKNOWN, LedgerView


def test_what_is_not_held_is_unknown() -> None:
    view = LedgerView({"a": 1, "b": ""}, False)
    assert view.get("a") == 1
    assert view.get("b") == ""
    assert view.get("c") == UNKNOWN


def test_only_the_expired_view_has_given_up() -> None:
    assert EXPIRED.expired
    assert not EMPTY.expired
    assert EMPTY.get("a") == UNKNOWN
