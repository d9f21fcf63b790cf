"""The four transaction machines of RFC 3261 section 17, with the Accepted state of RFC 6026, as tables.

Everything that changes a transaction's state lives here. A table maps (state, input) to (next state, orders); what is
absent is ignored by definition. Two classes run the tables: `ServerTransaction` (we were asked) and
`ClientTransaction` (we ask). They send through a `Wire` and tell their caller what to do by the orders they return:
`PASS` hand the message on, `FAIL` tell the owner that nothing came, `GONE` forget the transaction.
Timers A to M have their RFC names; T1, T2 and T4 come with each transaction. Over a reliable transport timers A, E and G
do not run and D, I, J, K are zero: they fire with the next tick.
"""

from __future__ import annotations

from typing import Final, final

from proxy.sip.build import ack_for, cancel_for
from proxy.sip.hop import Hop
from proxy.sip.message import Message
from proxy.sip.timers import Lingering, Timer
from proxy.sip.wire import Wire

# states
TRYING: Final = 0  # Calling for an INVITE client
PROCEEDING: Final = 1
COMPLETED: Final = 2
CONFIRMED: Final = 3
ACCEPTED: Final = 4
ABANDONED: Final = 5  # nobody waits for the final response of an INVITE any more, but it may still come
TERMINATED: Final = 6
STATE_NAMES: Final = ("trying", "proceeding", "completed", "confirmed", "accepted", "abandoned", "terminated")

# inputs
REQUEST: Final = 0  # the same request again
ACK: Final = 1
REPLY_1XX: Final = 2  # sent by a server, received by a client
REPLY_2XX: Final = 3
REPLY_FAIL: Final = 4  # 300 to 699; for non-INVITE every final is 2XX or FAIL alike
REPEAT: Final = 5  # timers A, E, G
EXPIRE: Final = 6  # timers B, F, H and, once done, D, I, J, K, L, M
GIVE_UP: Final = 7  # a cancelled INVITE whose final never came (RFC 3261 9.1), a request that is never answered
UNSENT: Final = 8  # transport error before any response (RFC 3261 17.1.4, 8.1.3.1)
INPUT_NAMES: Final = ("request", "ack", "1xx", "2xx", "fail", "repeat", "expire", "give up", "unsent")
_INPUTS: Final = 9

# orders
PASS: Final = 1
SEND: Final = 2
RESEND: Final = 4
SEND_ACK: Final = 8
FAIL: Final = 16
GONE: Final = 32

Table = dict[tuple[int, int], tuple[int, int]]

