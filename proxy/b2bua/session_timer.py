"""How long an answered call may go on without a sign of life (RFC 4028), and the questions that we put ourselves.

Session-Expires and Min-SE cross as they are: the asking side of one leg is the asking side on the other, so `refresher`
stays true on both. Where the two ends agreed on an interval, it is watched here, and what nobody refreshed is ended. Where
they did not, both legs are asked every `session_refresh` seconds, so that a call whose ends have died does not live on.
"""

from __future__ import annotations

from typing import Final, final
from zlib import crc32

from proxy.b2bua import events
from proxy.b2bua.legs import Asker
from proxy.b2bua.state import LONGEST, SESSION_DUE, CallState
from proxy.sip.build import request
from proxy.sip.dialog import Dialog
from proxy.sip.message import Message
from proxy.sip.timers import Timer

GONE: Final = frozenset((408, 481))  # RFC 3261 12.2.1.2
NO_UPDATE: Final = frozenset((405, 501))
COMMON: Final = 90  # intervals above it (the least that RFC 4028 4 lets a peer ask for) are watched in steps,
STEP: Final = 30  # so that calls share their timers


def interval_of(message: Message) -> float:
    """The seconds of Session-Expires in a 2xx, rounded up where they are many; 0: none was agreed on."""
    text = message.first(b"session-expires").partition(b";")[0].strip()
    if not text.isdigit() or len(text) > 9:
        return 0.0
    seconds = int(text)
    return float(seconds if seconds <= COMMON else -(-seconds // STEP) * STEP)


_REMEMBERED_MOST: Final = 1024
_UPDATES: Final[dict[bytes, bool]] = {}  # of Allow values that were seen: they hardly vary


def may_update(message: Message) -> bool:
    """Does whoever sent this INVITE or 2xx take UPDATE (RFC 3311 4)?"""
    allow = message.first(b"allow")
    known = _UPDATES.get(allow)
    if known is None:
        if len(_UPDATES) >= _REMEMBERED_MOST:
            _UPDATES.clear()
        known = _UPDATES[allow] = allow.find(b"UPDATE") >= 0
    return known


def begin(call: CallState, message: Message) -> None:
    """The 2xx of the set-up: from now on the call has a longest time, and its session an interval."""
    longest = call.fabric.topology.limits.longest_call
    customer = call.fabric.edition.directory.customer(call.customer)
    if customer is not None and 0 < customer.longest_call < longest:
        longest = customer.longest_call
    call.start_timer(longest, LONGEST)
    call.b_updates = may_update(message)
    refreshed(call, message)


def refreshed(call: CallState, message: Message) -> None:
    """A 2xx of INVITE or UPDATE: the interval that it states runs anew; one without ends the agreement (RFC 4028 7.2)."""
    call.session = interval_of(message)
    run(call)


def run(call: CallState) -> None:
    """Watch the interval agreed on, else wait until it is for us to ask; neither when the call cannot last so long.

    A call that passes untouched, to an emergency number, is never put at risk by a question of ours.
    """
    if call.session_timer is not None:
        call.session_timer.cancel()
        call.session_timer = None
    fabric = call.fabric
    seconds = call.session or (0.0 if call.untouched else fabric.topology.limits.session_refresh)
    if seconds and call.timer is not None and fabric.now + seconds < call.timer.due:
        call.session_timer = fabric.timers.arm(fabric.now, seconds, call, SESSION_DUE)


def due(call: CallState) -> None:
    """Nobody refreshed the session, or it is time to ask both legs."""
    call.session_timer = None
    if call.session:
        call.fabric.counters.sessions_expired += 1
        call.handle(events.EXPIRED, None)
        return
    fork = call.fork
    if fork is None:
        return
    run(call)
    if call.refreshes is None:
        call.refreshes = [Refresh(call, True, fork.a), Refresh(call, False, fork.b)]
    for refresh in call.refreshes:
        refresh.ask()
    call.fabric.note(call)


@final
class Refresh(Asker):
    """Our own questions to one leg: UPDATE without a body where its Allow names it, else OPTIONS."""

    __slots__ = ("call", "to_a", "dialog", "timer", "asking", "updating")

    def __init__(self, call: CallState, to_a: bool, dialog: Dialog) -> None:
        self.call: Final = call
        self.to_a: Final = to_a
        self.dialog: Final = dialog
        self.timer: Timer | None = None
        self.asking = False
        self.updating = False

    def works_for(self) -> Asker:
        """The call."""
        return self.call

    def stop(self) -> None:
        """Do not ask again."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def ask(self) -> None:
        """Ask now, unless an answer, or a second attempt, is still to come."""
        if self.asking or self.timer is not None:
            return
        call, dialog = self.call, self.dialog
        fabric = call.fabric
        face = call.a_face if self.to_a else call.b_face
        pace = call.a_pace if self.to_a else call.b_pace
        self.asking = True
        self.updating = call.a_updates if self.to_a else call.b_updates
        method = "UPDATE" if self.updating else "OPTIONS"
        name = method.encode("ascii")
        key = fabric.ids.branch()
        lines = [face.via + key, b"Max-Forwards: 70", *dialog.lines(dialog.next_cseq(), name)]
        lines.append(face.contact if self.updating else b"Accept: application/sdp")
        lines += call.session_line(self.to_a)
        if face.agent:
            lines.append(b"User-Agent: " + face.agent)
        data = request(dialog.start_line(name), lines, b"")
        fabric.ask("a" if self.to_a else "b", pace, key, method, data, dialog.hop, self)

    def heard(self, message: Message) -> None:
        """Any answer is a sign of life but 408 and 481; 491 is asked again after a while (RFC 3261 14.1)."""
        status = message.status
        if status < 200:
            return
        self.asking = False
        if status in GONE:
            self._gone()
            return
        if status == 491 and self.updating:
            self._count("glare")
            if self.call.fork is not None and self.call.session_timer is not None:
                fabric = self.call.fabric
                wait = glare_wait(fabric.ids.branch(), not self.to_a)
                self.timer = fabric.timers.arm(fabric.now, wait, self, SESSION_DUE)
            return
        if self.updating and status < 300:
            self.dialog.take_answer(message, False)
        elif self.updating and status in NO_UPDATE and self.to_a:
            self.call.a_updates = False
        elif self.updating and status in NO_UPDATE:
            self.call.b_updates = False
        if self.updating:
            self.call.fabric.note(self.call)
        self._count("alive")

    def unheard(self, status: int) -> None:
        """Silence, or no way to the peer."""
        self.asking = False
        self._gone()

    def fire(self, kind: int, now: float) -> None:
        """The second attempt after a 491."""
        self.timer = None
        self.ask()

    def _gone(self) -> None:
        self._count("gone")
        self.call.handle(events.A_GONE if self.to_a else events.B_GONE, None)

    def _count(self, outcome: str) -> None:
        self.call.fabric.counters.count_refresh("a" if self.to_a else "b", outcome)


def glare_wait(chance: bytes, ours: bool) -> float:
    """Seconds until a request that met 491 is sent again: 2.1 to 4 where the Call-ID is `ours`, else 0 to 2 (14.1)."""
    drawn = crc32(chance)
    return (210 + drawn % 191) / 100.0 if ours else (drawn % 201) / 100.0
