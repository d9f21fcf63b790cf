"""The actions that the coupling table orders, each by its number; they are carried out by `set_up.py` and `hang_up.py`."""

from __future__ import annotations

from proxy.b2bua import coupling as table
from proxy.b2bua import events
from proxy.b2bua.crossing import reason_lines
from proxy.b2bua.hang_up import bye, close, hang_up, hang_up_both, settle_ack
from proxy.b2bua.judgement import judge, park
from proxy.b2bua.set_up import (
    cancel_both,
    cancel_now,
    cross_answer,
    cross_failure,
    cross_provisional,
    invite,
    invite_again,
    refuse,
    release_late,
    report_silence,
    report_unreachable,
)  # fmt: skip
from proxy.b2bua.state import CallState
from proxy.sip.message import Message


def act(call: CallState, action: int, message: Message) -> None:
    """Actions that carry a message on."""
    if action == table.CROSS_PROVISIONAL:
        cross_provisional(call, message)
    elif action == table.CROSS_ANSWER:
        cross_answer(call, message)
    elif action == table.INVITE:
        invite(call, message)
    elif action == table.BYE_TO_B:
        settle_ack(call)
        bye(call, False, message)
    elif action == table.BYE_TO_A:
        bye(call, True, message)
    elif action == table.BYE_TO_A_LATER:
        call.bye_owed = True
        call.open_byes += 1
        call.reason = message.first(b"reason").decode("latin-1")
        call.last_reasons, _ = reason_lines(call, message, True)
    elif action == table.CANCEL_BOTH:
        if call.set_up is not None:
            call.set_up.reasons(message)
        act_alone(call, action)
    elif action == table.CROSS_FAILURE:
        cross_failure(call, message)
    elif action == table.PARK:
        park(call, message)
    elif action == table.RELEASE_LATE:
        release_late(call, message)
    else:
        act_alone(call, action)


def act_alone(call: CallState, action: int) -> None:
    """Actions that need no message."""
    if action == table.REFUSE:
        refuse(call)
    elif action == table.CLOSE:
        close(call)
    elif action == table.DECIDE_BLIND:
        if call.parked is not None:
            call.handle(judge(call, call.parked, None, True), call.parked)
    elif action == table.WITHDRAW:
        call.final(487, "a", "cancelled")
        close(call)
    elif action == table.REPORT_SILENCE:
        call.take_back()
        report_silence(call)
        close(call)
    elif action == table.REPORT_UNREACHABLE:
        call.take_back()
        report_unreachable(call)
        close(call)
    elif action == table.INVITE_AGAIN:
        invite_again(call)
    elif action == table.CANCEL_BOTH:
        cancel_both(call, 487, "a", "cancelled")
    elif action == table.END_UNANSWERED:
        cancel_both(call, 480, "proxy", "no answer" if call.ringing_at else "no progress")
    elif action == table.CANCEL_NOW:
        cancel_now(call)
    elif action == table.HANG_UP_BOTH:
        hang_up_both(call)
    elif action == table.BYE_OWED and call.bye_owed:
        call.bye_owed = False
        call.open_byes -= 1
        settle_ack(call)
        hang_up(call, True, call.last_reasons)
    elif action == table.BYE_SPARED and call.bye_owed:
        call.bye_owed = False
        settle_ack(call)
        bye_done(call)


def bye_done(call: CallState) -> None:
    """One of our BYEs was answered, or never will be."""
    call.open_byes -= 1
    if call.open_byes <= 0:
        call.handle(events.CLOSED, None)
