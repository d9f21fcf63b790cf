"""The carrier's end of a call: its provisional answers, its early dialogs, its final answer, or none."""

from __future__ import annotations

from typing import Final, final

from tests.simulation.leg import OVER, SETTING_UP, UP, Leg
from tests.simulation.messages import Sip, response
from tests.simulation.peer import Peer
from tests.simulation.script import Script
from tests.simulation.transactions import LONG, T1, Server


@final
class Reliable:
    """A provisional that is repeated until its PRACK (RFC 3262 3)."""

    __slots__ = ("data", "interval", "number", "since", "sure", "tag")

    def __init__(self, tag: bytes, number: int, data: bytes, now: float) -> None:
        self.tag: Final = tag
        self.number: Final = number
        self.data: Final = data
        self.since: Final = now
        self.interval = T1
        self.sure = False


@final
class Callee(Leg):
    """One call from the side that is called. `answers` are the tags that said 200, with whether each was ended."""

    def __init__(self, peer: Peer, script: Script, server: Server, incarnation: int) -> None:
        super().__init__(peer, script, server.message.call_id, "b")
        self.incarnation: Final = incarnation
        self.first: Final = server
        self.answers: Final[dict[bytes, bool]] = {}
        self.answer_tag = b""
        self._reliable: list[Reliable] = []
        self._oks: Final[dict[bytes, bytes]] = {}
        self._acked: Final[set[bytes]] = set()
        self.rung: Final[dict[bytes, int]] = {}
        self.seen = 1
        server.call = self
        loop = peer.loop
        for step in script.steps:
            loop.after(step[0], self._step, step)

    def tag(self, number: int) -> bytes:
        """The tag of an early dialog."""
        return b"b%d.%d" % (self.script.number, number)

    def _step(self, step: tuple[float, str, int]) -> None:
        _, what, number = step
        if self.gone:
            return
        if what == "answer too":
            if self.answers and self.state != OVER:
                self._answer(number)
        elif what == "late answer":
            self.note("200 long after the call")
            self._answer(number)
        elif what == "contradict":
            self.note("two different final answers")
            self.peer.send(self._plain(number))
        elif self.first.status >= 200:
            return
        elif what == "ring":
            self.first.reply(180, self.tag(number), b"Contact: <%b>\r\n" % self.peer.contact)
        elif what == "trying":
            self.first.reply(100)
        elif what == "media":
            self.note("early media")
            self.first.reply(183, self.tag(number), b"Contact: <%b>\r\n" % self.peer.contact, self.sdp())
        elif what == "reliable":
            self._ring_reliably(number)
        elif what == "answer":
            self._answer(number)
        elif what == "fail":
            self.state, self.ended = OVER, f"said {number}"
            self.first.reply(number, self.tag(0), b'Reason: Q.850;cause=17;text="busy"\r\n')
        elif what == "vanish":
            self.note("callee vanishes before its answer")
            self.vanish()

    def _plain(self, status: int) -> bytes:
        """A second final answer that no transaction gave."""
        data = self.first.message
        return response(data, status, self.tag(0), b"", self.sdp() if status == 200 else b"")

    # -- provisionals ------------------------------------------------------------

    def _ring_reliably(self, number: int) -> None:
        tag = self.tag(number)
        rseq = self.rung[tag] = self.rung.get(tag, 4000) + 1
        extra = b"Contact: <%b>\r\nRequire: 100rel\r\nRSeq: %d\r\n" % (self.peer.contact, rseq)
        data = self.first.reply(183, tag, extra, self.sdp())
        reliable = Reliable(tag, rseq, data, self.peer.loop.now)
        self._reliable.append(reliable)
        self.peer.loop.after(T1, self._ring_again, reliable)

    def _ring_again(self, reliable: Reliable) -> None:
        now = self.peer.loop.now
        if reliable.sure or self.gone or self.first.status >= 200:
            return
        if now - reliable.since > LONG:
            self.note("PRACK never came")
            self.state, self.ended = OVER, "no PRACK"
            self.first.reply(504, self.tag(0))
            return
        self.peer.send(reliable.data)
        reliable.interval *= 2
        self.peer.loop.after(reliable.interval, self._ring_again, reliable)

    def asked(self, server: Server) -> None:
        """A request inside one of the dialogs."""
        message = server.message
        if message.method == b"PRACK":
            for reliable in self._reliable:
                if reliable.tag == message.to_tag and message.head.get(b"RAck") == b"%d 1 INVITE" % reliable.number:
                    reliable.sure = True
                    server.reply(200)
                    return
            server.reply(481)
            return
        if message.method == b"BYE" and message.to_tag in self.answers:
            self.answers[message.to_tag] = True
            if message.to_tag != self.answer_tag:
                server.reply(200)
                return
        super().asked(server)

    def cancelled(self, invite: Server) -> None:
        """The CANCEL came before the answer."""
        if invite is not self.first:
            super().cancelled(invite)
        elif any(step[1] == "late answer" for step in self.script.steps):
            self.note("callee heeds no CANCEL")
        else:
            self.state, self.ended = OVER, "cancelled"
            invite.reply(487, self.tag(0))

    # -- the answer ----------------------------------------------------------------

    def _answer(self, number: int) -> None:
        tag = self.tag(number)
        if tag in self.answers:
            return
        self.answers[tag] = False
        message = self.first.message
        if not self.answer_tag:
            self.answer_tag = tag
            self.local = b"%b;tag=%b" % (message.to, tag)
            self.remote = message.sender
            self.target = message.contact() or self.target
            self.cseq = 100
            if self.state == SETTING_UP:
                self.state = UP
            self.accept(self.first, tag)
            self._oks[tag] = self.first.last
            return
        self.note("200 of another fork")
        self.first.status = 200
        kept = self.first.last
        extra = b"Contact: <%b>\r\n" % self.peer.contact
        self._oks[tag] = self.first.reply(200, tag, extra, self.sdp())
        self.first.last = kept
        self.peer.loop.after(T1, self._fork_again, (tag, self.peer.loop.now, T1))

    def _fork_again(self, given: tuple[bytes, float, float]) -> None:
        tag, since, interval = given
        if self.gone or tag in self._acked:
            return
        if self.peer.loop.now - since >= LONG:
            self.answers[tag] = True  # the proxy is gone: the fork's own end would be a BYE that nobody knows
            return
        self.peer.send(self._oks[tag])
        interval = min(interval * 2, 4.0)
        self.peer.loop.after(interval, self._fork_again, (tag, since, interval))

    def acknowledged(self, ack: Sip) -> None:
        """The ACK of a 2xx: the call begins on this side."""
        if ack.cseq == 1 and ack.method == b"ACK":
            first = ack.to_tag not in self._acked
            self._acked.add(ack.to_tag)
            if ack.to_tag != self.answer_tag:
                return
            super().acknowledged(ack)
            if first and self.state == UP:
                self.began()
        else:
            super().acknowledged(ack)
