"""The witness at the node's door: sees each datagram that the engine gets or sends, and each record that it writes.

What can be judged at once is judged here (form, order of numbers, leaks, records that lie about their instants); the
rest is judged at the end, by `verdict`. `broken` holds what was seen to be wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault
from proxy.policy.call_back import UNKNOWN
from tests.simulation.leaks import leaks
from tests.simulation.messages import COMPLAINT, Malformed, Sip, understood
from tests.simulation.network import Address
from tests.simulation.script import Script
from tests.simulation.sight import LONG, Bleg, Sight

MARGIN: Final = 1.0  # s before a limit: what comes so near to it may be taken or not
FAR: Final = float("inf")


@final
class Witness:
    """One for each run. `scripts` are the calls by number; `sights` those of the node's present life, `past` all others."""

    def __init__(self, scripts: dict[int, Script], epoch: Callable[[], float], carriers: set[Address]) -> None:
        self._scripts: Final = scripts
        self._epoch: Final = epoch
        self._carriers: Final = carriers
        self.sights: dict[bytes, Sight] = {}
        self.past: Final[list[tuple[Sight, bool]]] = []
        self.broken: Final[list[tuple[int, str]]] = []
        self.read: Final[dict[bytes, Sip | None]] = {}
        self.sent: Final[dict[bytes, Sip]] = {}
        self._b: dict[bytes, tuple[Sight, Bleg]] = {}
        self._numbers: dict[bytes, int] = {}

    def breach(self, number: int, text: str) -> None:
        """Something is wrong with call `number` (0: with none in particular)."""
        if len(self.broken) < 50:
            self.broken.append((number, text))

    # -- what came ---------------------------------------------------------------

    def came(self, data: bytes, source: Address) -> None:
        """Just before the engine gets it."""
        message = self.read.get(data)
        if message is None and data not in self.read:
            message = self.read[data] = understood(data)
        if message is None:
            return
        if source in self._carriers:
            known = self._b.get(message.call_id)
            if known is not None and message.status and message.cseq == 1:
                self._carrier_said(known[0], known[1], message)
        elif not message.status:
            self._platform_asked(message)

    def _platform_asked(self, message: Sip) -> None:
        method = message.method
        sight = self.sights.get(message.call_id)
        if sight is None:
            if method in (b"INVITE", b"MESSAGE") and not message.to_tag:
                number = int(message.call_id[4:].partition(b"@")[0]) if message.call_id[:4] == b"call" else 0
                self.sights[message.call_id] = Sight(number, method, self._epoch())
        elif method == b"CANCEL" and not sight.answers and not sight.end and message.cseq == 1:
            sight.end = "a"

    def _carrier_said(self, sight: Sight, leg: Bleg, message: Sip) -> None:
        status = message.status
        if message.method not in (b"INVITE", b"MESSAGE"):
            return
        if status < 200:
            if not sight.answers:
                leg.until = FAR
            if (
                status > 100
                and leg is sight.b[-1]
                and not sight.end
                and not leg.failed
                and not leg.taken
                and not sight.answers
            ):
                sight.rung_at = sight.rung_at or self._epoch()
                sight.reached = True
        elif 200 <= status < 300 and message.method == b"INVITE":
            if not leg.refused and message.to_tag not in leg.taken and self._epoch() < leg.until - MARGIN:
                leg.until = leg.until if leg.taken else self._epoch() + LONG
                leg.taken.append(message.to_tag)
        elif not leg.taken and not leg.refused:
            leg.refused = True
            if not sight.calls and leg is sight.b[-1]:
                leg.failed = status
                sight.end = sight.end or "b"

    # -- what went ---------------------------------------------------------------

    def went(self, data: bytes, target: Address) -> None:
        """Just after the engine sent it."""
        message = self.sent.get(data)
        again = message is not None
        if message is None:
            try:
                message = self.sent[data] = Sip(data)
            except Malformed as error:
                if data[:12] == COMPLAINT:
                    return
                self.breach(0, f"malformed: {error}: {data[:400]!r}")
                return
        to_b = target in self._carriers
        if to_b and not again:
            self._look_for_leaks(message)
        if message.status:
            if not to_b:
                self._answered_a(message, again)
            elif message.method == b"BYE" and message.status == 200:
                self._ended_by_b(message)
            return
        if not again:
            self._order(message)
        if to_b:
            self._asked_b(message, target)
        else:
            self._asked_a(message)

    def _look_for_leaks(self, message: Sip) -> None:
        known = self._b.get(message.call_id)
        number = known[0].number if known is not None else 0
        script = self._scripts.get(number)
        if script is not None and script.name == "emergency":
            return
        found = leaks(message.data)
        if found and b"sip:112@" not in message.data:
            self.breach(number, f"identity leaked: {found}: {message.data!r}")

    def _order(self, message: Sip) -> None:
        """New requests of one dialog count upwards (12.2.1.1)."""
        if message.method in (b"ACK", b"CANCEL"):
            return
        key = message.call_id + message.from_tag + message.to_tag
        last = self._numbers.get(key, 0)
        if message.cseq <= last:
            known = self._b.get(message.call_id)
            sight = known[0] if known is not None else self.sights.get(message.call_id)
            number = sight.number if sight is not None else 0
            self.breach(number, f"CSeq {message.cseq} {message.method.decode()} after {last}")
        self._numbers[key] = message.cseq

    def _answered_a(self, message: Sip, again: bool) -> None:
        sight = self.sights.get(message.call_id)
        if sight is None:
            return
        if message.method == b"BYE" and message.status == 200:
            sight.bye_from_a = True
            sight.end = sight.end or "a"
        if message.method != sight.method or message.cseq != 1:
            return
        if message.status >= 400 and b";tag=n" not in message.to:  # by no transaction: the same bytes for each copy
            if message.status != 482:
                sight.turned_away = message.status
            return
        if again:
            return
        if message.status < 200:
            if sight.answers:
                self.breach(sight.number, f"{message.status} after the final {sight.answers[0]}")
            return
        sight.finals[message.branch] = message.status
        sight.answers.append(message.status)
        if message.status < 300 and message.method == b"INVITE":
            sight.a_tag = message.to_tag
            sight.answered_at = self._epoch()
            sight.reached = True
            if sight.b:
                sight.b[-1].winner = sight.b[-1].taken[-1]
        elif not sight.end:
            sight.end = "proxy"

    def _asked_a(self, message: Sip) -> None:
        sight = self.sights.get(message.call_id)
        if sight is not None and message.method == b"BYE":
            sight.bye_to_a = True
            sight.end = sight.end or "proxy"

    def _asked_b(self, message: Sip, target: Address) -> None:
        method = message.method
        known = self._b.get(message.call_id)
        if known is None:
            if method in (b"INVITE", b"MESSAGE") and not message.to_tag:
                self._placed(message, target)
            return
        sight, leg = known
        if method == b"ACK":
            leg.acked.add(message.to_tag)
        elif method == b"BYE":
            leg.ended.add(message.to_tag)
            if message.to_tag == leg.winner:
                sight.end = sight.end or "proxy"
        elif method == b"CANCEL" and message.cseq == 1:
            leg.until = self._epoch() + 2 * LONG

    def _placed(self, message: Sip, target: Address) -> None:
        """A new call at a carrier; after another one of the same call that one's failure was not the end."""
        head = message.head.get(b"Alert-Info", b"")
        number = int(head[10:-1]) if head[:10] == b"<urn:call:" else 0
        sight = self.sights.get(b"call%d@platform.invalid" % number)
        if sight is None:
            self.breach(number, "a call that nobody asked for")
            return
        if sight.answers or sight.reached:
            self.breach(number, "a carrier was asked after the call was answered, or after it rang elsewhere")
        sight.end = ""
        leg = Bleg(message.call_id, target, self._epoch())
        sight.b.append(leg)
        self._b[message.call_id] = (sight, leg)
        if self._scripts[number].forbidden:
            self.breach(number, f"refused call reached the carrier: {self._scripts[number].name}")

    def _ended_by_b(self, message: Sip) -> None:
        """The node answered the carrier's BYE with 200."""
        known = self._b.get(message.call_id)
        if known is not None:
            sight, leg = known
            leg.ended.add(message.from_tag)
            if message.from_tag == leg.winner:
                sight.end = sight.end or "b"

    # -- what was written ----------------------------------------------------------

    def wrote(self, record: DecisionRecord | CallRecord | Fault) -> None:
        """A record, at the instant at which it was written."""
        if isinstance(record, Fault):
            self.breach(0, f"our own fault: {record.text}")
            return
        sight = self.sights.get(record.a_call_id)
        if isinstance(record, DecisionRecord) and record.decision.rule == UNKNOWN:
            return  # a carrier called a number of nobody
        if sight is None:
            self.breach(0, f"a record of no call: {record.a_call_id!r}")
        elif isinstance(record, DecisionRecord):
            sight.decisions.append(record)
        else:
            sight.calls.append(record)
            if record.ended_at != self._epoch():
                self.breach(sight.number, "the end of the call is not when its record was written")

    def died(self, orderly: bool) -> None:
        """The node's life is over; `orderly` means that all its records had to be written. Else the next one goes on."""
        going_on = {} if orderly else {name: sight for name, sight in self.sights.items() if sight.goes_on()}
        self.past.extend((sight, orderly) for name, sight in self.sights.items() if name not in going_on)
        self.sights = going_on
        self._b = {name: known for name, known in self._b.items() if not orderly and known[0].crashed}