SERVER_INVITE: Final[Table] = {  # RFC 3261 17.2.1, RFC 6026 7.1
    (PROCEEDING, REQUEST): (PROCEEDING, RESEND),
    (PROCEEDING, REPLY_1XX): (PROCEEDING, SEND),
    (PROCEEDING, REPLY_2XX): (ACCEPTED, SEND),
    (PROCEEDING, REPLY_FAIL): (COMPLETED, SEND),
    (ACCEPTED, REQUEST): (ACCEPTED, 0),
    (ACCEPTED, ACK): (ACCEPTED, PASS),
    (ACCEPTED, EXPIRE): (TERMINATED, GONE),
    (COMPLETED, REQUEST): (COMPLETED, RESEND),
    (COMPLETED, REPEAT): (COMPLETED, RESEND),
    (COMPLETED, ACK): (CONFIRMED, 0),
    (COMPLETED, EXPIRE): (TERMINATED, FAIL | GONE),
    (CONFIRMED, EXPIRE): (TERMINATED, GONE),
}
SERVER_OTHER: Final[Table] = {  # RFC 3261 17.2.2, RFC 4320 4.2
    (TRYING, REPLY_1XX): (PROCEEDING, SEND),
    (TRYING, REPLY_2XX): (COMPLETED, SEND),
    (TRYING, REPLY_FAIL): (COMPLETED, SEND),
    (TRYING, GIVE_UP): (COMPLETED, 0),
    (PROCEEDING, REQUEST): (PROCEEDING, RESEND),
    (PROCEEDING, REPLY_1XX): (PROCEEDING, SEND),
    (PROCEEDING, REPLY_2XX): (COMPLETED, SEND),
    (PROCEEDING, REPLY_FAIL): (COMPLETED, SEND),
    (PROCEEDING, GIVE_UP): (COMPLETED, 0),
    (COMPLETED, REQUEST): (COMPLETED, RESEND),
    (COMPLETED, EXPIRE): (TERMINATED, GONE),
}
CLIENT_INVITE: Final[Table] = {  # RFC 3261 17.1.1, RFC 6026 7.2
    (TRYING, REPLY_1XX): (PROCEEDING, PASS),
    (TRYING, REPLY_2XX): (ACCEPTED, PASS),
    (TRYING, REPLY_FAIL): (COMPLETED, PASS | SEND_ACK),
    (TRYING, REPEAT): (TRYING, RESEND),
    (TRYING, EXPIRE): (ABANDONED, FAIL),
    (TRYING, GIVE_UP): (ABANDONED, FAIL),
    (TRYING, UNSENT): (TERMINATED, FAIL | GONE),
    (PROCEEDING, REPLY_1XX): (PROCEEDING, PASS),
    (PROCEEDING, REPLY_2XX): (ACCEPTED, PASS),
    (PROCEEDING, REPLY_FAIL): (COMPLETED, PASS | SEND_ACK),
    (PROCEEDING, GIVE_UP): (ABANDONED, FAIL),
    (COMPLETED, REPLY_FAIL): (COMPLETED, SEND_ACK),
    (COMPLETED, EXPIRE): (TERMINATED, GONE),
    (ACCEPTED, REPLY_2XX): (ACCEPTED, PASS),
    (ACCEPTED, EXPIRE): (TERMINATED, GONE),
    (ABANDONED, REPLY_2XX): (ACCEPTED, PASS),
    (ABANDONED, REPLY_FAIL): (COMPLETED, SEND_ACK),
    (ABANDONED, EXPIRE): (TERMINATED, GONE),
}
CLIENT_OTHER: Final[Table] = {  # RFC 3261 17.1.2
    (TRYING, REPLY_1XX): (PROCEEDING, PASS),
    (TRYING, REPLY_2XX): (COMPLETED, PASS),
    (TRYING, REPLY_FAIL): (COMPLETED, PASS),
    (TRYING, REPEAT): (TRYING, RESEND),
    (TRYING, EXPIRE): (TERMINATED, FAIL | GONE),
    (TRYING, UNSENT): (TERMINATED, FAIL | GONE),
    (PROCEEDING, REPLY_1XX): (PROCEEDING, PASS),
    (PROCEEDING, REPLY_2XX): (COMPLETED, PASS),
    (PROCEEDING, REPLY_FAIL): (COMPLETED, PASS),
    (PROCEEDING, REPEAT): (PROCEEDING, RESEND),
    (PROCEEDING, EXPIRE): (TERMINATED, FAIL | GONE),
    (COMPLETED, EXPIRE): (TERMINATED, GONE),
}


def _flat(table: Table) -> list[tuple[int, int]]:
    """The table as a list indexed by state and input; a row that is absent leads nowhere and orders nothing."""
    rows = [(-1, 0)] * (_INPUTS * len(STATE_NAMES))
    for (state, event), row in table.items():
        rows[state * _INPUTS + event] = row
    return rows


_SERVER_INVITE: Final = _flat(SERVER_INVITE)
_SERVER_OTHER: Final = _flat(SERVER_OTHER)
_CLIENT_INVITE: Final = _flat(CLIENT_INVITE)
_CLIENT_OTHER: Final = _flat(CLIENT_OTHER)


@final
class Pace:
    """T1, T2 and T4 in seconds, with what follows from them. An INVITE that hears nothing in `silence` has failed: timer B
    unless it is stated."""

    __slots__ = ("t1", "t2", "t4", "long", "silence")

    def __init__(self, t1: float, t2: float, t4: float, silence: float = 0.0) -> None:
        self.t1: Final = t1
        self.t2: Final = t2
        self.t4: Final = t4
        self.long: Final = 64 * t1
        self.silence: Final = silence or 64 * t1


