"""One request that crosses from leg to leg, with its answers, and for an INVITE its 2xx and ACK.

An `Exchange` joins the server transaction on the asking leg to the client transaction on the other. The first INVITE
of a call is one too; its answers go to the call's coupling table. What becomes of a 2xx and its ACK stands in
`acknowledging.py`.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua import events
from proxy.b2bua.acknowledging import NO_ACK, NO_FINAL, REPEAT_OK, Acknowledging
from proxy.b2bua.credentials import with_line
from proxy.b2bua.crossing import WITH_CONTACT, answer, crossed_rack, crossing_status, in_dialog, phrase_of, reason_lines
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.legs import Couple, Fork
from proxy.sip.message import Message
from proxy.sip.sdp import nowhere
from proxy.sip.transaction import PROCEEDING, ServerTransaction

SET_UP_CSEQ: Final = 1


@final
class Exchange(Acknowledging):
    """One crossing request."""

    __slots__ = ("set_up", "method", "cseq_in", "offered", "cancelled", "cancel_sent", "why")

    def __init__(
        self, fabric: Fabric, couple: Couple, from_a: bool, server: ServerTransaction, cseq: int, offered: bool,
        set_up: bool,
    ) -> None:  # fmt: skip
        super().__init__(fabric, couple, from_a, server)
        self.set_up: Final = set_up
        self.method: Final = server.method
        self.cseq_in: Final = cseq
        self.offered: Final = offered
        self.cancelled = False
        self.cancel_sent = False
        self.why = b""  # Reason lines of the CANCEL
        server.owner = self

    # -- the request goes on -------------------------------------------------

    def relay(self, fork: Fork, message: Message, hops: int) -> None:
        """Send the in-dialog request `message` on, inside the other leg's dialog."""
        self.fork = fork
        dialog = fork.b if self.from_a else fork.a
        self.cseq_out = dialog.next_cseq()
        fabric, couple = self.fabric, self.couple
        key = fabric.ids.branch()
        rebuilt = (self.cseq_out, key, hops)
        data, found = in_dialog(couple, dialog, self.from_a, message, rebuilt, self._rack(message))
        fabric.counters.identity_scrubbed += found
        pace = couple.b_pace if self.from_a else couple.a_pace
        leg = "b" if self.from_a else "a"
        if self.method == "INVITE":
            couple.invite = self
            self.wait_for_final(fabric.topology.limits.answer_timeout)
        self.client = fabric.ask(leg, pace, key, self.method, data, dialog.hop, self)

    def _rack(self, message: Message) -> bytes:
        """The RAck of a PRACK as the other leg numbers it, empty when there is none."""
        value, invite, fork = message.first(b"rack"), self.couple.invite, self.fork
        if isinstance(invite, Exchange):
            shift = fork.rseq_shift if fork is not None and invite.set_up else 0
            return crossed_rack(value, shift, invite.cseq_out)
        return crossed_rack(value, fork.rseq_shift, SET_UP_CSEQ) if fork is not None else b""

    # -- its answers ---------------------------------------------------------

    def heard(self, message: Message) -> None:
        """The other leg answered."""
        if self.set_up:
            self.couple.set_up_response(self, message)
            return
        status = message.status
        if status < 200:
            if self.cancelled:
                self.send_cancel()
            if status == 100:
                return
        elif status < 300 and self.fork is not None and message.method in WITH_CONTACT:
            (self.fork.b if self.from_a else self.fork.a).take_answer(message, False)
            self.couple.refreshed(message)
        if self.method == "INVITE" and status >= 200:
            self._final(message)
        elif self.server.status < 200:
            self.pass_on(message, self.fork)

    def _final(self, message: Message) -> None:
        """The final answer of a re-INVITE. One that accepts the offer with media that lead nowhere is a failure to the asker."""
        if message.status >= 300:
            self.finish()
            if self.server.status < 200:
                self.pass_on(message, self.fork)
        elif self.ack:
            self.acknowledge_again()
        elif self.server.status >= 300:  # we answered before: nobody waits for it
            self.finish()
            self.acknowledge(None)
        elif not self.ok and self.offered and nowhere(message):
            self.finish()
            self.acknowledge(None)
            self.fabric.reply(self.server, 502, self.couple.session_line(self.from_a), b"")
        elif not self.ok:
            self.answer(message, self.fork)

    def answer(self, message: Message, fork: Fork | None) -> None:
        """Pass a 2xx of an INVITE on; it is repeated until the ACK comes (RFC 3261 13.3.1.4)."""
        self.settle()
        self.ok = self.pass_on(message, fork)
        self.repeat_until_acked()
        if self.offered:
            self.acknowledge(None)

    def pass_on(self, message: Message, fork: Fork | None) -> bytes:
        """Send the answer `message` of one leg to the asker on the other; returns the datagram."""
        fabric, server = self.fabric, self.server
        made = fork if self.set_up else None
        lines, body, found = answer(self.couple, self.from_a, message, server.routes, made)
        fabric.counters.identity_scrubbed += found
        to = made.a.local if made is not None else b""
        return fabric.reply(server, crossing_status(message.status), lines, body, to, phrase_of(message))

    def unheard(self, status: int) -> None:
        """The other leg never answers: 408, but nothing for what is no INVITE (RFC 4320 4.2); 503 if it was not reached."""
        if self.set_up:
            self.couple.set_up_unheard(self, status)
        elif self.method != "INVITE" and status == 408:
            self.server.give_up(self.fabric.now)
        else:
            self.finish()
            if self.server.status < 200:
                self.fabric.reply(self.server, status, self.couple.session_line(self.from_a), b"")

    def finish(self) -> None:
        """Neither an answer nor an ACK is waited for any more, and another INVITE may come."""
        self.settle()
        if self.couple.invite is self:
            self.couple.invite = None
            if not self.set_up:
                self.fabric.note(self.couple)  # which said that it is under way

    def release(self, status: int) -> None:
        """Answer a pending re-INVITE with `status`: its call ends, or the other leg takes too long."""
        self.finish()
        if self.ok:
            self.acknowledge(None)
            return
        self.fabric.reply(self.server, status, self.couple.session_line(self.from_a), b"")
        self.cancel()
        self.wait_for_final(self.server.pace.long)

    def forget(self) -> None:
        """Wait for nothing any more, whatever the other leg still owes."""
        self.finish()
        client = self.client
        if client is not None and client.state <= PROCEEDING and not client.give_up(self.fabric.now):
            self.fabric.forget_client(client)

    def wait_for_final(self, seconds: float) -> None:
        """The other leg has so long to answer."""
        self.settle()
        self.expiry = self.fabric.timers.arm(self.fabric.now, seconds, self, NO_FINAL)

    # -- CANCEL --------------------------------------------------------------

    def reasons(self, message: Message) -> None:
        """The CANCEL, or the BYE that stands for it, says why (RFC 3326)."""
        if message.has(b"reason"):
            lines, found = reason_lines(self.couple, message, not self.from_a)
            self.fabric.counters.identity_scrubbed += found
            self.why = b"\r\n".join(lines)

    def cancel(self) -> None:
        """The asker cancelled this INVITE; the CANCEL waits for a first provisional (RFC 3261 9.1)."""
        self.cancelled = True
        self.send_cancel()

    def send_cancel(self) -> bool:
        """Send the CANCEL if a provisional has come, no final yet, and it was not sent before; was it sent?"""
        client = self.client
        if client is None or client.state != PROCEEDING or self.cancel_sent:
            return False
        self.cancel_sent = True
        if not self.set_up:
            self.wait_for_final(client.pace.long)
        data = with_line(client.cancel_request(), self.why)
        self.fabric.ask(client.leg, client.pace, client.key + b"C", "CANCEL", data, client.hop, None)
        return True

    def acked(self, message: Message) -> None:
        """The asker's ACK for the 2xx arrived."""
        self.finish()
        self.acknowledge(message)
        self.ok = b""  # nobody waits for it any more
        if self.set_up:
            self.couple.handle(events.ACKED, message)

    def fire(self, kind: int, now: float) -> None:
        """A timer of the 2xx is due."""
        server = self.server
        if kind == REPEAT_OK:
            self.repeat_ok(now)
        elif kind == NO_ACK:
            self.finish()
            self.acknowledge(None)
            self.couple.handle(events.UNACKED, None)
        elif self.cancelled:
            self.forget()
            if server.status < 200:
                self.fabric.reply(server, 487, self.couple.session_line(self.from_a), b"")
        else:
            self.release(408)
