"""A decision line back to what was decided on: the facts of the call, and what store and engine had said.

Masked numbers come back masked, with the class, territory and state that the plan gave them that day; no rule looks at
more of a person's number. Customer and campaign are those of the edition at hand.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, Presented, TrunkFacts
from proxy.policy.gather import effective
from proxy.policy.inquiry import PersonState
from proxy.policy.ledger import LedgerView, Load
from proxy.policy.numbers import Number
from proxy.runtime.record_shapes import LENGTH_RIGHT, LENGTH_SHORT, DecisionLine, Identity, StateLine, TrunkLine


@final
class Recorded:
    """Lines to facts, over one edition; trunks are few and kept."""

    def __init__(self, edition: Edition) -> None:
        self.edition: Final = edition
        self._trunks: Final[dict[tuple[object, ...], TrunkFacts]] = {}

    def facts(self, line: DecisionLine) -> CallFacts:
        """The facts as they were; the customer and campaign as the edition knows them."""
        edition = self.edition
        calendar = edition.calendar
        presented = [presented_of(shown) for shown in line.presented]
        called = called_of(line)
        moment = None
        if called is not None and called.territory and calendar.knows(called.territory):
            moment = calendar.moment(called.territory, line.instant)
        campaign = edition.directory.campaign(line.customer, line.campaign) if line.campaign else None
        return CallFacts(
            self._trunk(line.trunk, line.trunk_facts),
            line.customer,
            edition.directory.customer(line.customer),
            line.campaign,
            campaign,
            line.purpose,
            line.mode,
            line.method,
            tuple(presented),
            effective(presented),
            line.called,
            called,
            line.instant,
            calendar.paris_day(line.instant),
            moment,
            line.attested,
        )

    def _trunk(self, name: str, seen: TrunkLine) -> TrunkFacts:
        key = (name, seen.origin, seen.emergency, seen.unopened, seen.profile, *seen.destinations)
        found = self._trunks.get(key)
        if found is None:
            classes = frozenset(seen.destinations)
            found = TrunkFacts(name, seen.origin, seen.emergency, seen.unopened, classes, seen.profile)
            self._trunks[key] = found
        return found


def presented_of(shown: Identity) -> Presented:
    """One identity."""
    if not shown.number_class:
        return Presented(shown.source, shown.number, None)
    number = number_of(
        shown.number, shown.number_class, shown.territory, shown.zone, shown.range, shown.length, shown.repaired
    )
    return Presented(shown.source, shown.number, number)


def called_of(line: DecisionLine) -> Number | None:
    """The called number, or None when it was no number."""
    if not line.called_class:
        return None
    return number_of(
        line.called,
        line.called_class,
        line.territory,
        line.called_zone,
        line.called_range,
        line.called_length,
        line.called_repaired,
    )


def number_of(
    text: str, number_class: str, territory: str, zone: str, status: str, length: str, repaired: bool
) -> Number:
    """A number from its recorded parts; the national form is not among them, and no rule looks at it."""
    return Number(
        text, number_class, territory, "", zone, repaired, length == LENGTH_RIGHT, length == LENGTH_SHORT, status
    )


def ledger_of(line: DecisionLine) -> LedgerView:
    """What was known of shared state when it was decided."""
    load = None if line.load is None else Load(line.load.over, line.load.retry_after)
    held = None if line.held is None else state_of(line.held)
    return LedgerView(None if line.state is None else state_of(line.state), load, line.expired, held)


def state_of(state: StateLine) -> PersonState:
    """What the store had answered."""
    return PersonState(
        state.refusal_at,
        state.consent_at,
        state.consent_until,
        state.consent_id,
        state.slot_from,
        state.slot_until,
        state.attempts,
        state.first_attempt,
        state.last_attempt,
        state.campaign_attempts,
        state.campaign_last,
        state.reserved,
        state.slot_at,
    )
