"""One call: it decides once, then lets the coupling table say what each event means and has it done.

States, events and actions stand in `coupling.py`; the actions are carried out by `set_up.py` and `hang_up.py`.
"""

from __future__ import annotations

from typing import final

from proxy.b2bua import coupling as table
from proxy.b2bua import events
from proxy.b2bua.detour import elsewhere
from proxy.b2bua.exchange import Exchange
from proxy.b2bua.extract import call_facts
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.hang_up import bye, close, hang_up_both, settle_ack
from proxy.b2bua.judgement import judge
from proxy.b2bua.set_up import (
    answered_again,
    cancel_both,
    cancel_now,
    cross_answer,
    cross_failure,
    cross_provisional,
    invite,
    invite_again,
    park,
    refuse,
    release_late,
    report_silence,
    report_unreachable,
)  # fmt: skip
from proxy.b2bua.state import ANSWER_DUE, LONGEST, PROGRESS_DUE, STATE_DUE, CallState
from proxy.b2bua.trunks import PlatformTrunk
from proxy.policy.inquiry import PersonState
from proxy.sip.address import Address
from proxy.sip.dialog import Dialog
from proxy.sip.message import Message
from proxy.sip.timers import TimerOwner
from proxy.sip.transaction import PROCEEDING, ServerTransaction


@final
class Call(CallState):
    """A call from its INVITE to its last answer."""

    def begin(self, message: Message, server: ServerTransaction, shown: list[tuple[str, Address]], called: str) -> None:
        """Decide about this INVITE and act; `shown` and `called` were read from it."""
        fabric = self.fabric
        self.set_up = Exchange(fabric, self, True, server, message, True)
        self.shown = shown
        facts = self.facts = call_facts(message, shown, called, self.trunk, fabric.edition, fabric.epoch)
        self.customer, self.campaign = facts.customer_id, facts.campaign_id
        self.called = facts.called.canonical if facts.called is not None else facts.called_text
        self.handle(judge(self, message, None, False), message)

    def state_arrived(self, state: PersonState) -> bool:
        """The ledger answered: decide again with what it holds. False when an attempt that it counted must not stand."""
        if self.state != table.WAITING or self.parked is None:
            return bool(self.b_call_id)
        self.handle(judge(self, self.parked, state, False), self.parked)
        return bool(self.b_call_id)

    def set_up_response(self, set_up: TimerOwner, message: Message) -> None:
        """The carrier answered the INVITE."""
        status = message.status
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
            self.bye_done()

    def unheard(self, status: int) -> None:
        """One of our BYEs never will be."""
        self.bye_done()

    def exchange_over(self, exchange: TimerOwner) -> None:
        """The carrier's 2xx cannot come again: an acknowledged set-up is let go, which is half of a call's memory."""
        if self.set_up is exchange and self.invite is not exchange and self.state == table.UP:
            self.set_up = None

    def fire(self, kind: int, now: float) -> None:
        """A timer of the call is due."""
        self.timer = None
        if kind in (ANSWER_DUE, PROGRESS_DUE):
            self.handle(events.NO_ANSWER, None)
        elif kind == LONGEST:
            self.handle(events.TOO_LONG, None)
        elif kind == STATE_DUE:
            self.handle(events.OVERDUE, None)
        elif self.set_up is not None:
            self.set_up.forget()
            self.handle(events.SILENCE, None)

    def bye_done(self) -> None:
        """One of our BYEs was answered, or never will be."""
        self.open_byes -= 1
        if self.open_byes <= 0:
            self.handle(events.CLOSED, None)

    def end(self, status: int, reason: str) -> None:
        """End the call on both legs, whatever its state; `status` answers an INVITE that has no final answer yet."""
        set_up = self.set_up
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
            self._act_alone(table.BYE_OWED)
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
        if state == table.ENDING != self.state:
            self._enter(state, event)
        else:
            self.state = state
        if message is None:
            self._act_alone(action)
        else:
            self._act(action, message)

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

    def _act(self, action: int, message: Message) -> None:
        """Actions that carry a message on."""
        if action == table.CROSS_PROVISIONAL:
            cross_provisional(self, message)
        elif action == table.CROSS_ANSWER:
            cross_answer(self, message)
        elif action == table.INVITE:
            invite(self, message)
        elif action == table.BYE_TO_B:
            settle_ack(self)
            bye(self, False, message.first(b"reason"))
        elif action == table.BYE_TO_A:
            bye(self, True, message.first(b"reason"))
        elif action == table.BYE_TO_A_LATER:
            self.bye_owed = True
            self.open_byes += 1
            self.reason = message.first(b"reason").decode("latin-1")
        elif action == table.CROSS_FAILURE:
            cross_failure(self, message)
        elif action == table.PARK:
            park(self, message)
        elif action == table.RELEASE_LATE:
            release_late(self, message)
        else:
            self._act_alone(action)

    def _act_alone(self, action: int) -> None:
        """Actions that need no message."""
        if action == table.REFUSE:
            refuse(self)
        elif action == table.CLOSE:
            close(self)
        elif action == table.DECIDE_BLIND:
            if self.parked is not None:
                self.handle(judge(self, self.parked, None, True), self.parked)
        elif action == table.WITHDRAW:
            self.final(487, "a", "cancelled")
            close(self)
        elif action == table.REPORT_SILENCE:
            self.take_back()
            report_silence(self)
            close(self)
        elif action == table.REPORT_UNREACHABLE:
            self.take_back()
            report_unreachable(self)
            close(self)
        elif action == table.INVITE_AGAIN:
            invite_again(self)
        elif action == table.CANCEL_BOTH:
            cancel_both(self, 487, "a", "cancelled")
        elif action == table.END_UNANSWERED:
            cancel_both(self, 480, "proxy", "no answer" if self.ringing_at else "no progress")
        elif action == table.CANCEL_NOW:
            cancel_now(self)
        elif action == table.HANG_UP_BOTH:
            hang_up_both(self)
        elif action == table.BYE_OWED and self.bye_owed:
            self.bye_owed = False
            self.open_byes -= 1
            settle_ack(self)
            bye(self, True, self.reason.encode("latin-1"))
        elif action == table.BYE_SPARED and self.bye_owed:
            self.bye_owed = False
            settle_ack(self)
            self.bye_done()


def open_call(fabric: Fabric, trunk: PlatformTrunk, a: Dialog, method: str, hops: int) -> Call:
    """A new call, or a text (`method` MESSAGE), from the A leg `a`; `hops` is what Max-Forwards leaves."""
    fabric.calls_opened += 1
    call = Call(fabric, fabric.calls_opened, trunk, a)
    call.method, call.hops = method, hops
    fabric.calls[call.number] = call
    return call
