"""Calls of a process that is gone, made again from its notes (`snapshot.py`).

A call that was answered goes on: its dialogs are known, its timers run until the same instants, it counts where it
counted, and its record will be written at its end. One whose INVITE had no answer cannot go on, for what the two ends
have said to each other meanwhile is not known: `ended_early.py` ends it. A call that cannot be made again, because its
trunk or its listener is gone, is ended as far as can be, and its record says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final

from proxy.b2bua import coupling as table
from proxy.b2bua import snapshot
from proxy.b2bua.call import Call
from proxy.b2bua.ended_early import end_early
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.going_on import count_again, go_on, remember
from proxy.b2bua.legs import Fork
from proxy.b2bua.note_reading import Early, Talk, head_of
from proxy.b2bua.outputs import Fault
from proxy.b2bua.rewrite import Face
from proxy.b2bua.state import LONGEST, SESSION_DUE
from proxy.b2bua.trunks import PlatformTrunk
from proxy.policy.facts import TrunkFacts
from proxy.sip.hop import Hop
from proxy.sip.timers import Timer, TimerOwner
from proxy.sip.transaction import Pace

UNREADABLE: Final = "unreadable"
NO_PLATFORM: Final = "platform trunk gone"
NO_CARRIER: Final = "carrier trunk gone"
NO_LISTENER: Final = "listener gone"


@final
class TakenUp:
    """What became of the notes: calls that go on, early ones that were ended, and those refused, by reason; `ended` are
    the notes of those of which nothing is left."""

    __slots__ = ("calls", "early", "refused", "ended")

    def __init__(self) -> None:
        self.calls = 0
        self.early = 0
        self.refused: Final[dict[str, int]] = {}
        self.ended: Final[list[bytes]] = []

    def refuse(self, reason: str) -> None:
        """One more that cannot go on."""
        self.refused[reason] = self.refused.get(reason, 0) + 1


@final
class Peers:
    """Trunks and listeners of the topology in force, as a note names them."""

    __slots__ = ("fabric", "platforms", "faces")

    def __init__(self, fabric: Fabric) -> None:
        self.fabric: Final = fabric
        topology = fabric.topology
        self.platforms: Final[dict[str, PlatformTrunk]] = {one.name: one for one in topology.platforms}
        self.faces: Final[dict[bytes, tuple[Face, Pace]]] = {}  # by carrier and hop

    def platform(self, name: str, back: bool) -> PlatformTrunk | None:
        """The trunk of the A leg; in a call back that is the carrier who called."""
        if not back:
            return self.platforms.get(name)
        for carrier in self.fabric.topology.carriers:
            if carrier.name == name:
                return PlatformTrunk(name, carrier.sources, TrunkFacts(name), name, calls_back=True)
        return None

    def face(self, hop: Hop) -> tuple[Face, Pace] | None:
        """What the carrier of this hop is shown there, and its timers; None when there is no such trunk any more."""
        key = hop.text()
        known = self.faces.get(key)
        if known is None:
            for carrier in self.fabric.topology.callees:
                if carrier.name == hop.trunk and self.listens(hop):
                    face = Face(self.fabric.topology, self.fabric.topology.listeners[hop.listener], carrier)
                    known = face, Pace(carrier.t1, carrier.t2, carrier.t4, carrier.silent_after)
                    self.faces[key] = known
        return known

    def listens(self, hop: Hop) -> bool:
        """Is there still a listener of this number and transport?"""
        listeners = self.fabric.topology.listeners
        return hop.listener < len(listeners) and listeners[hop.listener].transport == hop.transport


def take_up(fabric: Fabric, notes: Sequence[bytes]) -> TakenUp:
    """Make the calls of these notes again, which stand in the order in which they were taken."""
    done, peers = TakenUp(), Peers(fabric)
    timers: list[tuple[float, Call, int]] = []
    wholes, marks = sorted_out(fabric, notes, done)
    for number, data in wholes.items():
        fabric.calls_opened = max(fabric.calls_opened, number)
        kind, _, count = head_of(data)
        try:
            if kind == snapshot.EARLY:
                early = Early(number, data)
                if number in marks:
                    early.story.take_mark(marks[number])
                refused = end(fabric, peers, early)
            else:
                talk = Talk(number, data)
                if number in marks:
                    talk.story.take_mark(marks[number])
                refused = resume(fabric, peers, talk, count, timers)
        except Exception as wrong:
            refused = UNREADABLE
            fabric.outputs.append(Fault(f"a call was not taken up: {type(wrong).__name__}: {wrong}", b""))
        if number not in fabric.calls:
            done.ended.append(snapshot.ended(number))
        if refused:
            done.refuse(refused)
        elif kind == snapshot.EARLY:
            done.early += 1
        else:
            done.calls += 1
    run_timers(fabric, timers)
    return done


def sorted_out(
    fabric: Fabric, notes: Sequence[bytes], done: TakenUp
) -> tuple[dict[int, bytes], dict[int, bytes]]:  # fmt: skip
    """The last whole note of each call that has not ended, and the last mark that adds to it."""
    wholes: dict[int, bytes] = {}
    counts: dict[int, int] = {}
    marks: dict[int, bytes] = {}
    for data in notes:
        try:
            kind, number, count = head_of(data)
        except ValueError as wrong:
            done.refuse(UNREADABLE)
            fabric.outputs.append(Fault(f"a call was not taken up: {wrong}", b""))
            continue
        if kind == snapshot.END:
            wholes.pop(number, None)
            marks.pop(number, None)
        elif kind == snapshot.MARK:
            if counts.get(number) == count:
                marks[number] = data
        else:
            wholes[number], counts[number] = data, count
            marks.pop(number, None)
    return wholes, marks


def end(fabric: Fabric, peers: Peers, early: Early) -> str:
    """End an early call; what refuses it is why it was ended as far as can be."""
    if not peers.listens(early.hop):
        if early.story.b_call_id:
            fabric.outputs.append(early.story.record(fabric.epoch, 503, "proxy", NO_LISTENER))
        return NO_LISTENER
    found = peers.face(early.gateway) if early.gateway is not None else None
    if found is None and early.gateway is not None:
        early.forget_carrier()
    face, pace = found if found is not None else (fabric.a_faces[early.hop.listener], fabric.a_pace)
    end_early(fabric, early, face, pace)
    return NO_CARRIER if found is None and early.gateway is not None else ""


def resume(
    fabric: Fabric, peers: Peers, talk: Talk, count: int, timers: list[tuple[float, Call, int]]
) -> str:  # fmt: skip
    """Make an answered call again; empty, or why it was ended instead."""
    story = talk.story
    if not peers.listens(talk.a.hop) or not peers.listens(talk.b.hop):
        fabric.outputs.append(story.record(fabric.epoch, story.status, "proxy", NO_LISTENER))
        return NO_LISTENER
    back = story.flags & snapshot.BACK != 0
    trunk, found = peers.platform(story.trunk, back), peers.face(talk.gateway)
    refused = NO_PLATFORM if trunk is None else NO_CARRIER if found is None else ""
    if trunk is None:
        trunk = PlatformTrunk(story.trunk, (), TrunkFacts(story.trunk), calls_back=back)
    call = Call(fabric, story.number, trunk, talk.a)
    if found is not None:
        call.b_face, call.b_pace = found
    elif talk.b.hop.listener < len(fabric.a_faces):
        call.b_face = fabric.a_faces[talk.b.hop.listener]
    fabric.calls[story.number] = call
    call.note_count = count  # a mark of the predecessor adds to no note of ours
    remember(call, talk)
    fork = call.fork = Fork(call, talk.a, talk.b)
    fork.rseq_shift, fork.reliable = talk.rseq_shift, story.flags & snapshot.RELIABLE != 0
    fabric.dialogs.add(fork)
    count_again(fabric, call, story.flags)
    go_on(fabric, call, talk, fork)
    if refused:
        call.end(503, refused)
    elif call.state < table.ENDING:
        timers.append((talk.longest_due, call, LONGEST))
        if talk.session_due:
            timers.append((talk.session_due, call, SESSION_DUE))
    if fabric.noting and call.state != table.OVER:
        fabric.changed.append(call)
    return refused


def run_timers(fabric: Fabric, wanted: list[tuple[float, Call, int]]) -> None:
    """Timers at given instants (UTC): two queues of them, each in order, however many there are."""
    for kind in (LONGEST, SESSION_DUE):
        rows: list[tuple[float, TimerOwner]] = []
        calls: list[Call] = []
        for due, call, which in sorted(wanted, key=_due):
            if which == kind and call.fork is not None:
                rows.append((fabric.now + max(due - fabric.epoch, 0.0), call))
                calls.append(call)
        for call, timer in zip(calls, fabric.timers.arm_at(rows, kind), strict=True):
            keep_timer(call, timer, kind)


def keep_timer(call: Call, timer: Timer, kind: int) -> None:
    """Where the call finds it."""
    if kind == LONGEST:
        call.timer = timer
    else:
        call.session_timer = timer


def _due(row: tuple[float, Call, int]) -> float:
    return row[0]
