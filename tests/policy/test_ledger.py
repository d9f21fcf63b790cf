from __future__ import annotations

from proxy.policy.ledger import EMPTY, EXPIRED, NOTHING_KNOWN, SCOPES, LedgerView, Load


def test_only_the_expired_view_has_given_up() -> None:
    assert EXPIRED.expired
    assert not EMPTY.expired
    assert not LedgerView().expired


def test_a_person_of_whom_nothing_is_known_is_not_a_view_without_state() -> None:
    assert EMPTY.state is None
    assert EXPIRED.state is None
    state = NOTHING_KNOWN.state
    assert state is not None
    assert (state.attempts, state.refusal_at, state.consent_at, state.reserved) == (0, 0.0, 0.0, True)


def test_a_load_below_every_limit() -> None:
    assert Load().over not in SCOPES