def reply_input(status: int) -> int:
    """Which table input a status is."""
    if status < 200:
        return REPLY_1XX
    return REPLY_2XX if status < 300 else REPLY_FAIL


@final
class ServerTransaction(Lingering):
    """A request that we were sent. `owner` is whatever answers it; `head` and `to` start each of its responses."""

    __slots__ = (
        "wire", "pace", "leg", "key", "method", "invite", "state", "head", "to", "routes", "hop", "last",
        "status", "merge_key", "owner", "interval", "repeat", "expiry",
    )  # fmt: skip

    def __init__(
        self, wire: Wire, pace: Pace, leg: str, key: bytes, method: str, head: bytes, to: bytes, hop: Hop
    ) -> None:
        self.wire: Final = wire
        self.pace: Final = pace
        self.leg: Final = leg
        self.key: Final = key
        self.method: Final = method
        self.invite: Final = method == "INVITE"
        self.state = PROCEEDING if method == "INVITE" else TRYING
        self.head = head
        self.to = to
        self.routes = b""
        self.hop: Final = hop
        self.last = b""
        self.status = 0
        self.merge_key = b""
        self.owner: object = None
        self.interval, self.until = pace.t1, 0.0
        self.repeat: Timer | None = None
        self.expiry: Timer | None = None

    def request_again(self) -> None:
        """The same request arrived again: the last response answers it (RFC 3261 17.2)."""
        self.wire.note_repeat(self.leg)
        self._step(REQUEST, 0.0)

    def ack(self, now: float) -> int:
        """An ACK of this transaction arrived."""
        return self._step(ACK, now)

    def reply(self, data: bytes, status: int, now: float) -> None:
        """Send a response and change state by its class."""
        table = _SERVER_INVITE if self.invite else _SERVER_OTHER
        if table[self.state * _INPUTS + reply_input(status)][0] < 0:
            return
        self.last, self.status = data, status
        self._step(reply_input(status), now)

    def give_up(self, now: float) -> None:
        """What is no INVITE is never answered: copies of it that come late are taken for copies, and nothing is said."""
        self.last = b""
        self._step(GIVE_UP, now)

    def fire(self, kind: int, now: float) -> int:
        """A timer of this transaction is due."""
        return self._step(kind, now)

    def _step(self, event: int, now: float) -> int:
        table = _SERVER_INVITE if self.invite else _SERVER_OTHER
        state, orders = table[self.state * _INPUTS + event]
        if state < 0:
            return 0
        if orders & SEND:
            self.wire.send(self.last, self.hop)
        elif orders & RESEND and self.last:
            self.wire.send_again(self.leg, self.last, self.hop)
        if state != self.state:
            self._enter(state, now)
        elif event == REPEAT:
            self.interval = min(self.interval * 2, self.pace.t2)
            self.repeat = self.wire.timers.arm(now, self.interval, self, REPEAT)
        return orders

    def _enter(self, state: int, now: float) -> None:
        self.state = state
        timers, pace = self.wire.timers, self.pace
        if self.repeat is not None:
            self.repeat.cancel()
        if self.expiry is not None:
            self.expiry.cancel()
        self.repeat = self.expiry = None
        if state == ACCEPTED:  # timer L; the 2xx itself is repeated by its owner (RFC 6026 8.7)
            self.last = self.head = b""
            timers.linger(now, pace.long, self, EXPIRE)
        elif state == COMPLETED:  # timers G and H, or J
            self.head = b""
            reliable = self.hop.reliable
            if self.invite:
                self.repeat = None if reliable else timers.arm(now, pace.t1, self, REPEAT)
                self.expiry = timers.arm(now, pace.long, self, EXPIRE)
            else:
                timers.linger(now, 0.0 if reliable else pace.long, self, EXPIRE)
        elif state == CONFIRMED:  # timer I
            self.last = b""
            timers.linger(now, 0.0 if self.hop.reliable else pace.t4, self, EXPIRE)


