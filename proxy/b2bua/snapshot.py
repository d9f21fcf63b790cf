"""What is noted of calls, so that a process that takes the place of this one knows them: notes as bytes, written in order.

A note says all of a call (`EARLY` before its answer, `TALK` after it), or what has changed since such a note in the few
fields that change with the state (`MARK`), or that there is nothing left of it (`END`). A call is marked as changed
by `Fabric.changed`; what is worth a note is found when the notes are taken, once for each input, and the runtime keeps
them where they outlive the process before the messages of that input go out. `take_up.py` reads them.

A note is a head, a row of numbers, texts joined by line ends, and for some a blob behind them. Times are UTC epoch
seconds. Header values have no line ends; what could have some is escaped.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from proxy.b2bua import coupling as table
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.legs import NOBODY, STALE, Fork
from proxy.b2bua.note_texts import put_dialog, put_secrets, safe
from proxy.b2bua.outputs import Fault
from proxy.b2bua.reinvites import under_way
from proxy.b2bua.state import CallState
from proxy.b2bua.transfer import ACTIVE, Transfer
from proxy.sip.timers import Timer

VERSION: Final = 1

# kinds of notes
EARLY: Final = 1
TALK: Final = 2
MARK: Final = 3
END: Final = 4

HEAD: Final = Struct("<BBHQ")  # version, kind, which whole note of the call it is or adds to, number of the call
STATE: Final = Struct(
    "<BBHdd"
)  # state, ended_by, status, ringing_at, answered_at: all that a mark says, and its reason
# flags, started, longest time due, session, session due; of either dialog local and remote CSeq; RSeq shift;
# state and CSeqs of a transfer; CSeq of the first INVITE as long as it may come again; size of the blob
NUMBERS: Final = Struct("<HddddIqIqqBIIII")
EARLY_NUMBERS: Final = Struct("<HddII")  # flags, started, when the ledger was asked, sizes of both blobs

MARKED: Final = Struct(HEAD.format + STATE.format[1:]).pack  # what begins a mark, and each of the whole notes
EARLY_BEGINS: Final = Struct(HEAD.format + STATE.format[1:] + EARLY_NUMBERS.format[1:]).pack
TALK_BEGINS: Final = Struct(HEAD.format + STATE.format[1:] + NUMBERS.format[1:]).pack

ENDERS: Final = ("proxy", "a", "b")

# flags
UNTOUCHED: Final = 1
METERED: Final = 2
ROOM: Final = 4
BACK: Final = 8
A_UPDATES: Final = 16
B_UPDATES: Final = 32
RELIABLE: Final = 64
SESSION_IDS: Final = 128
PENDING: Final = 256  # the 2xx has not been acknowledged
OFFERED: Final = 512
TRANSFER_OF_A: Final = 1024
REINVITE: Final = 2048  # the blob is a re-INVITE under way (`reinvites.py`), and no 2xx of the first one


def take_notes(fabric: Fabric) -> list[bytes]:
    """What is to be kept of the calls that changed since the last time, in order."""
    changed, notes = fabric.changed, []
    if changed:
        fabric.changed = []
        for call in changed:
            if isinstance(call, CallState):
                try:
                    data = note_of(call, fabric.now, fabric.epoch)
                except Exception as fault:  # the call itself goes on
                    fabric.counters.faults += 1
                    fabric.outputs.append(Fault(f"no note: {type(fault).__name__}: {fault}", call.a.call_id))
                    continue
                if data:
                    notes.append(data)
    return notes


def note_of(call: CallState, now: float, epoch: float) -> bytes:
    """The note that brings what is known of `call` up to now; empty when nothing is to be added."""
    state, known = call.state, call.noted
    if state == table.OVER:
        call.noted = NOBODY
        written = call.b_call_id and not call.answered_at and call.status >= 300
        if written and known != NOBODY and known != table.WAITING:
            return mark(call, table.CANCELLING)  # its end is noted behind its record (`outputs.told_first`)
        return HEAD.pack(VERSION, END, call.note_count, call.number) if known != NOBODY else b""
    if state == known or state == table.NEW or call.method != "INVITE":
        return b""
    call.noted = state
    if state >= table.ANSWERED:
        return mark(call, state) if known >= table.ANSWERED else talk_note(call, now, epoch)
    return mark(call, state) if known >= table.INVITING != state else early_note(call)


def note_again(fabric: Fabric, number: int) -> bytes:
    """All of a call in one note that replaces the last whole one; empty when nothing is noted of it."""
    call = fabric.calls.get(number)
    if not isinstance(call, CallState) or call.noted == NOBODY:
        return b""
    call.note_count -= 1
    call.noted = STALE
    return note_of(call, fabric.now, fabric.epoch)


def mark(call: CallState, state: int) -> bytes:
    """State, and what changes with it."""
    begin: bytes = MARKED(
        VERSION, MARK, call.note_count, call.number,
        state, ender(call), call.status, call.ringing_at, call.answered_at,
    )  # fmt: skip
    return begin + call.reason.encode("utf-8") if call.reason else begin


def ender(call: CallState) -> int:
    """The place of who ended it in `ENDERS`."""
    if call.ended_by == "proxy":
        return 0
    return 1 if call.ended_by == "a" else 2


def ended(number: int) -> bytes:
    """Nothing is left of the call of this number."""
    return HEAD.pack(VERSION, END, 0, number)


def texts_of(call: CallState) -> list[bytes]:
    """What every whole note says for the record of the call; the first of them are one piece."""
    names = [
        call.decision_id, call.customer, call.campaign, call.purpose, call.mode, call.trunk.name, call.carrier,
        safe(call.called), call.reason,
    ]  # fmt: skip
    return ["\n".join(names).encode("utf-8"), call.a.call_id, call.b_call_id]


def early_note(call: CallState) -> bytes:
    """What answers the platform, cancels at the carrier and takes the attempt back."""
    set_up = call.set_up
    if set_up is None:
        return b""
    call.note_count = (call.note_count + 1) & 0xFFFF
    server, client, inquiry, gateway = set_up.server, set_up.client, call.inquiry, call.gateway
    flags = BACK if call.trunk.calls_back else 0
    texts = texts_of(call)
    texts.append(server.key.replace(b"\n", b"\t"))
    texts.append(server.merge_key.replace(b"\n", b"\t"))
    texts.append(server.to)
    texts.append(server.hop.text())
    if inquiry is not None:
        asking = [inquiry.customer, safe(inquiry.person), inquiry.campaign, inquiry.attempt]
        texts.append("\n".join(asking).encode("utf-8"))
    else:
        texts += _NO_INQUIRY
    if client is not None and gateway is not None:
        texts.append(client.key)
        texts.append(client.hop.text())
        texts.append(gateway.hop.text())
        request = client.request[: client.request.find(b"\r\n\r\n") + 4]
    else:
        texts += _NO_CARRIER
        request = b""
    asked = inquiry.at if inquiry is not None else 0.0
    begin: bytes = EARLY_BEGINS(
        VERSION, EARLY, call.note_count, call.number,
        call.state, ender(call), call.status, call.ringing_at, call.answered_at,
        flags, call.started, asked, len(server.head), len(request),
    )  # fmt: skip
    return b"".join([begin, b"\n".join(texts), b"\n", server.head, request])


_NO_INQUIRY: Final = (b"", b"", b"", b"")
_NO_CARRIER: Final = (b"", b"", b"")


def talk_note(call: CallState, now: float, epoch: float) -> bytes:
    """All that an answered call needs to go on."""
    fork = call.fork
    if fork is None:
        return b""
    call.note_count = (call.note_count + 1) & 0xFFFF
    flags, texts = flags_of(call, fork), texts_of(call)
    put_dialog(texts, fork.a)
    put_dialog(texts, fork.b)
    texts.append(call.b_hop.text())
    put_secrets(texts, call.secrets)
    put_secrets(texts, call.a_secrets)
    ids = call.session_ids
    if ids is not None:
        texts.append(b"%b %b %b %b %b" % (ids.a, ids.b, ids.a_shown, ids.b_shown, ids.seed))
    else:
        texts.append(b"")
    ok, cseq, set_up = b"", 0, call.set_up
    if set_up is not None:
        cseq = set_up.cseq_in
        texts.append(set_up.server.key.replace(b"\n", b"\t"))
        texts.append(set_up.server.hop.text())
        texts.append(set_up.client.key if set_up.client is not None else b"")
        flags |= OFFERED if set_up.offered else 0
        if call.state == table.ANSWERED and call.invite is set_up:
            flags |= PENDING
            ok = set_up.ok
    else:
        texts += _NO_CARRIER
    if call.invite is not None and call.invite is not set_up:
        ok = under_way(call)
        flags |= REINVITE if ok else 0
    transfer, moved, cseq_in, cseq_out = call.transfer, 0, 0, 0
    if isinstance(transfer, Transfer) and transfer.state == ACTIVE:
        flags |= TRANSFER_OF_A if transfer.from_a else 0
        moved, cseq_in, cseq_out = transfer.state, transfer.cseq_in, transfer.cseq_out
    begin: bytes = TALK_BEGINS(
        VERSION, TALK, call.note_count, call.number,
        call.state, ender(call), call.status, call.ringing_at, call.answered_at,
        flags, call.started, due(call.timer, now, epoch), call.session, due(call.session_timer, now, epoch),
        fork.a.local_cseq, fork.a.remote_cseq, fork.b.local_cseq, fork.b.remote_cseq, fork.rseq_shift,
        moved, cseq_in, cseq_out, cseq, len(ok),
    )  # fmt: skip
    return b"".join([begin, b"\n".join(texts), b"\n", ok])


def flags_of(call: CallState, fork: Fork) -> int:
    """What of a call is yes or no."""
    flags = UNTOUCHED if call.untouched else 0
    if call.metered:
        flags |= METERED
    if call.room is not None:
        flags |= ROOM
    if call.trunk.calls_back:
        flags |= BACK
    if call.a_updates:
        flags |= A_UPDATES
    if call.b_updates:
        flags |= B_UPDATES
    if fork.reliable:
        flags |= RELIABLE
    if call.session_ids is not None:
        flags |= SESSION_IDS
    return flags


def due(timer: Timer | None, now: float, epoch: float) -> float:
    """When a timer fires, as UTC epoch seconds; 0 for none."""
    return epoch + (timer.due - now) if timer is not None else 0.0
