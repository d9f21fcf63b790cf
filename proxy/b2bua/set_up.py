"""The set-up of a call: what the coupling table orders between the INVITE and its final answer."""

from __future__ import annotations

from proxy.b2bua import events, session_timer
from proxy.b2bua.abandoned import abandon
from proxy.b2bua.admission import MOST_BREADTH
from proxy.b2bua.counters import CALL_BOUNDS
from proxy.b2bua.crossing import CHALLENGES, crossing_status
from proxy.b2bua.detour import let_go, take_gateway, widened
from proxy.b2bua.exchange import SET_UP_CSEQ, Exchange
from proxy.b2bua.extract import NO_SECRETS, secrets
from proxy.b2bua.fabric import MTU_SAFE
from proxy.b2bua.hang_up import bye, close, send_bye
from proxy.b2bua.outputs import RefusalHeard
from proxy.b2bua.rewrite import cleaned, edits_for, refusal_lines
from proxy.b2bua.state import ANSWER_DUE, CANCEL_DUE, PROGRESS_DUE, CallState
from proxy.policy.decision import Decision, Presentation
from proxy.policy.facts import CallFacts
from proxy.sip.build import request
from proxy.sip.message import Message
from proxy.sip.syntax import decimal


def refuse(call: CallState) -> None:
    """The final answer of a refusal; nothing reaches the carrier."""
    decision, set_up = call.decision, call.set_up
    if decision is not None and set_up is not None:
        lines = refusal_lines(decision, call.a_face.host, call.decision_id)
        if call.a_face.agent:
            lines.append(b"Server: " + call.a_face.agent)
        lines += call.session_line(True)
        call.status = decision.status
        call.fabric.reply(set_up.server, decision.status, lines, b"", b"", decision.phrase.encode("ascii"))
    close(call)


def invite(call: CallState, message: Message) -> None:
    """100 to the platform, INVITE to the carrier; a MESSAGE goes alone (RFC 3428)."""
    fabric, decision, facts, set_up = call.fabric, call.decision, call.facts, call.set_up
    if decision is None or facts is None or set_up is None:
        return
    if call.parked is None and call.method == "INVITE":
        fabric.reply(set_up.server, 100, [], b"", message.to_value)
    set_up.server.routes = b"\r\n".join([b"Record-Route: " + value for value in message.all(b"record-route")])
    call.untouched = decision.presentation == Presentation.UNCHANGED
    if decision.presentation <= Presentation.WITHHELD:
        shown = decision.number.canonical if decision.number is not None else ""
        call.secrets = secrets(message, call.shown, facts, shown)
    call.a_updates = session_timer.may_update(message)
    fabric.counters.calls_started += 1
    dial(call, message)


def invite_again(call: CallState) -> None:
    """The gateway failed before anybody was called: the next one gets the same call in a dialog of its own."""
    if call.parked is not None:
        abandon(call)
        dial(call, call.parked)
        call.fabric.note(call)


def dial(call: CallState, message: Message) -> None:
    """INVITE or MESSAGE to the gateway whose turn it is; without one the call has no carrier."""
    fabric, decision, facts, set_up = call.fabric, call.decision, call.facts, call.set_up
    if decision is None or facts is None or set_up is None:
        return
    call.b_call_id, call.b_tag = fabric.ids.call_id(), fabric.ids.tag()
    if not take_gateway(call):
        call.handle(events.UNREACHABLE, None)
        return
    branch = fabric.ids.branch()
    data = b_request(call, message, decision, facts, branch)
    if len(data) > MTU_SAFE and widened(call):
        data = b_request(call, message, decision, facts, branch)
    set_up.cseq_out = SET_UP_CSEQ
    call.parked = message  # as long as the call may go elsewhere
    if call.method == "INVITE":
        call.invite = set_up
        wait_for_ringing(call)
    gateway = call.gateway
    if call.tried is None and gateway is not None and not gateway.carrier.redirects and gateway.small is None:
        let_go(call)
    set_up.client = fabric.ask("b", call.b_pace, branch, call.method, data, call.b_hop, set_up)


def wait_for_ringing(call: CallState) -> None:
    """The answer timeout runs from the first INVITE; before it, the carrier's patience for a first 18x."""
    carrier = call.gateway.carrier if call.gateway is not None else None
    left = call.answer_left()
    if carrier is not None and 0 < carrier.no_progress < left:
        call.start_timer(carrier.no_progress, PROGRESS_DUE)
    else:
        call.start_timer(left, ANSWER_DUE)


def b_request(call: CallState, message: Message, decision: Decision, facts: CallFacts, branch: bytes) -> bytes:
    """The INVITE or MESSAGE of the B leg: identity by the decision, everything else by the allow-list."""
    face, back = call.b_face, call.back
    if back is None:
        to, uri = face.to(facts), face.request_uri(facts)
        call.b_from = face.caller(decision, call.shown[0][1]) + b";tag=" + call.b_tag
    else:
        to, uri = back.to(face), back.request_uri(face)
        call.b_from = back.caller(face, decision, call.shown[0][1]) + b";tag=" + call.b_tag
    edits = edits_for(face, message, call.untouched, False)
    head = edits.head
    head.append(face.via + branch)
    head.append(b"Max-Forwards: " + decimal(call.hops))
    head.append(b"From: " + call.b_from)
    head.append(b"To: " + to)
    head.append(b"Call-ID: " + call.b_call_id)
    head.append(b"CSeq: %b %b" % (decimal(SET_UP_CSEQ), message.method))
    if call.method == "INVITE":
        head.append(face.contact)
    session = call.crossed_session(message, False)
    if session:
        head.append(session)
    if b"max-breadth" in message.index:
        head.append(b"Max-Breadth: %d" % min(int(message.first(b"max-breadth")), MOST_BREADTH))
    head.extend(face.identity_lines(decision) if back is None else back.identity_lines(face, decision))
    if face.agent:
        head.append(b"User-Agent: " + face.agent)
    lines, body, found = cleaned(edits, message, NO_SECRETS if call.untouched else call.secrets)
    call.fabric.counters.identity_scrubbed += found
    return request(message.method + b" " + uri + b" SIP/2.0", lines, body)


