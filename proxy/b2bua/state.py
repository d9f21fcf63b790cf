"""What a call remembers, from its INVITE to its last answer. Data and its smallest changes; `call.py` decides."""

from __future__ import annotations

from typing import Final

from proxy.b2bua.back_leg import BackLeg
from proxy.b2bua.capacity import Meter
from proxy.b2bua.exchange import Exchange
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.gateways import Gateway, Pool
from proxy.b2bua.legs import Asker, Couple, Fork
from proxy.b2bua.outputs import Release
from proxy.b2bua.trunks import PlatformTrunk
from proxy.policy.call_back import OUTCOMES
from proxy.policy.decision import Decision
from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import Inquiry
from proxy.sip.address import Address
from proxy.sip.dialog import Dialog
from proxy.sip.message import Message
from proxy.sip.timers import Timer

# timers of a call
ANSWER_DUE: Final = 0
LONGEST: Final = 1
STATE_DUE: Final = 2
CANCEL_DUE: Final = 3
PROGRESS_DUE: Final = 4
SESSION_DUE: Final = 5

# what a final answer of ours says beyond its status (RFC 3326)
FINAL_LINES: Final[dict[str, tuple[bytes, ...]]] = {
    "no answer": (b'Reason: Q.850;cause=19;text="no answer"',),
    "no progress": (b'Reason: Q.850;cause=18;text="no progress"',),
    **{rule: (b'Reason: Q.850;cause=%d;text="%b"' % (row[2], rule.encode("ascii")),) for rule, row in OUTCOMES.items()},
}
NO_LINES: Final[list[bytes]] = []
NOBODY_SHOWN: Final[list[tuple[str, Address]]] = []
NO_CARRIER: Final = "none"  # in records and metrics, for a call that no gateway was left for

MOST_FORKS: Final = 16  # early dialogs of one call; a carrier that opens more is not heard in them


def beyond(epoch: float) -> int:
    """A CSeq above all that a process before this one used in a dialog of which it left no note (RFC 3261 12.2.1.1)."""
    return int(epoch) - 1_577_836_800  # seconds since 2020: far below 2**31


