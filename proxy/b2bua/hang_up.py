"""The end of a call: BYE to one leg or both, and the record when nothing is open any more."""

from __future__ import annotations

from proxy.b2bua.abandoned import abandon
from proxy.b2bua.afterwards import Afterwards
from proxy.b2bua.counters import DURATION_BOUNDS
from proxy.b2bua.crossing import reason_lines
from proxy.b2bua.legs import NOBODY, Fork
from proxy.b2bua.outputs import CallRecord
from proxy.b2bua.state import NOBODY_SHOWN, CallState
from proxy.sip.build import request
from proxy.sip.message import Message


def bye(call: CallState, to_a: bool, message: Message | None) -> None:
    """Hang up one leg; the Reason of `message`, the other side's BYE, crosses (RFC 3326)."""
    lines: list[bytes] = []
    if message is not None and message.has(b"reason"):
        call.reason = message.first(b"reason").decode("latin-1")
        lines, found = reason_lines(call, message, to_a)
        call.fabric.counters.identity_scrubbed += found
    hang_up(call, to_a, lines)


def hang_up(call: CallState, to_a: bool, lines: list[bytes]) -> None:
    """BYE to one leg with these ready lines, once there is a dialog."""
    if call.fork is not None:
        call.open_byes += 1
        send_bye(call, call.fork, to_a, lines, call)


def send_bye(call: CallState, fork: Fork, to_a: bool, extra: list[bytes], owner: CallState | None) -> None:
    """One BYE with the ready lines `extra`; `owner` hears when it is answered or given up."""
    fabric = call.fabric
    dialog = fork.a if to_a else fork.b
    face = call.a_face if to_a else call.b_face
    key = fabric.ids.branch()
    lines = [face.via + key, b"Max-Forwards: 70", *dialog.lines(dialog.next_cseq(), b"BYE"), *extra]
    lines += call.session_line(to_a)
    if face.agent:
        lines.append(b"User-Agent: " + face.agent)
    data = request(dialog.start_line(b"BYE"), lines, b"")
    pace = call.a_pace if to_a else call.b_pace
    fabric.ask("a" if to_a else "b", pace, key, "BYE", data, dialog.hop, owner)


def settle_ack(call: CallState) -> None:
    """The platform's ACK is not waited for any more; the carrier still gets its own."""
    set_up = call.set_up
    if set_up is not None:
        set_up.settle()
        set_up.acknowledge(None)
        if call.invite is set_up:
            call.invite = None


def hang_up_both(call: CallState) -> None:
    """BYE to both legs."""
    settle_ack(call)
    bye(call, False, None)
    bye(call, True, None)


def close(call: CallState) -> None:
    """The call is over: its record is written and nothing of it stays but what lingering transactions hold."""
    fabric = call.fabric
    call.stop_timer()
    for fork in (call.fork, *(call.forks or ())):
        if fork is not None and call.taken_up and call.answered_at:
            Afterwards(fabric, fork)
        elif fork is not None:
            fabric.dialogs.remove(fork)
    if fabric.calls.pop(call.number, None) is None:
        return
    if call.noted != NOBODY:
        fabric.changed.append(call)
    abandon(call)
    call.leave_room()
    if call.metered and call.trunk.calls_back:
        fabric.capacity.node.leave()
    elif call.metered:
        fabric.capacity.end(call.customer, call.trunk.name)
    if call.b_call_id:
        fabric.counters.count_end(call.carrier, call.status)
        if call.answered_at:
            counters = fabric.counters
            seconds = fabric.epoch - call.answered_at
            counters.observe(counters.duration_seconds, call.carrier, DURATION_BOUNDS, seconds)
        fabric.outputs.append(_record(call))
    call.facts = call.decision = call.parked = call.inquiry = None
    if call.forks is not None:
        call.forks = [fork for fork in call.forks if fork.hung_up]  # their 2xx may come again
    call.fork = call.set_up = call.invite = call.transfer = call.refreshes = None
    call.shown = NOBODY_SHOWN


def _record(call: CallState) -> CallRecord:
    return CallRecord(
        call.decision_id, call.customer, call.campaign, call.trunk.name, call.carrier, call.called, call.started,
        call.ringing_at, call.answered_at, call.fabric.epoch, call.status, call.ended_by, call.reason, call.a.call_id,
        call.b_call_id, "back" if call.trunk.calls_back else "out", call.number,
    )  # fmt: skip