def cross_provisional(call: CallState, message: Message) -> None:
    """A 18x crosses with its SDP, inside the early dialog that it belongs to."""
    if call.set_up is None:
        return
    fork = call.fork_of(message)
    if fork is not None:
        fork.b.take_answer(message, True)
    elif message.to_tag:
        call.fabric.counters.count_drop("too many forks")
        return
    if not call.ringing_at:
        if call.timer is not None and call.timer.kind == PROGRESS_DUE:
            call.start_timer(call.answer_left(), ANSWER_DUE)
        let_go(call)
        call.ringing_at = call.fabric.epoch
        counters = call.fabric.counters
        counters.observe(counters.pdd_seconds, call.carrier, CALL_BOUNDS, call.ringing_at - call.started)
    call.set_up.pass_on(message, fork)


def cross_answer(call: CallState, message: Message) -> None:
    """The 2xx crosses; its dialog is the one that stays."""
    fabric, set_up = call.fabric, call.set_up
    fork = call.fork_of(message)
    if fork is None or set_up is None:
        return
    let_go(call)
    fork.b.take_answer(message, True)
    call.keep_only(fork)
    call.inquiry = None  # an attempt that was answered stands
    call.answered_at, call.status = fabric.epoch, message.status
    counters = fabric.counters
    counters.observe(counters.setup_seconds, call.carrier, CALL_BOUNDS, fabric.epoch - call.started)
    set_up.fork = fork
    set_up.answer(message, fork)
    session_timer.begin(call, message)


def answered_again(call: CallState, set_up: Exchange, message: Message) -> None:
    """A repeated 2xx gets its ACK again; one of another early dialog is taken and hung up (RFC 3261 13.2.2.4)."""
    if set_up.fork is not None and message.to_tag == set_up.fork.b.remote_tag:
        set_up.acknowledge_again()
        return
    stray = call.stray_of(message)
    set_up.send_ack(stray, None, call.fabric.ids.branch())
    if not stray.hung_up:
        stray.hung_up = True
        send_bye(call, stray, False, [], None)


def cross_failure(call: CallState, message: Message) -> None:
    """The carrier's failure: status and Reason cross, phrase and warnings do not; 3xx, 401 and 407 never cross."""
    status = message.status
    if status == 408 or 500 <= status < 600 or status in CHALLENGES:
        call.take_back()
    elif status == 607 and not call.trunk.calls_back:
        call.fabric.outputs.append(RefusalHeard(call.customer, call.called, call.fabric.epoch, call.a.call_id))
    if crossing_status(status) != status:
        call.final(crossing_status(status), "b", f"carrier answered {status}")
    else:
        call.status, call.ended_by = status, "b"
        call.reason = message.first(b"reason").decode("latin-1")
        if call.set_up is not None:
            call.set_up.pass_on(message, None)
    close(call)


def report_silence(call: CallState) -> None:
    """The carrier said nothing: 408, or nothing for a MESSAGE, whose sender has given up by now (RFC 4320 4.2)."""
    if call.method == "INVITE" or call.set_up is None:
        call.final(408, "proxy", "carrier silent")
    else:
        call.status, call.reason = 408, "carrier silent"
        call.set_up.server.give_up(call.fabric.now)


def report_unreachable(call: CallState) -> None:
    """The INVITE could not be sent: as if the carrier had answered 503 (RFC 3261 8.1.3.1)."""
    if call.gateway is not None:
        call.final(503, "proxy", "carrier unreachable")
        return
    fabric = call.fabric
    call.final(503, "proxy", "no carrier", fabric.routing.retry_after(call.way, fabric.now))


def cancel_both(call: CallState, status: int, ended_by: str, reason: str) -> None:
    """Answer the platform and cancel at the carrier, there not before its first provisional (RFC 3261 9.1)."""
    call.stop_timer()
    call.final(status, ended_by, reason)
    cancel_now(call)


def cancel_now(call: CallState) -> None:
    """Send the CANCEL once, if a provisional has come; give up when no final follows in 64*T1."""
    if call.set_up is not None and call.set_up.send_cancel():
        call.start_timer(call.b_pace.long, CANCEL_DUE)


def release_late(call: CallState, message: Message) -> None:
    """The carrier's 200 crossed the CANCEL: take it and hang up."""
    call.stop_timer()
    set_up = call.set_up
    fork = call.fork_of(message)
    if set_up is not None and fork is not None:
        fork.b.take_answer(message, True)
        call.keep_only(fork)
        set_up.fork = fork
        set_up.acknowledge(None)
        bye(call, False, None)
