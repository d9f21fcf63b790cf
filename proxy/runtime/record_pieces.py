"""The parts of a decision line that repeat from call to call, as JSON that is ready.

What belongs to the caller (customer, campaign, trunk), to the kind of a number, and to the verdict with the trail of its
rules is encoded when it comes up first, and kept for as long as the edition stays. `Edition` and its parts never change,
so what was kept under them stays right; what peers can make up is bounded, and begun anew when there is too much of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, final

from proxy.policy.decision import ACTION_WORDS, PRESENTATION_WORDS, Action, Decision
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, TrunkFacts
from proxy.policy.ledger import LedgerView
from proxy.policy.numbers import Number
from proxy.runtime.record_shapes import ALLOCATED, LENGTH_LONG, LENGTH_RIGHT, LENGTH_SHORT, TrunkLine, utc
from proxy.runtime.rule_trail import Trail

KEPT_MOST: Final = 8192  # of each sort
MILLION: Final = 1_000_000
SUBSECOND: Final = 4  # characters of `000Z`
LONGEST_TEXT: Final = 64  # what a peer wrote is kept only this far
NO_NUMBER: Final = (
    b'"called_class":"","territory":"","called_zone":"","called_range":"","called_length":"","called_repaired":false'
)

Kind: TypeAlias = tuple[str, str, str, str, bool, bool, bool]
Verdict: TypeAlias = tuple[bytes, bytes, bytes]
Encode: TypeAlias = Callable[[object], bytes]


@final
class Pieces:
    """Pieces under one edition at a time; `encode` makes JSON of a value."""

    def __init__(self, encode: Encode) -> None:
        self._encode: Final = encode
        self._trail: Final = Trail()
        self._edition: Edition | None = None
        self._callers: Final[dict[tuple[str, str, str, str, str, bool, TrunkFacts], bytes]] = {}
        self._called: Final[dict[Kind, bytes]] = {}
        self._shown: Final[dict[Kind, bytes]] = {}
        self._verdicts: Final[dict[tuple[object, ...], Verdict]] = {}

    def use(self, edition: Edition) -> None:
        """Everything from now on was decided by this edition."""
        if edition is not self._edition:
            self._edition = edition
            for kept in (self._callers, self._called, self._shown, self._verdicts):
                kept.clear()

    def caller(self, facts: CallFacts) -> bytes:
        """`customer` to `trunk_facts`."""
        key = (
            facts.customer_id, facts.campaign_id, facts.purpose, facts.mode, facts.method, facts.attested, facts.trunk
        )  # fmt: skip
        piece = self._callers.get(key)
        if piece is None:
            if len(self._callers) >= KEPT_MOST:
                self._callers.clear()
            piece = self._callers[key] = self._caller(facts)
        return piece

    def _caller(self, facts: CallFacts) -> bytes:
        encode, trunk = self._encode, facts.trunk
        return (
            b'"customer":%b,"campaign":%b,"purpose":%b,"mode":%b,"method":%b,"attested":%b,"trunk":%b,"trunk_facts":%b'
        ) % (
            encode(facts.customer_id[:LONGEST_TEXT]), encode(facts.campaign_id[:LONGEST_TEXT]), encode(facts.purpose),
            encode(facts.mode), encode(facts.method), encode(facts.attested), encode(trunk.name),
            encode(trunk_line(trunk)),
        )  # fmt: skip

    def called(self, number: Number | None) -> bytes:
        """`called_class` to `called_repaired`."""
        if number is None:
            return NO_NUMBER
        key = kind_of(number)
        piece = self._called.get(key)
        if piece is None:
            encode = self._encode
            piece = self._called[key] = (
                b'"called_class":%b,"territory":%b,"called_zone":%b,"called_range":%b,"called_length":%b,"called_repaired":%b'
            ) % (
                encode(number.cls), encode(number.territory), encode(number.zone), encode(number.status),
                encode(length_of(number)), encode(number.repaired),
            )  # fmt: skip
        return piece

    def shown(self, number: Number) -> bytes:
        """Of an identity that is a number, what follows the number; what is as usual is left out."""
        key = kind_of(number)
        piece = self._shown.get(key)
        if piece is None:
            told = {"number_class": number.cls}
            usual = {"territory": (number.territory, ""), "zone": (number.zone, ""), "range": (number.status, ALLOCATED),
                     "length": (length_of(number), LENGTH_RIGHT)}  # fmt: skip
            told |= {name: value for name, (value, default) in usual.items() if value != default}
            repaired = b',"repaired":true' if number.repaired else b""
            piece = self._shown[key] = self._encode(told)[1:-1] + repaired
        return piece

    def verdict(self, facts: CallFacts, decision: Decision, edition: Edition, ledger: LedgerView) -> Verdict:
        """`action` and `presentation`, `rule` to `phrase`, and `warnings` to `revision`."""
        if ledger.expired and ledger.state is None:
            return self._verdict(facts, decision, edition, ledger)  # the trail says more, and not by the walk alone
        key = (
            edition.book.walk(facts), decision.rule, decision.action, decision.presentation, decision.status,
            decision.phrase, decision.warnings, decision.blind,
        )  # fmt: skip
        piece = self._verdicts.get(key)
        if piece is None:
            if len(self._verdicts) >= KEPT_MOST:
                self._verdicts.clear()
            piece = self._verdicts[key] = self._verdict(facts, decision, edition, ledger)
        return piece

    def _verdict(self, facts: CallFacts, decision: Decision, edition: Edition, ledger: LedgerView) -> Verdict:
        encode = self._encode
        rules = self._trail.walked(facts, decision, edition, ledger)
        presentation = PRESENTATION_WORDS[decision.presentation] if decision.action == Action.FORWARD else ""
        return (
            b'"action":%b,"presentation":%b' % (encode(ACTION_WORDS[decision.action]), encode(presentation)),
            b'"rule":%b,"status":%d,"phrase":%b' % (encode(decision.rule), decision.status, encode(decision.phrase)),
            b'"warnings":%b,"rules":%b,"blind":%b,"revision":%b'
            % (encode(decision.warnings), encode(rules), encode(decision.blind), encode(edition.revision)),
        )


@final
class Instants:
    """Instants as records tell them; seconds that came up before are not reckoned again."""

    def __init__(self) -> None:
        self._seconds: Final[dict[int, bytes]] = {}

    def utc(self, at: float) -> bytes:
        """`record_shapes.utc`, as bytes."""
        if at < 1.0:
            return utc(at).encode()
        second = int(at)
        micro = round((at - second) * 1e6)
        if micro == MILLION:
            second, micro = second + 1, 0
        text = self._seconds.get(second)
        if text is None:
            if len(self._seconds) >= KEPT_MOST:
                self._seconds.clear()
            text = self._seconds[second] = utc(second)[:-SUBSECOND].encode()
        return b"%b%03dZ" % (text, micro // 1000)


def kind_of(number: Number) -> Kind:
    """All that is told of a number beside its digits."""
    return (
        number.cls, number.territory, number.zone, number.status, number.complete, number.too_short, number.repaired
    )  # fmt: skip


def length_of(number: Number) -> str:
    """`right`, `short` or `long`: the count of digits against the plan."""
    if number.complete:
        return LENGTH_RIGHT
    return LENGTH_SHORT if number.too_short else LENGTH_LONG


def trunk_line(trunk: TrunkFacts) -> TrunkLine:
    """The trunk as rules see it."""
    return TrunkLine(trunk.origin, trunk.emergency, trunk.unopened, trunk.profile, sorted(trunk.allowed_classes))
