"""One call: it decides once, then lets the coupling table say what each event means and has it done.

States, events and actions stand in `coupling.py`; `actions.py` says who carries an action out.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua import coupling as table
from proxy.b2bua import events, session_timer
from proxy.b2bua.abandoned import leave
from proxy.b2bua.actions import act, act_alone, bye_done
from proxy.b2bua.call_back import forwarded
from proxy.b2bua.detour import elsewhere
from proxy.b2bua.exchange import Exchange
from proxy.b2bua.extract import call_facts
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.hang_up import close, hang_up_both
from proxy.b2bua.judgement import judge
from proxy.b2bua.legs import Fork
from proxy.b2bua.set_up import answered_again, cancel_both
from proxy.b2bua.state import ANSWER_DUE, LONGEST, PROGRESS_DUE, SESSION_DUE, STATE_DUE, CallState
from proxy.b2bua.transfer import ACTIVE, Transfer, begin_transfer, may_transfer
from proxy.b2bua.trunks import PlatformTrunk
from proxy.policy.inquiry import PersonState
from proxy.sip.address import Address
from proxy.sip.dialog import Dialog
from proxy.sip.message import Message
from proxy.sip.timers import TimerOwner
from proxy.sip.transaction import PROCEEDING, ServerTransaction

# why the proxy ended a call, as its record says
ENDS_SESSION: Final[dict[int, str]] = {
    events.EXPIRED: "session expired",
    events.A_GONE: "platform gone",
    events.B_GONE: "carrier gone",
}


@final
class Call(CallState):
    """A call from its INVITE to its last answer."""

    def begin(self, message: Message, server: ServerTransaction, shown: list[tuple[str, Address]], called: str) -> None:
        """Decide about this INVITE and act; `shown` and `called` were read from it."""
        fabric = self.fabric
        self.set_up = Exchange(fabric, self, True, server, message.cseq, bool(message.body), True)
        self.shown = shown
        self.crossed_session(message, False)
        if self.trunk.calls_back:
            if forwarded(self, message, called):
                self.handle(events.FORWARDED, message)
            else:
                self.state = table.OVER
                close(self)
            return
        facts = self.facts = call_facts(message, shown, called, self.trunk, fabric.edition, fabric.epoch)
        self.customer, self.campaign = facts.customer_id, facts.campaign_id
        self.purpose, self.mode = facts.purpose, facts.mode
        self.called = facts.called.canonical if facts.called is not None else facts.called_text
        self.handle(judge(self, message, None, False), message)

    def state_arrived(self, state: PersonState) -> bool:
        """The ledger answered: decide again with what it holds. False when an attempt that it counted must not stand."""
        if isinstance(self.transfer, Transfer):
            return self.transfer.state_arrived(state)
        if self.state != table.WAITING or self.parked is None:
            return bool(self.b_call_id)
        self.handle(judge(self, self.parked, state, False), self.parked)
        return bool(self.b_call_id)

    def set_up_response(self, set_up: TimerOwner, message: Message) -> None:
        """The carrier answered the INVITE."""
        status, gateway = message.status, self.gateway
        if gateway is not None and gateway.carrier.overload_control:
            gateway.heard(message.via, self.fabric.now)
        if status >= 300 and elsewhere(self, status, message):
            self.handle(events.ELSEWHERE, message)
        elif status == 100:
            self.handle(events.TRYING, message)
        elif status < 200:
            self.handle(events.RINGING, message)
        elif status >= 300 or self.method == "MESSAGE":
            self.handle(events.FAILURE, message)
        elif self.answered_at or self.state > table.ANSWERED:
            if isinstance(set_up, Exchange):
                answered_again(self, set_up, message)
        else:
            self.handle(events.ANSWER, message)

    def set_up_unheard(self, set_up: TimerOwner, status: int) -> None:
        """The carrier never answers the INVITE."""
        if elsewhere(self, status, None):
            self.handle(events.ELSEWHERE, None)
        else:
            self.handle(events.SILENCE if status == 408 else events.UNREACHABLE, None)

    def heard(self, message: Message) -> None:
        """One of our BYEs was answered."""
        if message.status >= 200:
            bye_done(self)

    def unheard(self, status: int) -> None:
        """One of our BYEs never will be."""
        bye_done(self)

    def transfer_request(
        self, fork: Fork, from_a: bool, server: ServerTransaction, message: Message, hops: int
    ) -> bool:
        """A REFER where its trunk lets its target be judged; a NOTIFY of the other side than the one that asked."""
        known = self.transfer
        if server.method == "NOTIFY":
            if not isinstance(known, Transfer) or known.from_a == from_a or known.state > ACTIVE:
                return False
            known.notified(server, message, hops)
            return True
        if self.state != table.UP or not may_transfer(self, from_a):
            return False
        begin_transfer(self, fork, from_a, server, message, hops)
        return True

    def refreshed(self, message: Message) -> None:
        """A 2xx of INVITE or UPDATE crosses inside the call; before the answer there is no session yet."""
        if self.state in (table.ANSWERED, table.UP):
            session_timer.refreshed(self, message)
            self.fabric.note(self)

    def exchange_over(self, exchange: TimerOwner) -> None:
        """The carrier's 2xx cannot come again: an acknowledged set-up is let go, which is half of a call's memory."""
        if self.set_up is exchange and self.invite is not exchange and self.state == table.UP:
            self.set_up = None

    def fire(self, kind: int, now: float) -> None:
        """A timer of the call is due."""
        if kind == SESSION_DUE:
            session_timer.due(self)
            return
        self.timer = None
        if kind in (ANSWER_DUE, PROGRESS_DUE):
            self.handle(events.ELSEWHERE if kind == PROGRESS_DUE and leave(self) else events.NO_ANSWER, None)
        elif kind == LONGEST:
            self.handle(events.TOO_LONG, None)
        elif kind == STATE_DUE:
            self.handle(events.OVERDUE, None)
        elif self.set_up is not None:
            self.set_up.forget()
            self.handle(events.SILENCE, None)

    def end(self, status: int, reason: str) -> None:
        """End the call on both legs, whatever its state; `status` answers an INVITE that has no final answer yet."""
        set_up = self.set_up
        if self.fabric.noting:
            self.fabric.changed.append(self)
        if self.state in (table.ANSWERED, table.UP):
            self._enter(table.ENDING, events.TOO_LONG)
            self.reason = reason
            hang_up_both(self)
        elif self.state < table.CANCELLING and set_up is not None:
            self.take_back()  # only here: a call that its caller gave up counts, however it ends
            self.state = table.CANCELLING
            cancel_both(self, status, "proxy", reason)
            if set_up.client is None or set_up.client.state > PROCEEDING:
                self.forget()
        else:
            act_alone(self, table.BYE_OWED)
            self.forget()

    def forget(self) -> None:
        """End the call without another word: no timer, transaction or dialog of it stays."""
        self.state = table.OVER
        for exchange in (self.set_up, self.invite):
            if isinstance(exchange, Exchange):
                exchange.forget()
        close(self)

    def handle(self, event: int, message: Message | None) -> None:
        """Feed one event to the coupling table and carry out what it orders."""
        state, action = table.step(self.state, event)
        if state < 0:
            return
        if state != self.state and self.fabric.noting:
            self.fabric.changed.append(self)
        if state == table.ENDING != self.state:
            self._enter(state, event)
        else:
            self.state = state
        if message is None:
            act_alone(self, action)
        else:
            act(self, action, message)

    def _enter(self, state: int, event: int) -> None:
        """The answered call ends: who ended it is noted, and what still runs inside it is answered."""
        self.state = state
        self.stop_timer()
        pending = self.invite
        if isinstance(pending, Exchange) and not pending.set_up:
            pending.release(487)
        if event == events.BYE_A:
            self.ended_by = "a"
        elif event == events.BYE_B:
            self.ended_by = "b"
        elif event == events.UNACKED:
            self.reason = "no ack"
        elif event == events.TOO_LONG:
            self.reason = "longest call"
        elif event in ENDS_SESSION:
            self.reason = ENDS_SESSION[event]


def open_call(fabric: Fabric, trunk: PlatformTrunk, a: Dialog, method: str, hops: int) -> Call:
    """A new call, or a text (`method` MESSAGE), from the A leg `a`; `hops` is what Max-Forwards leaves."""
    fabric.calls_opened += 1
    call = Call(fabric, fabric.calls_opened, trunk, a)
    call.method, call.hops = method, hops
    fabric.calls[call.number] = call
    return call
