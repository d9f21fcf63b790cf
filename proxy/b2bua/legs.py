"""Two legs: what a call holds of each side, and the base on which exchanges and calls meet.

A `Fork` pairs one dialog of the A leg with one of the B leg; a forked call has several until one is answered
(RFC 3261 12.1, 13.2.2.4). `Couple` is the part of a call that a relayed request needs to know.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.extract import NO_SECRETS, Secrets
from proxy.b2bua.rewrite import Face, spelled_host
from proxy.b2bua.session_id import SessionIds
from proxy.sip.dialog import Dialog
from proxy.sip.hop import Hop
from proxy.sip.message import Message
from proxy.sip.timers import TimerOwner
from proxy.sip.transaction import Pace, ServerTransaction

NOBODY: Final = -1  # there is no note of this call
STALE: Final = -2  # there is one, and a new one is due


@final
class Fork:
    """One dialog of the A leg coupled to one of the B leg.

    `rseq_shift` is added to the carrier's RSeq for the A leg and taken off a PRACK's RAck (RFC 3262 7.1, 7.2).
    """

    __slots__ = ("couple", "a", "b", "rseq_shift", "reliable", "hung_up")

    def __init__(self, couple: Couple, a: Dialog, b: Dialog) -> None:
        self.couple: Final = couple
        self.a: Final = a
        self.b: Final = b
        self.rseq_shift = 0
        self.reliable = False
        self.hung_up = False


def dialog_key(call_id: bytes, local_tag: bytes, remote_tag: bytes) -> bytes:
    """The key of one dialog as its owner sees it (RFC 3261 12)."""
    return b"%b\n%b\n%b" % (call_id, local_tag, remote_tag)


def a_leg(message: Message, tag: bytes, hop: Hop) -> Dialog:
    """The A leg's dialog of the INVITE `message`; `tag` is ours. Raises ParseError for a broken Contact or route."""
    local = message.to_value + b";tag=" + tag
    a = Dialog(message.call_id, local, tag, message.from_value, message.from_tag, hop)
    a.remote_cseq = message.cseq
    a.refresh_target(message)
    if not a.target:
        a.target = b"sip:%b:%d" % (spelled_host(hop.host), hop.port)
    a.learn_routes(message, False)
    return a


class Asker(TimerOwner):
    """Whoever sent a request and waits for its answers."""

    def heard(self, message: Message) -> None:
        """An answer that the transaction hands on."""

    def unheard(self, status: int) -> None:
        """There will be none: 408 when nobody answered, 503 when nobody was reached."""

    def fire(self, kind: int, now: float) -> None:
        """One of its timers is due."""

    def works_for(self) -> Asker:
        """Whom a fault of ours strikes while it acts: its call, if it has one."""
        return self

    def ask(self) -> None:
        """Put its question, if it is one that is put again."""

    def stop(self) -> None:
        """Ask no more."""


class Couple(Asker):
    """What both legs of a call share; `Call` adds the set-up."""

    def __init__(self, a_face: Face, a_pace: Pace) -> None:
        self.a_face: Final = a_face
        self.a_pace: Final = a_pace
        self.b_face = a_face
        self.b_pace = a_pace
        self.secrets: Secrets = NO_SECRETS
        self.a_secrets: Secrets = NO_SECRETS  # of whom is called back, for the caller not to see
        self.untouched = False
        self.session_ids: SessionIds | None = None  # once an end has shown that it knows them
        self.invite: TimerOwner | None = None  # the INVITE exchange that is not acknowledged yet
        self.fork: Fork | None = None
        self.forks: list[Fork] | None = None
        self.noted = NOBODY  # the state of the call that the last note of it told (`snapshot.py`)
        self.note_count = 0  # whole notes of it

    def seed(self) -> bytes:
        """What is this call's alone, chosen by us."""
        return b""

    def session_line(self, to_a: bool) -> list[bytes]:
        """The Session-ID of a message that is our own, if this call has one."""
        return [self.session_ids.line(to_a)] if self.session_ids is not None else []

    def crossed_session(self, message: Message, to_a: bool) -> bytes:
        """The Session-ID of what `message` becomes on the other leg; empty where neither end knows it."""
        ids = self.session_ids
        if b"session-id" in message.index:
            if ids is None:
                ids = self.session_ids = SessionIds(self.seed())
            if ids.learn(message, not to_a, self.secrets):
                self.learned()
        return b"" if ids is None else ids.line(to_a)

    def learned(self) -> None:
        """An end has named itself, or named itself anew."""

    def handle(self, event: int, message: Message | None) -> None:
        """Something happened to the call as a whole."""

    def set_up_response(self, set_up: TimerOwner, message: Message) -> None:
        """The carrier answered the first INVITE, whose exchange is `set_up`."""

    def set_up_unheard(self, set_up: TimerOwner, status: int) -> None:
        """The carrier never answers the first INVITE; `status` as `Asker.unheard` has it."""

    def transfer_request(
        self, fork: Fork, from_a: bool, server: ServerTransaction, message: Message, hops: int
    ) -> bool:
        """Carry on a REFER, or a NOTIFY that belongs to one; False: there may be none."""
        return False

    def refreshed(self, message: Message) -> None:
        """A 2xx of INVITE or UPDATE crosses inside the call."""

    def exchange_over(self, exchange: TimerOwner) -> None:
        """No answer of `exchange` can be repeated any more."""
