"""What a rule kind is: a small class that looks at facts and answers with one of the outcomes below.

There are four sorts. A plain `Check` is a gate. A `Schedule` is a gate that can also name its open
windows of any day, so that the next opening can be searched. A `Show` chooses the number to show. An
`Aftermath` judges what was chosen. A check never raises, never fetches and keeps nothing between
calls; `saw` says in words what it looked at and is called only to explain.
"""

from __future__ import annotations

from typing import Final

from proxy.policy.asking import Draft
from proxy.policy.directory import ATTESTED
from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import consented, in_slot
from proxy.policy.ledger import EMPTY, LedgerView
from proxy.policy.numbers import Number
from proxy.policy.ranges import FOREVER
from proxy.policy.reference import Reference
from proxy.policy.schedule import WHOLE_DAY, Windows, is_open

PASS: Final = 0  # nothing to say
HIT: Final = 1  # the rule's verdict applies
UNKNOWN_STATE: Final = 2  # the ledger view lacks the person's state
MASK: Final = 3  # the call goes on, with the number withheld
BYPASS: Final = 4  # the call goes on untouched, and no other rule is asked

SLOT: Final = "slot"
WAYS_OUT: Final = ("consent", SLOT)


class Check:
    """A gate."""

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """One of the outcomes."""
        return PASS

    def status(self, facts: CallFacts, status: int) -> int:
        """The SIP status of a hit; the row's own unless the kind has two."""
        return status

    def ask(self, facts: CallFacts, reference: Reference, draft: Draft, enforced: bool) -> None:
        """Adds to the inquiry what this check has to know; nothing for a check without state."""
        return

    def by_called_day(self) -> bool:
        """Whether the day at the called person chooses the version, and not the day in Paris."""
        return False

    def again(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> float:
        """After a hit: the instant from which it would not be one; 0 when that is not known."""
        return 0.0

    def saw(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> str:
        """What was looked at, in words."""
        return ""


class Schedule(Check):
    """A gate made of open windows; a person's own agreement may be a way out of closed ones.

    `way_out` is empty, `slot` (the person agreed to this precise time) or `consent` (any consent). It is
    looked up for every basis but `attested`: there the proofs are not in the register.
    """

    way_out: str

    def __init__(self, way_out: str = "") -> None:
        self.way_out = way_out

    def by_called_day(self) -> bool:
        """Always."""
        return True

    def windows(self, facts: CallFacts, reference: Reference, territory: str, day: int) -> Windows:
        """The open minutes of a local day."""
        return WHOLE_DAY

    def last_day(self, facts: CallFacts) -> int:
        """The last local day that can be open at all, so that a search may end there."""
        return FOREVER

    def without_clock(self, facts: CallFacts) -> int:
        """The outcome when the local time at the called person is not known."""
        return PASS

    def judge(self, facts: CallFacts, reference: Reference, ledger: LedgerView) -> int:
        """A hit when the local minute is in none of the windows."""
        moment = facts.moment
        if moment is None:
            return self.without_clock(facts)
        windows = self.windows(facts, reference, moment.territory, moment.day)
        if is_open(windows, moment.minute):
            return PASS
        if not self.way_out or facts.consent.basis == ATTESTED:
            return HIT
        state = ledger.state
        if state is None:
            return HIT if ledger.expired else UNKNOWN_STATE
        if self.way_out == SLOT:
            return PASS if in_slot(state, facts.at) else HIT
        return PASS if consented(state, facts.at, 0.0) else HIT

    def ask(self, facts: CallFacts, reference: Reference, draft: Draft, enforced: bool) -> None:
        """When closed: the agreement that opens."""
        if not self.way_out or self.judge(facts, reference, EMPTY) != UNKNOWN_STATE:
            return
        draft.personal = True
        if not enforced:
            return
        if self.way_out == SLOT:
            draft.slot_needed = True
        else:
            draft.need_consent(0.0)


class Show(Check):
    """A way to choose the number that the called person sees."""

    def choose(self, facts: CallFacts, reference: Reference) -> Number | None:
        """The number to show, or None when this way offers none."""
        return None

    def withholds(self) -> bool:
        """Whether having no number is this row's answer."""
        return False


class Aftermath(Check):
    """A gate on what was chosen."""

    def judge_shown(self, facts: CallFacts, shown: Number | None) -> int:
        """PASS or HIT, given the number that is about to be shown."""
        return PASS


def may_show(facts: CallFacts, reference: Reference, number_class: str) -> bool:
    """Whether the class rules in force let this call show a number of that class.

    A conditional class counts as refused, except numbers for platform exchanges where the customer declared that use.
    """
    verdict = reference.plan.shown(number_class, facts.usage, facts.paris_day)
    if verdict == "allow":
        return True
    if verdict == "deny" or number_class != "npuept":
        return False
    return facts.customer is not None and facts.customer.platform_exchanges


def usable(facts: CallFacts, reference: Reference, canonical: str) -> Number | None:
    """The number if this customer may show it in this call."""
    number = reference.directory.usable(canonical, facts.customer_id, facts.paris_day)
    if number is not None and may_show(facts, reference, number.cls):
        return number
    return None


def shown_texts(facts: CallFacts) -> str:
    """`From 0612345678 (mobile)`, for every presented identity."""
    return ", ".join(
        f"{shown.source} {shown.text} ({shown.number.cls if shown.number is not None else 'no number'})"
        for shown in facts.presented
    )


def called_text(facts: CallFacts) -> str:
    """`+33140000000 (geo, METRO)`."""
    if facts.called is None:
        return f"{facts.called_text} (no number)"
    return f"{facts.called.canonical} ({facts.called.cls}, {facts.called.territory or 'abroad'})"