class CallState(Couple):
    """The data of one call. The A leg faces the platform, the B leg the carrier."""

    def __init__(self, fabric: Fabric, number: int, trunk: PlatformTrunk, a: Dialog) -> None:
        super().__init__(fabric.a_faces[a.hop.listener], fabric.a_pace)
        self.fabric: Final = fabric
        self.number: Final = number
        self.trunk: Final = trunk
        self.way = trunk.way
        self.back: BackLeg | None = None  # of a call to one of our numbers
        self.gateway: Gateway | None = None
        self.tried: list[Gateway] | None = None  # while the call may still go elsewhere
        self.redirected: list[Gateway] | None = None  # places that a 3xx named, the last one is the next to ask
        self.stays_small = False  # TCP was tried for a large INVITE, and is not there
        self.carrier = NO_CARRIER
        self.b_hop = a.hop
        self.a: Final = a
        self.state = 0
        self.hops = 70
        self.set_up: Exchange | None = None
        self.parked: Message | None = None
        self.shown: list[tuple[str, Address]] = NOBODY_SHOWN
        self.facts: CallFacts | None = None
        self.decision: Decision | None = None
        self.decision_id = ""
        self.method = "INVITE"
        self.inquiry: Inquiry | None = None  # what was asked, while the attempt that it counted can be taken back
        self.asked_at = 0.0
        self.dialled_at = 0.0  # when the first INVITE left, on the scale of timers
        self.metered = False
        self.room: Meter | None = None  # of the carrier that has the call, if it has limits
        self.b_call_id = b""
        self.b_tag = b""
        self.b_from = b""
        self.timer: Timer | None = None
        self.session = 0.0  # the interval that both ends agreed on (RFC 4028); 0: none
        self.session_timer: Timer | None = None
        self.refreshes: list[Asker] | None = None  # our own questions to both legs
        self.a_updates = False
        self.b_updates = False
        self.open_byes = 0
        self.bye_owed = False
        self.last_reasons: list[bytes] = NO_LINES  # of the BYE that is owed
        self.started = fabric.epoch
        self.ringing_at = 0.0
        self.answered_at = 0.0
        self.status = 0
        self.ended_by = "proxy"
        self.reason = ""
        self.customer = ""
        self.campaign = ""
        self.purpose = ""
        self.mode = ""
        self.transfer: Asker | None = None  # the last REFER
        self.called = ""
        self.taken_up = False  # of a process before this one

    def seed(self) -> bytes:
        """Our own tag towards the platform."""
        return self.a.local_tag

    def learned(self) -> None:
        """A new name of an end in its Session-ID: what was noted of the call says the old one."""
        if self.answered_at:
            self.fabric.note(self)

    def enter_room(self, pool: Pool | None) -> bool:
        """Count the call at the carrier that gets it, if that one has limits; False when another worker took the last
        place meanwhile."""
        if pool is None or pool.meter is None:
            return True
        self.room = pool.meter
        return self.room.take(self.fabric.now)

    def leave_room(self) -> None:
        """Give back the place at a carrier."""
        if self.room is not None:
            self.room.leave()
            self.room = None

    def stop_timer(self) -> None:
        """Cancel the one timer that the call's state runs, and that of its session."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.session_timer is not None:
            self.session_timer.cancel()
            self.session_timer = None
        if self.refreshes is not None:
            for refresh in self.refreshes:
                refresh.stop()
        if self.transfer is not None:
            self.transfer.stop()

    def start_timer(self, seconds: float, kind: int) -> None:
        """Run the timer of the call's state instead of the one before."""
        self.stop_timer()
        self.timer = self.fabric.timers.arm(self.fabric.now, seconds, self, kind)

    def answer_left(self) -> float:
        """Seconds that are left of the answer timeout, which runs from the first INVITE."""
        return max(self.fabric.topology.limits.answer_timeout - (self.fabric.now - self.dialled_at), 0.0)

    def fork_of(self, message: Message) -> Fork | None:
        """The dialog of a carrier's response; a new To tag makes a new one (RFC 3261 13.2.2.4).

        A 2xx without a tag makes one too, a provisional does not (RFC 3261 12.1.2), nor when there are `MOST_FORKS`.
        """
        tag = message.to_tag
        if not tag and message.status < 200:
            return None
        if self.fork is not None and self.fork.b.remote_tag == tag:
            return self.fork
        if self.forks is not None:
            for known in self.forks:
                if known.b.remote_tag == tag:
                    return known
        if message.status < 200 and self.forks is not None and len(self.forks) >= MOST_FORKS - 1:
            return None
        b = self._b_dialog(message)
        fork = self.fork = Fork(self, self.a, b) if self.fork is None else self._second_fork(b)
        self.fabric.dialogs.add(fork)
        return fork

    def _b_dialog(self, message: Message) -> Dialog:
        """Our half of the dialog that this response of the carrier makes."""
        b = Dialog(self.b_call_id, self.b_from, self.b_tag, message.to_value, message.to_tag, self.b_hop)
        b.local_cseq = self.set_up.cseq_out if self.set_up is not None else 1
        b.target = self.b_face.target
        b.take_answer(message, True)
        return b

    def stray_of(self, message: Message) -> Fork:
        """The dialog of a 2xx that nobody waits for: it is taken only to be hung up, so no request finds it."""
        for known in self.forks or ():
            if known.b.remote_tag == message.to_tag:
                return known
        stray = Fork(self, self.a, self._b_dialog(message))
        if self.taken_up:
            stray.b.local_cseq = beyond(self.fabric.epoch)
        self.forks = [*(self.forks or ()), stray]
        return stray

    def _second_fork(self, b: Dialog) -> Fork:
        """Another early dialog: towards the platform it gets a tag of its own; it becomes the current one."""
        a, tag = self.a, self.fabric.ids.tag()
        local = a.local[: a.local.rfind(b";tag=")] + b";tag=" + tag
        twin = Dialog(a.call_id, local, tag, a.remote, a.remote_tag, a.hop)
        twin.target, twin.routes, twin.remote_cseq = a.target, a.routes, a.remote_cseq
        if self.forks is None:
            self.forks = []
        if self.fork is not None:
            self.forks.append(self.fork)
        return Fork(self, twin, b)

    def take_back(self) -> None:
        """The person was not reached: an attempt that was counted for this call counts no more."""
        if self.inquiry is not None and not self.ringing_at and not self.answered_at:
            self.fabric.outputs.append(Release(self.inquiry))
        self.inquiry = None

    def keep_only(self, fork: Fork) -> None:
        """One early dialog was answered: the others are unknown from now on."""
        if self.forks is None and self.fork is fork:
            return
        others = [other for other in (self.fork, *(self.forks or ())) if other is not None and other is not fork]
        for other in others:
            self.fabric.dialogs.remove(other)
        self.fork, self.forks = fork, others or None

    def final(self, status: int, ended_by: str, reason: str, retry_after: int = 0) -> None:
        """Answer the platform's INVITE ourselves."""
        self.status, self.ended_by, self.reason = status, ended_by, reason
        if self.set_up is not None:
            lines = [b"Server: " + self.a_face.agent] if self.a_face.agent else []
            lines.extend(FINAL_LINES.get(reason, ()))
            lines += self.session_line(True)
            if retry_after:
                lines.append(b"Retry-After: %d" % retry_after)
            self.fabric.reply(self.set_up.server, status, lines, b"")
