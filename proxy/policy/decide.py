"""The walk: bypass, gates, presentation, aftermath. The only place where a call is decided.

Gates: any enforced hit refuses; their order only picks which reason is reported, so the first in the
order of the book wins. A gate that lacks shared state does not stop the walk: a call that is refused
anyway asks the store nothing, and one that is not asks once, for all rules. Presentation: the first
row that offers a number; the last row withholds. `decide` is total and pure: it raises for nothing,
reads no clock and changes nothing.
"""

from __future__ import annotations

from math import ceil
from typing import Final, final

from proxy.policy.asking import Draft
from proxy.policy.checks import BYPASS, HIT, MASK, PASS, UNKNOWN_STATE, Schedule
from proxy.policy.decision import Decision, Presentation, Rest, forward, need, refuse
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import Inquiry
from proxy.policy.ledger import LedgerView
from proxy.policy.numbers import Number
from proxy.policy.opening import next_opening
from proxy.policy.rulebook import Gate, Walk

UNREACHABLE: Final = "ledger.unreachable"
UNREACHABLE_STATUS: Final = 480
UNREACHABLE_PHRASE: Final = "Shared State Unreachable"
UNREACHABLE_RETRY: Final = 30
FAIL_SAFE: Final = "presentation.withheld"


@final
class Progress:
    """What the gates have left behind for a call that none of them refused."""

    __slots__ = ("warnings", "asking", "masked_by", "blind", "unreachable")

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.asking: list[Gate] = []  # in the order of the book; the first is told
        self.masked_by = ""
        self.blind = False
        self.unreachable = False


def decide(facts: CallFacts, edition: Edition, ledger: LedgerView) -> Decision:
    """The one answer for one call or text."""
    walk = edition.book.walk(facts)
    for gate in walk.bypasses:
        outcome = gate.check.judge(facts, edition.reference, ledger)
        if outcome == BYPASS:
            return forward(gate.id, Presentation.UNCHANGED, None, "", (), False)
        if outcome == HIT and gate.enforced:
            return refusal(gate, facts, edition, ledger, ())
    progress = Progress()
    refused = pass_gates(walk, facts, edition, ledger, progress)
    if refused is not None:
        return refused
    return present(walk, facts, edition, progress)


def pass_gates(
    walk: Walk, facts: CallFacts, edition: Edition, ledger: LedgerView, progress: Progress
) -> Decision | None:
    """The refusal of the first enforced hit, or None with `progress` filled."""
    for gate in walk.gates:
        outcome = gate.check.judge(facts, edition.reference, ledger)
        if outcome == PASS:
            continue
        if outcome == UNKNOWN_STATE:
            note_unknown(gate, ledger, progress)
        elif not gate.enforced:
            progress.warnings.append(gate.id)
        elif outcome == MASK:
            if not progress.masked_by:
                progress.masked_by = gate.id
        else:
            return refusal(gate, facts, edition, ledger, tuple(progress.warnings))
    return None


def note_unknown(gate: Gate, ledger: LedgerView, progress: Progress) -> None:
    """Keeps who asks, or what the row wants when the store did not answer."""
    if not ledger.expired:
        progress.asking.append(gate)
        return
    progress.blind = True
    if gate.enforced and gate.row.on_unknown == "refuse":
        progress.unreachable = True
    elif UNREACHABLE not in progress.warnings:
        progress.warnings.append(UNREACHABLE)


def present(walk: Walk, facts: CallFacts, edition: Edition, progress: Progress) -> Decision:
    """Chooses what is shown, asks the rules on that, then answers."""
    rule_id = progress.masked_by
    shown: Number | None = None
    if not rule_id:
        rule_id = FAIL_SAFE
        for row in walk.shows:
            shown = row.show.choose(facts, edition.reference)
            if shown is not None or row.show.withholds():
                rule_id = row.id
                break
    for after in walk.afters:
        if after.check.judge_shown(facts, shown) == PASS:
            continue
        if after.enforced:
            return refuse(
                after.id, after.row.status, after.row.phrase, tuple(progress.warnings), 0.0, after.row.retry_after
            )
        progress.warnings.append(after.id)
    if progress.unreachable:
        return refuse(
            UNREACHABLE, UNREACHABLE_STATUS, UNREACHABLE_PHRASE, tuple(progress.warnings), 0.0, UNREACHABLE_RETRY
        )
    warnings = tuple(progress.warnings)
    if shown is None:
        passed = forward(rule_id, Presentation.WITHHELD, None, "", warnings, progress.blind)
    else:
        display = facts.customer.display_name if facts.customer is not None else ""
        passed = forward(rule_id, Presentation.NPV, shown, display, warnings, progress.blind)
    if progress.asking:
        plain = not warnings and not progress.masked_by
        rest = Rest(edition, progress.asking, passed) if plain else None
        return need(progress.asking[0].id, inquiry_for(walk, facts, edition), warnings, rest)
    return passed


def finish(rest: Rest, facts: CallFacts, edition: Edition, ledger: LedgerView) -> Decision:
    """What `decide` answers, when the same facts left this rest and nothing but the ledger has changed since.

    A gate that did not ask looked at no state, so its answer stands; nearly always all that asked pass now.
    """
    if rest.edition is not edition or ledger.state is None or (ledger.load is not None and ledger.load.over):
        return decide(facts, edition, ledger)
    for gate in rest.gates:
        if gate.check.judge(facts, edition.reference, ledger) != PASS:
            return decide(facts, edition, ledger)
    return rest.passed


def inquiry_for(walk: Walk, facts: CallFacts, edition: Edition) -> Inquiry:
    """All that the rules of state of this walk have to know, as one question."""
    draft = Draft()
    for gate in walk.gates:
        gate.check.ask(facts, edition.reference, draft, gate.enforced)
    return draft.inquiry(facts)


def refusal(gate: Gate, facts: CallFacts, edition: Edition, ledger: LedgerView, warnings: tuple[str, ...]) -> Decision:
    """The refusal of one gate, with the next opening where it is a matter of time."""
    opening = 0.0
    retry_after = gate.row.retry_after
    if isinstance(gate.check, Schedule):
        opening = next_opening(facts, edition, facts.at)
    else:
        again = gate.check.again(facts, edition.reference, ledger)
        if again > facts.at:
            opening = next_opening(facts, edition, again)
    if opening > 0.0:
        retry_after = ceil(opening - facts.at)
    status = gate.check.status(facts, gate.row.status)
    return refuse(gate.id, status, gate.row.phrase, warnings, opening, retry_after)
