"""The transactions of a simulated peer, by the rules of RFC 3261 17, and whoever they belong to.

Timers A, B, E, F, G and H run as the RFC says; what lingers (D, I, J, K, M) stays until the end of the run, since a
run is short. A 2xx of an INVITE is repeated by the call that gave it, not by its transaction (13.3.1.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from tests.simulation.messages import Sip, request, response

if TYPE_CHECKING:
    from tests.simulation.peer import Peer

T1: Final = 0.5
T2: Final = 4.0
LONG: Final = 64 * T1
NEARLY: Final = LONG - 1e-6


class Party:
    """One end of a call. Once `gone` it hears and says nothing any more."""

    gone = False

    def answered(self, client: Client, answer: Sip) -> None:
        """A response; a final one of an INVITE each time that it comes."""

    def unanswered(self, client: Client) -> None:
        """Nothing came in 64*T1."""

    def asked(self, server: Server) -> None:
        """A new request inside of the call."""

    def acknowledged(self, ack: Sip) -> None:
        """The ACK of a 2xx."""

    def cancelled(self, invite: Server) -> None:
        """The INVITE was cancelled; the CANCEL is answered already."""


@final
class Client:
    """A request of ours. `state` is 0 before the first answer, 1 after a provisional, 2 after a final, 3 given up."""

    __slots__ = ("ack", "asker", "branch", "cancelled", "cseq", "data", "interval", "method", "peer", "since", "state",
                 "status")  # fmt: skip

    def __init__(self, peer: Peer, method: bytes, branch: bytes, cseq: int, data: bytes, asker: Party | None) -> None:
        self.peer: Final = peer
        self.method: Final = method
        self.branch: Final = branch
        self.cseq: Final = cseq
        self.data: Final = data
        self.asker: Final = asker
        self.state = 0
        self.status = 0
        self.interval = LONG if peer.stream else T1  # over a stream only the end of patience is waited for
        self.since = peer.loop.now
        self.ack = b""
        self.cancelled = False
        peer.clients[branch + method] = self
        peer.send(data)
        peer.loop.after(self.interval, self._again)

    def _again(self, _: object) -> None:
        if self.state > 1 or (self.state == 1 and self.method == b"INVITE") or (self.asker and self.asker.gone):
            return
        now = self.peer.loop.now
        if now - self.since >= NEARLY:
            self.state = 3
            if self.asker is not None:
                self.asker.unanswered(self)
            return
        self.peer.send(self.data)
        doubled = self.interval * 2
        self.interval = doubled if self.method == b"INVITE" else T2 if self.state else min(doubled, T2)
        self.peer.loop.at(min(now + self.interval, self.since + LONG), self._again)

    def answer(self, message: Sip) -> None:
        """A response came."""
        before = self.state
        if message.status >= 200:
            self.state = 2
            self.status = self.status or message.status
            if message.status >= 300 and self.method == b"INVITE":
                self._acknowledge(message)
        elif before == 0:
            self.state = 1
        if self.asker is None or (before > 1 and (self.method != b"INVITE" or message.status >= 300 or before == 3)):
            return
        self.asker.answered(self, message)

    def _acknowledge(self, message: Sip) -> None:
        """The ACK of a failure: the branch of its INVITE (17.1.1.3)."""
        peer = self.peer
        if not self.ack:
            uri = self.data.split(b" ", 2)[1]
            ends = (message.sender, message.to, message.call_id, message.cseq)
            self.ack = request(b"ACK", uri, peer.sent_by + self.branch, ends)
        peer.send(self.ack)

    def cancel(self) -> None:
        """Send the CANCEL of this INVITE; give up when no final follows in 64*T1 (9.1)."""
        if self.cancelled:
            return
        self.cancelled = True
        invite = Sip(self.data)
        ends = (invite.sender, invite.to, invite.call_id, invite.cseq)
        data = request(b"CANCEL", invite.uri, self.peer.sent_by + self.branch, ends)
        Client(self.peer, b"CANCEL", self.branch, invite.cseq, data, None)
        self.peer.loop.after(LONG, self._given_up)

    def _given_up(self, _: object) -> None:
        if self.state < 2:
            self.state = 3
            if self.asker is not None:
                self.asker.unanswered(self)


@final
class Server:
    """A request that we got. `status` is the last answer's; `call` is whoever answers it."""

    __slots__ = ("acked", "call", "interval", "last", "message", "peer", "since", "status")

    def __init__(self, peer: Peer, message: Sip) -> None:
        self.peer: Final = peer
        self.message: Final = message
        self.call: Party | None = None
        self.status = 0
        self.last = b""
        self.acked = False
        self.interval = T1
        self.since = 0.0

    def reply(self, status: int, to_tag: bytes = b"", extra: bytes = b"", body: bytes = b"") -> bytes:
        """Send an answer; a failure of an INVITE is repeated until its ACK."""
        first = self.status < 200
        self.status = status
        self.last = response(self.message, status, to_tag, extra, body)
        self.peer.send(self.last)
        if status >= 300 and first and self.message.method == b"INVITE" and not self.peer.stream:
            self.since, self.interval = self.peer.loop.now, T1
            self.peer.loop.after(T1, self._again)
        return self.last

    def _again(self, _: object) -> None:
        now = self.peer.loop.now
        if self.acked or (self.call and self.call.gone) or now - self.since >= NEARLY:
            return
        self.peer.send(self.last)
        self.interval = min(self.interval * 2, T2)
        self.peer.loop.after(self.interval, self._again)
