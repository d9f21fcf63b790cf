"""One end of one call: its dialog, what it asks and answers inside it, and how it ends.

`Caller` and `Callee` add how a call begins. Whatever a leg does is by RFC 3261 unless its script is rude.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.simulation.messages import Sip, request
from tests.simulation.peer import Peer
from tests.simulation.script import Script
from tests.simulation.transactions import LONG, NEARLY, T1, T2, Client, Party, Server

SETTING_UP: Final = 0
UP: Final = 1
OVER: Final = 2
PATIENCE: Final = 40.0  # s after which the side that should not hang up does it all the same


class Leg(Party):
    """The dialog as one end sees it. `local` and `remote` are the From and To values of what it asks."""

    def __init__(self, peer: Peer, script: Script, call_id: bytes, side: str) -> None:
        self.peer: Final = peer
        self.script: Final = script
        self.side: Final = side
        self.call_id: Final = call_id
        self.local = b""
        self.remote = b""
        self.target = b"sip:10.0.0.1:5060"
        self.cseq = 0
        self.seen = -1
        self.state = SETTING_UP
        self.ended = ""
        self.inviting: Client | None = None
        self.invited: Server | None = None
        self.late = False
        self.acks: Final[dict[int, bytes]] = {}
        self.oks: Final[dict[int, Server]] = {}

    def note(self, what: str) -> None:
        """Count what was done."""
        self.script.seen[what] += 1

    def sdp(self) -> bytes:
        """The session of this end; its id is the call's number."""
        return b"v=0\r\no=%b %d 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n" % (
            self.side.encode(), self.script.number,
        )  # fmt: skip

    # -- asking ----------------------------------------------------------------

    def ends(self, cseq: int) -> tuple[bytes, bytes, bytes, int]:
        """From, To, Call-ID and CSeq of a request."""
        return self.local, self.remote, self.call_id, cseq

    def ask(self, method: bytes, extra: bytes = b"", body: bytes = b"", cseq: int = 0) -> Client:
        """A request inside the dialog; with `cseq` one that reuses a number."""
        if not cseq:
            self.cseq += 1
            cseq = self.cseq
        if method in (b"INVITE", b"UPDATE"):
            extra += b"Contact: <" + self.peer.contact + b">\r\n"
        branch = self.peer.branch()
        extra += self.script.dress if self.side == "a" else b""
        data = request(method, self.target, self.peer.sent_by + branch, self.ends(cseq), extra, body)
        return Client(self.peer, method, branch, cseq, data, self)

    def reinvite(self, late: bool) -> None:
        """Change the session, with the offer in the INVITE or in its ACK."""
        if self.inviting is None and self.invited is None and self.state == UP:
            self.late = late
            self.inviting = self.ask(b"INVITE", b"", b"" if late else self.sdp())

    def _reinvite_again(self, late: bool) -> None:
        if not self.gone:
            self.reinvite(late)

    def bye(self, why: str) -> None:
        """Hang up."""
        if self.state != OVER and not self.gone:
            self.state, self.ended = OVER, why
            self.ask(b"BYE", b'Reason: Q.850;cause=16;text="done"\r\n')

    def hang_up(self, _: object) -> None:
        """The script's end of the call, or the patience of the other side."""
        if self.state == UP:
            self.note(f"{self.side} hangs up")
            self.bye("hung up")

    def vanish(self) -> None:
        """From now on this end is silent for ever."""
        self.gone = True

    # -- answers ---------------------------------------------------------------

    def answered(self, client: Client, answer: Sip) -> None:
        """An answer to what was asked inside the dialog."""
        if answer.status < 200:
            return
        if client.method == b"INVITE":
            if self.inviting is client:
                self.inviting = None
            if answer.status < 300:
                self.acknowledge(answer)
                return
            if answer.status == 491 and self.state == UP:
                self.note("glare")
                wait = 2.1 + self.peer.rng.random() * 1.9 if self.side == "a" else self.peer.rng.random() * 2
                self.peer.loop.after(wait, self._reinvite_again, self.late)
        if answer.status in (408, 481) and client.method != b"BYE":
            self.bye(f"{answer.status} inside the call")

    def unanswered(self, client: Client) -> None:
        """Nothing came: the dialog is as good as over (12.2.1.2)."""
        if self.inviting is client:
            self.inviting = None
        if client.method != b"BYE":
            self.bye("no answer inside the call")

    def acknowledge(self, answer: Sip) -> None:
        """The ACK of a 2xx, the same one each time that the 2xx comes."""
        data = self.acks.get(answer.cseq)
        if data is None:
            body = self.sdp() if self.late else b""
            self.target = answer.contact() or self.target
            ends = self.local, answer.to, self.call_id, answer.cseq
            data = request(b"ACK", self.target, self.peer.sent_by + self.peer.branch(), ends, b"", body)
            self.acks[answer.cseq] = data
        self.peer.send(data)

    # -- being asked -----------------------------------------------------------

    def asked(self, server: Server) -> None:
        """A request inside the dialog."""
        message = server.message
        if message.cseq <= self.seen and message.method != b"BYE":
            server.reply(500)
            return
        self.seen = max(self.seen, message.cseq)
        if message.method == b"BYE":
            self._take_bye(server)
        elif self.state == OVER:
            server.reply(481)
        elif message.method == b"INVITE":
            self._take_invite(server)
        else:
            chance = self.peer.rng.random()
            if chance > 0.02:
                server.reply(200 if chance > 0.1 else 488)

    def _take_bye(self, server: Server) -> None:
        server.reply(200)
        if self.state != OVER:
            self.state, self.ended = OVER, "the other hung up"
        elif self.ended == "hung up":
            self.note("both hang up at once")
        if self.invited is not None and self.invited.status < 200:
            self.invited.reply(487)

    def _take_invite(self, server: Server) -> None:
        if self.inviting is not None and self.inviting.state < 2:
            server.reply(491)
            return
        if self.invited is not None:
            server.reply(500, b"", b"Retry-After: 2\r\n")
            return
        self.invited = server
        chance = self.peer.rng.random()
        if chance < 0.05:
            return
        if chance < 0.15:
            self.invited = None
            server.reply(488)
        elif chance < 0.3:
            server.reply(180, b"", b"Contact: <" + self.peer.contact + b">\r\n")
            self.peer.loop.after(1.0 + self.peer.rng.random() * 3, self._accept_late, server)
        else:
            self.accept(server)

    def _accept_late(self, server: Server) -> None:
        if server.status < 200 and not self.gone:
            self.accept(server)

    def cancelled(self, invite: Server) -> None:
        """A re-INVITE was cancelled."""
        self.invited = None
        invite.reply(487)

    def accept(self, server: Server, to_tag: bytes = b"") -> None:
        """A 2xx, repeated until its ACK."""
        server.reply(200, to_tag, b"Contact: <" + self.peer.contact + b">\r\n", self.sdp())
        server.since, server.interval = self.peer.loop.now, T1
        self.oks[server.message.cseq] = server
        self.peer.loop.after(T1, self._accept_again, server)

    def _accept_again(self, server: Server) -> None:
        now = self.peer.loop.now
        if server.acked or self.gone:
            return
        if now - server.since >= NEARLY:
            self.unacknowledged(server)
            return
        self.peer.send(server.last)
        server.interval = min(server.interval * 2, T2)
        self.peer.loop.at(min(now + server.interval, server.since + LONG), self._accept_again, server)

    def unacknowledged(self, server: Server) -> None:
        """No ACK in 64*T1 (13.3.1.4)."""
        server.acked = True
        if self.invited is server:
            self.invited = None
        self.note("2xx never acknowledged")
        self.bye("no ack")

    def acknowledged(self, ack: Sip) -> None:
        """The ACK of a 2xx."""
        server = self.oks.get(ack.cseq)
        if server is not None:
            server.acked = True
            if self.invited is server:
                self.invited = None

    # -- the script --------------------------------------------------------------

    def began(self) -> None:
        """The call is up on this side: its acts, and its end."""
        loop, script = self.peer.loop, self.script
        self.state = UP
        for delay, side, act in script.acts:
            if side == self.side:
                loop.after(delay, self._act, act)
        loop.after(script.talk if self.side in script.enders else script.talk + PATIENCE, self.hang_up)

    def _act(self, act: Callable[[Leg], None]) -> None:
        if self.state == UP and not self.gone:
            act(self)
