"""One request that crosses from leg to leg, with its answers, and for an INVITE its 2xx and ACK.

An `Exchange` joins the server transaction on the asking leg to the client transaction on the other. The first INVITE
of a call is one too; its answers go to the call's coupling table. The 2xx of an INVITE is repeated towards the asker
until its ACK comes (RFC 3261 13.3.1.4); a 2xx that the other side repeats is answered with the stored ACK.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua import events
from proxy.b2bua.crossing import WITH_CONTACT, a_rseq, crossed_rack, in_dialog
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.legs import Couple, Fork
from proxy.b2bua.rewrite import ALLOW_LINE, cleaned, edits_for
from proxy.b2bua.scrub import scrub_body
from proxy.sip.build import request
from proxy.sip.message import Message
from proxy.sip.timers import Timer, TimerOwner
from proxy.sip.transaction import ClientTransaction, ServerTransaction

# timers of an exchange
REPEAT_OK: Final = 0
NO_ACK: Final = 1


@final
class Exchange(TimerOwner):
    """One crossing request. `from_a` says which leg asked; `fork` is the dialog pair it runs in."""

    __slots__ = (
        "fabric", "couple", "fork", "from_a", "set_up", "server", "client", "method", "cseq_in", "cseq_out", "offered",
        "ok", "ack", "interval", "repeat", "expiry", "cancelled",
    )  # fmt: skip

    def __init__(
        self, fabric: Fabric, couple: Couple, from_a: bool, server: ServerTransaction, message: Message, set_up: bool
    ) -> None:
        self.fabric: Final = fabric
        self.couple: Final = couple
        self.fork: Fork | None = None
        self.from_a: Final = from_a
        self.set_up: Final = set_up
        self.server: Final = server
        self.client: ClientTransaction | None = None
        self.method: Final = server.method
        self.cseq_in: Final = message.cseq
        self.cseq_out = 0
        self.offered: Final = bool(message.body)
        self.ok = b""
        self.ack = b""
        self.interval = 0.0
        self.repeat: Timer | None = None
        self.expiry: Timer | None = None
        self.cancelled = False
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
        self.client = fabric.ask(leg, pace, key, self.method, data, dialog.host, dialog.port, self)

    def _rack(self, message: Message) -> bytes:
        """The RAck of a PRACK as the other leg numbers it, empty when there is none."""
        invite = self.couple.invite
        value = message.first(b"rack")
        if not value or not isinstance(invite, Exchange):
            return value
        shift = self.fork.rseq_shift if invite.set_up and self.fork is not None else 0
        return crossed_rack(value, shift, invite.cseq_out)

    # -- its answers ---------------------------------------------------------

    def response(self, message: Message) -> None:
        """The other leg answered."""
        if self.set_up:
            self.couple.set_up_response(self, message)
        elif message.status == 100:
            if self.cancelled:
                self.send_cancel()
        elif self.method == "INVITE" and 200 <= message.status < 300:
            self._answered(message)
        else:
            if message.status >= 300 and self.couple.invite is self:
                self.couple.invite = None
            self.pass_on(message, self.fork)
            if self.cancelled and message.status < 200:
                self.send_cancel()

    def _answered(self, message: Message) -> None:
        if self.ok:
            self.acknowledge_again()
            return
        if self.fork is not None:
            (self.fork.b if self.from_a else self.fork.a).refresh_target(message)
        self.answer(message, self.fork)

    def answer(self, message: Message, fork: Fork | None) -> None:
        """Pass a 2xx of an INVITE on; it is repeated until the ACK comes (RFC 3261 13.3.1.4)."""
        self.ok = self.pass_on(message, fork)
        pace = self.server.pace
        self.interval = pace.t1
        self.repeat = self.fabric.timers.arm(self.fabric.now, pace.t1, self, REPEAT_OK)
        self.expiry = self.fabric.timers.arm(self.fabric.now, pace.long, self, NO_ACK)
        if self.offered:
            self.acknowledge(None)

    def pass_on(self, message: Message, fork: Fork | None) -> bytes:
        """Send the answer `message` of one leg to the asker on the other; returns the datagram."""
        lines, body = self._answer_lines(message, fork)
        to = b""
        if fork is not None and self.set_up:
            to = fork.a.local
        return self.fabric.reply(self.server, message.status, lines, body, to)

    def _answer_lines(self, message: Message, fork: Fork | None) -> tuple[list[bytes], bytes]:
        couple = self.couple
        face = couple.a_face if self.from_a else couple.b_face
        edits = edits_for(couple.b_face, message, couple.untouched, self.from_a)
        if message.status < 300 and message.method in WITH_CONTACT:
            if self.server.routes:
                edits.line(self.server.routes)
            edits.line(face.contact)
        elif message.status == 405:
            edits.set(b"allow", b"")
            edits.line(ALLOW_LINE)
        if face.agent:
            edits.line(b"Server: " + face.agent)
        if fork is not None and self.set_up and message.has(b"rseq"):
            edits.set(b"rseq", a_rseq(fork, message.first(b"rseq")))
        if self.from_a:
            return edits.lines(message), message.body
        lines, body, found = cleaned(edits, message, couple.secrets)
        self.fabric.counters.identity_scrubbed += found
        return lines, body

    def silent(self) -> None:
        """The other leg never answered: 408, or nothing for what is no INVITE (RFC 4320 4.2)."""
        if self.set_up:
            self.couple.handle(events.SILENCE, None)
            return
        if self.couple.invite is self:
            self.couple.invite = None
        if self.method == "INVITE":
            self.fabric.reply(self.server, 408, [], b"")
        else:
            self.fabric.forget_server(self.server)

    # -- CANCEL --------------------------------------------------------------

    def cancel(self) -> None:
        """The asker cancelled this INVITE; the CANCEL waits for a first provisional (RFC 3261 9.1)."""
        if self.cancelled:
            return
        self.cancelled = True
        client = self.client
        if client is not None and client.state == 1:
            self.send_cancel()

    def send_cancel(self) -> None:
        """Send the CANCEL now, once."""
        client = self.client
        if client is None or client.state > 1 or client.key + b"C" in self.fabric.clients:
            return
        data = client.cancel_request()
        self.fabric.ask(client.leg, client.pace, client.key + b"C", "CANCEL", data, client.host, client.port, None)

    # -- ACK -----------------------------------------------------------------

    def acked(self, message: Message) -> None:
        """The asker's ACK for the 2xx arrived: stop repeating, send ours if it is still owed."""
        self.settle()
        if not self.ack:
            self.acknowledge(message)
        if self.couple.invite is self:
            self.couple.invite = None
        if self.set_up:
            self.couple.handle(events.ACKED, message)

    def settle(self) -> None:
        """Stop repeating the 2xx."""
        self.ok = b"-"
        if self.repeat is not None:
            self.repeat.cancel()
            self.repeat = None
        if self.expiry is not None:
            self.expiry.cancel()
            self.expiry = None

    def acknowledge(self, message: Message | None) -> None:
        """Send the ACK of a 2xx to the leg that answered, with the asker's body if it brought one (late offer)."""
        if self.fork is not None and not self.ack:
            self.ack = self._send_ack(self.fork, message)

    def acknowledge_fork(self, fork: Fork) -> None:
        """Send the ACK of a 2xx that nobody wants, inside the other early dialog that it made."""
        self._send_ack(fork, None)

    def _send_ack(self, fork: Fork, message: Message | None) -> bytes:
        dialog = fork.b if self.from_a else fork.a
        couple = self.couple
        face = couple.b_face if self.from_a else couple.a_face
        lines = [face.via + self.fabric.ids.branch(), b"Max-Forwards: 70", *dialog.lines(self.cseq_out, b"ACK")]
        body = b""
        if message is not None and message.body:
            body = message.body
            kind = message.first(b"content-type")
            lines.append(b"Content-Type: " + kind)
            if self.from_a and not couple.untouched:
                body = scrub_body(body, kind, couple.secrets)
        data = request(dialog.start_line(b"ACK"), lines, body)
        self.fabric.send_ack("b" if self.from_a else "a", data, dialog.host, dialog.port)
        return data

    def acknowledge_again(self) -> None:
        """The 2xx came again: so did our ACK get lost."""
        fork = self.fork
        if fork is not None and self.ack:
            dialog = fork.b if self.from_a else fork.a
            self.fabric.wire.send_again("b" if self.from_a else "a", self.ack, dialog.host, dialog.port)

    def fire(self, kind: int, now: float) -> None:
        """A timer of the 2xx is due."""
        server = self.server
        if kind == REPEAT_OK:
            self.fabric.wire.send_again(server.leg, self.ok, server.host, server.port)
            self.interval = min(self.interval * 2, server.pace.t2)
            self.repeat = self.fabric.timers.arm(now, self.interval, self, REPEAT_OK)
            return
        self.settle()
        if self.couple.invite is self:
            self.couple.invite = None
        self.couple.handle(events.UNACKED, None)