@final
class ClientTransaction(Lingering):
    """A request that we send. `key` is its branch, with `C` behind it for a CANCEL (RFC 3261 17.1.3)."""

    __slots__ = (
        "wire", "pace", "leg", "key", "method", "invite", "state", "request", "hop", "owner", "interval",
        "repeat", "expiry", "acked", "tries", "proof",
    )  # fmt: skip

    def __init__(self, wire: Wire, pace: Pace, leg: str, key: bytes, method: str, request: bytes, hop: Hop) -> None:
        self.wire: Final = wire
        self.pace: Final = pace
        self.leg: Final = leg
        self.key: Final = key
        self.method: Final = method
        self.invite: Final = method == "INVITE"
        self.state = TRYING
        self.request = request
        self.hop: Final = hop
        self.owner: object = None
        self.interval, self.until = pace.t1, 0.0
        self.repeat: Timer | None = None
        self.expiry: Timer | None = None
        self.acked = self.proof = b""  # proof: our credentials' line, which the ACK of a 2xx repeats (RFC 3261 22.1)
        self.tries = 0  # how often this request went out before, in other transactions

    def start(self, now: float) -> None:
        """Send the request for the first time; timers A or E, and B or F, run."""
        self.wire.send(self.request, self.hop)
        if not self.hop.reliable:
            self.repeat = self.wire.timers.arm(now, self.pace.t1, self, REPEAT)
        patience = self.pace.silence if self.invite else self.pace.long
        self.expiry = self.wire.timers.arm(now, patience, self, EXPIRE)

    def response(self, message: Message, now: float) -> int:
        """A response arrived; hand it on when the orders hold PASS."""
        event = reply_input(message.status)
        if COMPLETED <= self.state < ABANDONED:
            self.wire.note_repeat(self.leg)
        return self._step(event, now, message)

    def fire(self, kind: int, now: float) -> int:
        """A timer of this transaction is due."""
        return self._step(kind, now, None)

    def give_up(self, now: float) -> int:
        """A cancelled INVITE got no final response in 64*T1 (RFC 3261 9.1)."""
        return self._step(GIVE_UP, now, None)

    def unsent(self, now: float) -> int:
        """The request could not be sent, or its connection broke before any response came."""
        return self._step(UNSENT, now, None)

    def cancel_request(self) -> bytes:
        """The CANCEL for this INVITE (RFC 3261 9.1); empty once a final response has made it pointless."""
        return cancel_for(self.request) if self.state < COMPLETED else b""

    def _step(self, event: int, now: float, message: Message | None) -> int:
        table = _CLIENT_INVITE if self.invite else _CLIENT_OTHER
        state, orders = table[self.state * _INPUTS + event]
        if state < 0:
            return 0
        if orders & SEND_ACK and message is not None:
            if self.acked:
                self.wire.send_again(self.leg, self.acked, self.hop)
            else:
                self.acked = ack_for(self.request, message.to_value)
                self.wire.send(self.acked, self.hop)
        elif orders & RESEND:
            self.wire.send_again(self.leg, self.request, self.hop)
        if state != self.state:
            self._enter(state, now)
        elif event == REPEAT:
            self.interval = self.interval * 2 if self.invite else min(self.interval * 2, self.pace.t2)
            self.repeat = self.wire.timers.arm(now, self.interval, self, REPEAT)
        return orders

    def _enter(self, state: int, now: float) -> None:
        self.state = state
        timers, pace = self.wire.timers, self.pace
        if self.repeat is not None:
            self.repeat.cancel()
            self.repeat = None
        reliable = self.hop.reliable
        if state == PROCEEDING and not self.invite:  # timer E goes on at T2, F stays
            if not reliable:
                self.interval = pace.t2
                self.repeat = timers.arm(now, pace.t2, self, REPEAT)
            return
        if self.expiry is not None:
            self.expiry.cancel()
            self.expiry = None
        if state == COMPLETED:  # timer D or K
            self.request = b"" if not self.invite else self.request
            linger = pace.long if self.invite else pace.t4
            timers.linger(now, 0.0 if reliable else linger, self, EXPIRE)
        elif state == ACCEPTED:  # timer M
            self.request = b""
            timers.linger(now, pace.long, self, EXPIRE)
        elif state == ABANDONED:  # the same for what nobody waits for
            self.expiry = timers.arm(now, pace.long, self, EXPIRE)
