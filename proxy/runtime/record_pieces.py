"""The parts of a decision line that repeat from call to call, as JSON that is ready.

What belongs to the caller (customer, campaign, trunk), to the kind of a number, and to the verdict with the trail of its
rules is encoded when it comes up first, and kept for as long as the edition stays. `Edition` and its parts never change,
so what was kept under them stays right; what peers can make up is bounded, and begun anew when there is too much of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, final

from msgspec import Raw

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
NO_NUMBER: Final = Raw(
    b'"","territory":"","called_zone":"","called_range":"","called_length":"","called_repaired":false'
)

Kind: TypeAlias = tuple[str, str, str, str, bool, bool, bool]
Verdict: TypeAlias = tuple[Raw, Raw, Raw]
Encode: TypeAlias = Callable[[object], bytes]


@final
class Caller:
    """A piece, and what it tells."""

    __slots__ = ("trunk", "customer", "campaign", "purpose", "mode", "method", "attested", "piece")

    def __init__(self, facts: CallFacts, piece: Raw) -> None:
        self.trunk: Final = facts.trunk
        self.customer: Final = facts.customer_id
        self.campaign: Final = facts.campaign_id
        self.purpose: Final = facts.purpose
        self.mode: Final = facts.mode
        self.method: Final = facts.method
        self.attested: Final = facts.attested
        self.piece: Final = piece

    def tells(self, facts: CallFacts) -> bool:
        """Whether the piece is right for these facts."""
        return (
            self.trunk is facts.trunk
            and self.customer == facts.customer_id
            and self.campaign == facts.campaign_id
            and self.purpose == facts.purpose
            and self.mode == facts.mode
            and self.method == facts.method
            and self.attested == facts.attested
        )


@final
class Identity:
    """A piece, and the number that it tells."""

    __slots__ = ("number", "piece")

    def __init__(self, number: Number, piece: bytes) -> None:
        self.number: Final = number
        self.piece: Final = piece


@final
class Pieces:
    """Pieces under one edition at a time; `encode` makes JSON of a value."""

    def __init__(self, encode: Encode) -> None:
        self._encode: Final = encode
        self._trail: Final = Trail()
        self._edition: Edition | None = None
        self._callers: Final[dict[str, Caller]] = {}
        self._identities: Final[dict[str, dict[str, Identity]]] = {}
        self._called: Final[dict[Kind, Raw]] = {}
        self._shown: Final[dict[Kind, bytes]] = {}
        self._verdicts: Final[dict[tuple[object, ...], Verdict]] = {}

    def use(self, edition: Edition) -> None:
        """Everything from now on was decided by this edition."""
        if edition is not self._edition:
            self._edition = edition
            for kept in (self._callers, self._identities, self._called, self._shown, self._verdicts):
                kept.clear()

    def caller(self, facts: CallFacts) -> Raw:
        """`customer` to `trunk_facts`, without the first name."""
        key = facts.customer_id + facts.campaign_id + facts.trunk.name
        kept = self._callers.get(key)
        if kept is None or not kept.tells(facts):
            if len(self._callers) >= KEPT_MOST:
                self._callers.clear()
            kept = self._callers[key] = Caller(facts, self._caller(facts))
        return kept.piece

    def _caller(self, facts: CallFacts) -> Raw:
        encode, trunk = self._encode, facts.trunk
        return Raw(
            b'%b,"campaign":%b,"purpose":%b,"mode":%b,"method":%b,"attested":%b,"trunk":%b,"trunk_facts":%b'
            % (
                encode(facts.customer_id[:LONGEST_TEXT]), encode(facts.campaign_id[:LONGEST_TEXT]),
                encode(facts.purpose), encode(facts.mode), encode(facts.method), encode(facts.attested),
                encode(trunk.name), encode(trunk_line(trunk)),
            )
        )  # fmt: skip

    def identity(self, source: str, number: Number) -> bytes | None:
        """What was kept of this number under this header."""
        table = self._identities.get(source)
        kept = table.get(number.canonical) if table is not None else None
        return kept.piece if kept is not None and same_number(kept.number, number) else None

    def keep_identity(self, source: str, number: Number, piece: bytes) -> bytes:
        """The piece, from now on kept."""
        table = self._identities.setdefault(source, {})
        if len(table) >= KEPT_MOST:
            table.clear()
        table[number.canonical] = Identity(number, piece)
        return piece

    def called(self, number: Number | None) -> Raw:
        """`called_class` to `called_repaired`, without the first name."""
        if number is None:
            return NO_NUMBER
        key = kind_of(number)
        piece = self._called.get(key)
        if piece is None:
            encode = self._encode
            piece = self._called[key] = Raw(
                b'%b,"territory":%b,"called_zone":%b,"called_range":%b,"called_length":%b,"called_repaired":%b'
                % (
                    encode(number.cls), encode(number.territory), encode(number.zone), encode(number.status),
                    encode(length_of(number)), encode(number.repaired),
                )
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
        """`action` and `presentation`, `rule` to `phrase`, and `warnings` to `revision`, each without the first name."""
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
            Raw(b'%b,"presentation":%b' % (encode(ACTION_WORDS[decision.action]), encode(presentation))),
            Raw(b'%b,"status":%d,"phrase":%b' % (encode(decision.rule), decision.status, encode(decision.phrase))),
            Raw(
                b'%b,"rules":%b,"blind":%b,"revision":%b'
                % (encode(decision.warnings), encode(rules), encode(decision.blind), encode(edition.revision))
            ),
        )


@final
class Instants:
    """Instants as records tell them; seconds that came up before are not reckoned again."""

    def __init__(self) -> None:
        self._seconds: Final[dict[int, str]] = {}
        self._millis: Final = [f"{millis:03d}Z" for millis in range(1000)]

    def utc(self, at: float) -> str:
        """`record_shapes.utc`."""
        if at < 1.0:
            return utc(at)
        second = int(at)
        micro = int((at - second) * 1e6 + 0.5)
        if micro == MILLION:
            second, micro = second + 1, 0
        text = self._seconds.get(second)
        if text is None:
            if len(self._seconds) >= KEPT_MOST:
                self._seconds.clear()
            text = self._seconds[second] = utc(second)[:-SUBSECOND]
        return text + self._millis[micro // 1000]


def same_number(one: Number, other: Number) -> bool:
    """Whether the same is told of two numbers with the same digits."""
    return (
        one.cls == other.cls
        and one.territory == other.territory
        and one.zone == other.zone
        and one.status == other.status
        and one.complete == other.complete
        and one.too_short == other.too_short
        and one.repaired == other.repaired
    )


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
