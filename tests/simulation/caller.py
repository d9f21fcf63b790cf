"""The platform's end of a call: the INVITE, what it does while it waits, and what it makes of the answer."""

from __future__ import annotations

from typing import Final, final

from tests.simulation.leg import OVER, SETTING_UP, UP, Leg
from tests.simulation.messages import Sip, request
from tests.simulation.peer import Peer
from tests.simulation.script import Script
from tests.simulation.transactions import Client

PATIENCE: Final = 100.0  # s; longer than the node waits for an answer


@final
class Caller(Leg):
    """One call from the side that asks for it. `finals` are the different final answers that it saw."""

    def __init__(self, peer: Peer, script: Script) -> None:
        call_id = b"call%d@platform.invalid" % script.number
        super().__init__(peer, script, call_id, "a")
        self.first: Client | None = None
        self.finals: Final[list[int]] = []
        self.answer_tag = b""
        self.timed_out = False
        self.wants_out = False
        self._reliable: Final[dict[bytes, int]] = {}
        self.uri: Final = b"sip:%b@10.0.0.1" % script.called
        self.local = b"%b<sip:%b@%b>;tag=a%d" % (
            b'"Jean Dupontel" ' if script.number % 2 else b"", script.caller, peer.address[0].encode(), script.number,
        )  # fmt: skip
        self.remote = b"<%b>" % self.uri

    def call(self, _: object) -> None:
        """Send the INVITE, or the MESSAGE."""
        script, peer = self.script, self.peer
        self.note(script.name)
        extra = b"X-Account: %b\r\nAlert-Info: <urn:call:%d>\r\n" % (script.account, script.number)
        extra += script.dress + script.wrong
        if script.rel:
            extra += b"Supported: 100rel, timer\r\n"
        body = b""
        if script.method == b"INVITE":
            extra += b"Contact: <%b>\r\n" % peer.contact
            body = b"" if script.late else self.sdp()
        self.late = script.late
        self.cseq = 1
        branch = peer.branch()
        data = request(script.method, self.uri, peer.sent_by + branch, self.ends(1), extra, body)
        if script.hops != 70:
            data = data.replace(b"Max-Forwards: 70", b"Max-Forwards: %d" % script.hops, 1)
        peer.calls[self.call_id] = self
        self.first = Client(peer, script.method, branch, 1, data, self)
        if script.merged:
            self.note("INVITE by two ways")
            peer.send(data.replace(branch, branch + b"m", 1))
        peer.loop.after(script.cancel_after if script.cancel_after >= 0 else PATIENCE, self._want_out)

    def _want_out(self, _: object) -> None:
        self.wants_out = True
        first = self.first
        if first is not None and not self.gone and (first.state == 1 or (self.script.hasty and not first.state)):
            self._cancel(first)

    def _cancel(self, first: Client) -> None:
        if not first.cancelled:
            self.note("caller cancels")
            first.cancel()

    def answered(self, client: Client, answer: Sip) -> None:
        """An answer to the INVITE, or to something inside the call."""
        if client is not self.first:
            super().answered(client, answer)
        elif answer.status < 200:
            self._progress(client, answer)
        elif answer.status >= 300 or self.script.method != b"INVITE":
            if answer.status not in self.finals:
                self.finals.append(answer.status)
            self.state, self.ended = OVER, f"answered {answer.status}"
        else:
            self._taken(answer)

    def _progress(self, client: Client, answer: Sip) -> None:
        if self.wants_out:
            self._cancel(client)
        if answer.to_tag and self.script.early and self.state == SETTING_UP:
            early, self.script.early = self.script.early, ""
            self.note(f"{early} in an early dialog")
            remote, self.remote = self.remote, answer.to
            self.ask(b"UPDATE" if early == "update" else b"BYE", b"", self.sdp() if early == "update" else b"")
            self.remote = remote
        if answer.to_tag and b"RSeq" in answer.head and self.state == SETTING_UP:
            number = int(answer.head[b"RSeq"])
            last = self._reliable.get(answer.to_tag)
            if last is None or number == last + 1:
                self._reliable[answer.to_tag] = number
                self.note("PRACK")
                remote, self.remote = self.remote, answer.to
                self.ask(b"PRACK", b"RAck: %d 1 INVITE\r\n" % number)
                self.remote = remote

    def _taken(self, answer: Sip) -> None:
        if not self.answer_tag:
            self.answer_tag = answer.to_tag
            self.finals.append(200)
            self.remote = answer.to
            self.target = answer.contact() or self.target
            if b" %d 1 IN" % self.script.number not in answer.body:
                self.finals.append(-1)
            if self.script.no_ack:
                self.note("caller vanishes before its ACK")
                self.vanish()
                return
            self.began()
        elif answer.to_tag != self.answer_tag:
            self.finals.append(answer.status)
        self.acknowledge(answer)
        if self.wants_out and self.state == UP:
            self.note("200 crosses CANCEL")
            self.bye("cancelled too late")

    def unanswered(self, client: Client) -> None:
        """Timer B, or no final after a CANCEL."""
        if client is self.first:
            if not self.answer_tag and self.state != OVER:
                self.timed_out = True
                self.state, self.ended = OVER, "timed out"
        else:
            super().unanswered(client)
