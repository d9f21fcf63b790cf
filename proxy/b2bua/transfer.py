"""A transfer (RFC 3515): a REFER crosses only to a target that the rules let this customer call, and only where its trunk
says `transfer = "decide"`.

The target passes the same decision as a new call of the same customer and campaign, and the decision is recorded. A
REFER of the platform counts as an attempt, since the carrier calls the target by itself; one of the carrier does not:
the platform will place the call, and that one counts. Nothing of a REFER crosses but its target, written anew; nothing of
a NOTIFY but its state and the status line of its body.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.crossing import crossing_status
from proxy.b2bua.legs import Asker, Fork
from proxy.b2bua.notices import Notice, notice_of
from proxy.b2bua.outputs import Count, DecisionRecord, Fetch, Release
from proxy.b2bua.rewrite import refusal_lines
from proxy.b2bua.state import CallState
from proxy.policy.decide import decide
from proxy.policy.decision import PRESENTATION_WORDS, Action, Decision
from proxy.policy.facts import CallFacts
from proxy.policy.gather import gather
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.policy.ledger import EMPTY, LedgerView
from proxy.sip.address import parse_address
from proxy.sip.build import request
from proxy.sip.message import Message, ParseError
from proxy.sip.timers import Timer
from proxy.sip.transaction import ServerTransaction
from proxy.sip.uri import subscriber

# what a transfer does
WAITING: Final = 0  # for the ledger
ASKING: Final = 1  # the other leg
ACTIVE: Final = 2  # NOTIFYs may come
REFUSED: Final = 3
DONE: Final = 4

_CONTACT: Final = len(b"Contact: <sip:")
_CALLABLE: Final = frozenset((b"sip", b"sips", b"tel"))


def may_transfer(call: CallState, from_a: bool) -> bool:
    """Does the trunk of this side let it transfer? Nobody may in a call back: a target there is no call of a customer."""
    if from_a or call.trunk.calls_back:
        return call.trunk.transfer and not call.trunk.calls_back
    carrier = call.b_face.trunk
    return carrier is not None and carrier.transfer


def target_of(message: Message) -> str:
    """The number that a REFER names; empty when it names something else. Raises ParseError 400 for what cannot be read.

    Headers in the URI are refused too: they would replace another call (RFC 3891) or speak in our name.
    """
    values = message.all(b"refer-to")
    if len(values) != 1:
        raise ParseError(400, "refer-to", "expected one Refer-To")
    uri = parse_address(values[0]).uri
    if uri.scheme not in _CALLABLE or uri.raw.find(b"?") >= 0 or uri.params.lower().find(b";method=") >= 0:
        return ""
    return subscriber(uri)


def begin_transfer(
    call: CallState, fork: Fork, from_a: bool, server: ServerTransaction, message: Message, hops: int
) -> None:
    """Judge a REFER; another one of this call must have its answer first (491)."""
    known = call.transfer
    if isinstance(known, Transfer) and known.state <= ASKING:
        call.fabric.reply(server, 491, call.session_line(from_a), b"")
        return
    transfer = call.transfer = Transfer(call, fork, from_a, server, message.cseq, hops)
    try:
        text = target_of(message)
    except ParseError as error:
        transfer.refuse(error.status, [])
        return
    if text:
        transfer.begin(text)
    else:
        transfer.refuse(403, [])


@final
class Transfer(Asker):
    """One REFER, from its decision to its last NOTIFY."""

    __slots__ = ("call", "fork", "from_a", "server", "cseq_in", "cseq_out", "hops", "state", "facts", "inquiry", "counted",
                 "asked_at", "timer")  # fmt: skip

    def __init__(
        self, call: CallState, fork: Fork, from_a: bool, server: ServerTransaction, cseq: int, hops: int
    ) -> None:
        self.call: Final = call
        self.fork: Final = fork
        self.from_a: Final = from_a
        self.server: Final = server
        self.cseq_in: Final = cseq
        self.cseq_out = 0
        self.hops: Final = hops
        self.state = WAITING
        self.facts: CallFacts | None = None
        self.inquiry: Inquiry | None = None
        self.counted = False
        self.asked_at = 0.0
        self.timer: Timer | None = None

    def works_for(self) -> Asker:
        """The call."""
        return self.call

    def begin(self, text: str) -> None:
        """Decide about the called number `text`."""
        call, fabric = self.call, self.call.fabric
        shown = subscriber(parse_address(self.fork.b.local).uri)
        attempt = b"%b;%b;%d" % (call.a.call_id, call.a.remote_tag, self.cseq_in)
        self.facts = gather(
            fabric.edition, call.trunk.facts, call.customer, call.campaign, call.purpose, call.mode, "INVITE",
            [("From", shown)], text, fabric.epoch, call.trunk.attested, attempt.decode("latin-1"),
        )  # fmt: skip
        if self.facts.called is None:
            self.refuse(403, [])
        else:
            self._judge(EMPTY)

    def state_arrived(self, state: PersonState) -> bool:
        """The ledger answered; False when an attempt that it counted must not stand."""
        if self.state == WAITING:
            self.counted = state.reserved and self.from_a
            self._judge(LedgerView(state, EMPTY.load, False, None))
        return self.from_a and self.state != REFUSED

    def fire(self, kind: int, now: float) -> None:
        """The ledger did not answer in time: each rule falls back on what it says for that."""
        self.timer = None
        held = self.call.fabric.memory.held(self.inquiry) if self.inquiry is not None else None
        self._judge(LedgerView(None, EMPTY.load, True, held))

    def stop(self) -> None:
        """The call ends: a REFER that waits for its decision is answered."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.state == WAITING:
            self.refuse(481, [])

    def _judge(self, view: LedgerView) -> None:
        facts, fabric = self.facts, self.call.fabric
        if facts is None:
            return
        before = fabric.stopwatch()
        decision = decide(facts, fabric.edition, view)
        seconds = fabric.stopwatch() - before
        if decision.action == Action.NEED and decision.inquiry is not None and self.inquiry is None:
            self.inquiry, self.asked_at = decision.inquiry, fabric.now
            if (state := fabric.ledger.answer(decision.inquiry)) is not None:
                if not self.state_arrived(state) and state.reserved:
                    fabric.outputs.append(Release(decision.inquiry))
                return
            wait = fabric.topology.limits.decision_timeout
            fabric.outputs.append(Fetch(self.call.number, decision.inquiry, fabric.now + wait))
            self.timer = fabric.timers.arm(fabric.now, wait, self, 0)
            return
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        number = fabric.ids.decision()
        waited = fabric.now - self.asked_at if self.inquiry is not None else 0.0
        fabric.outputs.append(
            DecisionRecord(number, fabric.epoch, facts, decision, self.call.a.call_id, seconds, view, waited)
        )
        for rule in decision.warnings:
            fabric.counters.count_warning(rule)
        if decision.action == Action.REFUSE:
            fabric.counters.count_decision("refused", decision.rule)
            self.refuse(decision.status, refusal_lines(decision, self.call.a_face.host, number), decision)
            return
        fabric.counters.count_decision(PRESENTATION_WORDS[decision.presentation], decision.rule)
        if view.expired and self.from_a and self.inquiry is not None:
            fabric.outputs.append(Count(self.inquiry))
            self.counted = True
        self._cross(facts)

    def refuse(self, status: int, lines: list[bytes], decision: Decision | None = None) -> None:
        """Answer the REFER with this status; `decision` says it in its own words."""
        self.state = REFUSED
        phrase = decision.phrase.encode("ascii") if decision is not None else b""
        lines += self.call.session_line(self.from_a)
        self.call.fabric.reply(self.server, status, lines, b"", b"", phrase)

    def _cross(self, facts: CallFacts) -> None:
        """The REFER of the other leg: the target as that leg writes numbers, and nothing else of the first one."""
        call, fabric = self.call, self.call.fabric
        self.state = ASKING
        dialog = self.fork.b if self.from_a else self.fork.a
        face = call.b_face if self.from_a else call.a_face
        self.cseq_out = dialog.next_cseq()
        target = face.request_uri(facts)
        if not self.from_a and facts.called is not None:  # it comes back to us as a call
            target = b"sip:" + facts.called.canonical.encode("ascii") + b"@" + face.contact[_CONTACT:-1]
        key = fabric.ids.branch()
        lines = [face.via + key, b"Max-Forwards: %d" % self.hops, *dialog.lines(self.cseq_out, b"REFER"), face.contact]
        lines.append(b"Refer-To: <" + target + b">")
        lines += call.session_line(not self.from_a)
        if face.agent:
            lines.append(b"User-Agent: " + face.agent)
        data = request(dialog.start_line(b"REFER"), lines, b"")
        pace = call.b_pace if self.from_a else call.a_pace
        fabric.ask("b" if self.from_a else "a", pace, key, "REFER", data, dialog.hop, self)

    def heard(self, message: Message) -> None:
        """The other leg accepts the REFER, or does not; then nobody is called."""
        status = message.status
        if status < 200 or self.state != ASKING:
            return
        self.state = ACTIVE if status < 300 else DONE
        self.call.fabric.note(self.call)
        if status >= 300:
            self._take_back()
        face = self.call.a_face if self.from_a else self.call.b_face
        crossing = crossing_status(status)
        lines = [face.contact] if status < 300 else []
        self.call.fabric.reply(self.server, crossing, lines + self.call.session_line(self.from_a), b"")

    def unheard(self, status: int) -> None:
        """Silence is not told (RFC 4320 4.2), a way that there is not is 503."""
        self.state = DONE
        self._take_back()
        if status == 408:
            self.server.give_up(self.call.fabric.now)
        else:
            self.call.fabric.reply(self.server, status, self.call.session_line(self.from_a), b"")

    def notified(self, server: ServerTransaction, message: Message, hops: int) -> None:
        """A NOTIFY of the leg that was asked: it crosses to the one that asked, if it belongs to this REFER."""
        call, fabric = self.call, self.call.fabric
        notice = notice_of(message, self.cseq_out, self.cseq_in)
        if notice is None or self.state not in (ASKING, ACTIVE):
            fabric.reply(server, 489 if notice is None else 481, call.session_line(not self.from_a), b"")
            return
        if notice.last:
            self.state = DONE
        Notice(call, self.fork, self.from_a, server).cross(notice, hops)

    def _take_back(self) -> None:
        if self.counted and self.inquiry is not None:
            self.counted = False
            self.call.fabric.outputs.append(Release(self.inquiry))
