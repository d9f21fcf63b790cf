"""The four machines of RFC 3261 17 and RFC 6026: every pair of state and input, then every timer at its instant.

No clock: `World` advances time to each deadline and notes when each datagram left.
"""

from __future__ import annotations

import itertools

import pytest

from proxy.sip.hop import TCP, UDP, Hop
from proxy.sip.message import Message
from proxy.sip.parse import parse
from proxy.sip.timers import NEVER, Timers
from proxy.sip.transaction import (
    ABANDONED,
    ACCEPTED,
    ACK,
    CLIENT_INVITE,
    CLIENT_OTHER,
    COMPLETED,
    CONFIRMED,
    EXPIRE,
    FAIL,
    GIVE_UP,
    GONE,
    INPUT_NAMES,
    PASS,
    PROCEEDING,
    REPEAT,
    REPLY_1XX,
    REPLY_2XX,
    REPLY_FAIL,
    REQUEST,
    RESEND,
    SEND,
    SEND_ACK,
    SERVER_INVITE,
    SERVER_OTHER,
    STATE_NAMES,
    TERMINATED,
    TRYING,
    ClientTransaction,
    Pace,
    ServerTransaction,
    Table,
    reply_input,
)
from proxy.sip.wire import Wire

# The tables. A row is written as the RFC draws it; every other pair is absent for the reason that stands here.

OVER = "the transaction is forgotten; nothing reaches it"
NOT_ABANDONED = "only an INVITE of ours is abandoned"
NOT_OURS = "a server is not cancelled by itself and gets no responses to give up on"
LOST = "a response that cannot be sent is repeated for the asker's next copy, or never asked for"
REACHED = "the request was sent and heard; its answer may come another way"
NO_SUCH_STATE = "this machine never enters the state"
SENT = "we answer in this state no more: the final response is out"
NO_TIMER = "no such timer runs in this state"
IS_SERVER = "a client receives no requests"

PRESENT: dict[str, dict[tuple[str, str], tuple[str, int]]] = {
    "server invite": {
        ("proceeding", "request"): ("proceeding", RESEND),
        ("proceeding", "1xx"): ("proceeding", SEND),
        ("proceeding", "2xx"): ("accepted", SEND),
        ("proceeding", "fail"): ("completed", SEND),
        ("accepted", "request"): ("accepted", 0),
        ("accepted", "ack"): ("accepted", PASS),
        ("accepted", "expire"): ("terminated", GONE),
        ("completed", "request"): ("completed", RESEND),
        ("completed", "repeat"): ("completed", RESEND),
        ("completed", "ack"): ("confirmed", 0),
        ("completed", "expire"): ("terminated", FAIL | GONE),
        ("confirmed", "expire"): ("terminated", GONE),
    },
    "server other": {
        ("trying", "1xx"): ("proceeding", SEND),
        ("trying", "2xx"): ("completed", SEND),
        ("trying", "fail"): ("completed", SEND),
        ("trying", "give up"): ("completed", 0),
        ("proceeding", "request"): ("proceeding", RESEND),
        ("proceeding", "1xx"): ("proceeding", SEND),
        ("proceeding", "2xx"): ("completed", SEND),
        ("proceeding", "fail"): ("completed", SEND),
        ("proceeding", "give up"): ("completed", 0),
        ("completed", "request"): ("completed", RESEND),
        ("completed", "expire"): ("terminated", GONE),
    },
    "client invite": {
        ("trying", "1xx"): ("proceeding", PASS),
        ("trying", "2xx"): ("accepted", PASS),
        ("trying", "fail"): ("completed", PASS | SEND_ACK),
        ("trying", "repeat"): ("trying", RESEND),
        ("trying", "expire"): ("abandoned", FAIL),
        ("trying", "give up"): ("abandoned", FAIL),
        ("trying", "unsent"): ("terminated", FAIL | GONE),
        ("proceeding", "1xx"): ("proceeding", PASS),
        ("proceeding", "2xx"): ("accepted", PASS),
        ("proceeding", "fail"): ("completed", PASS | SEND_ACK),
        ("proceeding", "give up"): ("abandoned", FAIL),
        ("completed", "fail"): ("completed", SEND_ACK),
        ("completed", "expire"): ("terminated", GONE),
        ("accepted", "2xx"): ("accepted", PASS),
        ("accepted", "expire"): ("terminated", GONE),
        ("abandoned", "2xx"): ("accepted", PASS),
        ("abandoned", "fail"): ("completed", SEND_ACK),
        ("abandoned", "expire"): ("terminated", GONE),
    },
    "client other": {
        ("trying", "1xx"): ("proceeding", PASS),
        ("trying", "2xx"): ("completed", PASS),
        ("trying", "fail"): ("completed", PASS),
        ("trying", "repeat"): ("trying", RESEND),
        ("trying", "expire"): ("terminated", FAIL | GONE),
        ("trying", "unsent"): ("terminated", FAIL | GONE),
        ("proceeding", "1xx"): ("proceeding", PASS),
        ("proceeding", "2xx"): ("completed", PASS),
        ("proceeding", "fail"): ("completed", PASS),
        ("proceeding", "repeat"): ("proceeding", RESEND),
        ("proceeding", "expire"): ("terminated", FAIL | GONE),
        ("completed", "expire"): ("terminated", GONE),
    },
}

ABSENT: dict[str, dict[tuple[str, str], str]] = {
    "server invite": {
        ("trying", "*"): NO_SUCH_STATE,
        ("abandoned", "*"): NOT_ABANDONED,
        ("terminated", "*"): OVER,
        ("*", "give up"): NOT_OURS,
        ("*", "unsent"): LOST,
        ("proceeding", "ack"): "an ACK before a final response answers nothing",
        ("proceeding", "repeat"): NO_TIMER,
        ("proceeding", "expire"): NO_TIMER,
        ("accepted", "1xx"): SENT,
        ("accepted", "2xx"): "the owner repeats its 2xx itself, past the transaction (RFC 6026 8.7)",
        ("accepted", "fail"): SENT,
        ("accepted", "repeat"): NO_TIMER,
        ("completed", "1xx"): SENT,
        ("completed", "2xx"): SENT,
        ("completed", "fail"): SENT,
        ("confirmed", "request"): "a late copy of the INVITE is absorbed (17.2.1, timer I)",
        ("confirmed", "ack"): "further copies of the ACK are absorbed (17.2.1, timer I)",
        ("confirmed", "1xx"): SENT,
        ("confirmed", "2xx"): SENT,
        ("confirmed", "fail"): SENT,
        ("confirmed", "repeat"): NO_TIMER,
    },
    "server other": {
        ("confirmed", "*"): NO_SUCH_STATE,
        ("accepted", "*"): NO_SUCH_STATE,
        ("abandoned", "*"): NOT_ABANDONED,
        ("terminated", "*"): OVER,
        ("completed", "give up"): "the final response was given, or never will be",
        ("*", "unsent"): LOST,
        ("*", "ack"): "only an INVITE is acknowledged",
        ("*", "repeat"): NO_TIMER,
        ("trying", "request"): "there is no response yet that could be repeated (17.2.2)",
        ("trying", "expire"): NO_TIMER,
        ("proceeding", "expire"): NO_TIMER,
        ("completed", "1xx"): SENT,
        ("completed", "2xx"): SENT,
        ("completed", "fail"): SENT,
    },
    "client invite": {
        ("confirmed", "*"): NO_SUCH_STATE,
        ("terminated", "*"): OVER,
        ("*", "request"): IS_SERVER,
        ("*", "ack"): IS_SERVER,
        ("proceeding", "repeat"): "timer A stops at the first provisional response (17.1.1.2)",
        ("proceeding", "unsent"): REACHED,
        ("completed", "unsent"): REACHED,
        ("accepted", "unsent"): REACHED,
        ("proceeding", "expire"): "timer B stops there too; how long it may ring is the owner's matter",
        ("completed", "1xx"): "late provisional responses are absorbed",
        ("completed", "2xx"): "who refused the INVITE cannot accept it as well",
        ("completed", "repeat"): NO_TIMER,
        ("completed", "give up"): "the final response came",
        ("accepted", "1xx"): "late provisional responses are absorbed (RFC 6026 7.2)",
        ("accepted", "fail"): "who accepted the INVITE cannot refuse it as well",
        ("accepted", "repeat"): NO_TIMER,
        ("accepted", "give up"): "the final response came",
        ("abandoned", "1xx"): "nobody waits any more",
        ("abandoned", "repeat"): NO_TIMER,
        ("abandoned", "give up"): "it was given up",
        ("abandoned", "unsent"): REACHED,
    },
    "client other": {
        ("confirmed", "*"): NO_SUCH_STATE,
        ("accepted", "*"): NO_SUCH_STATE,
        ("abandoned", "*"): NOT_ABANDONED,
        ("terminated", "*"): OVER,
        ("*", "request"): IS_SERVER,
        ("*", "ack"): IS_SERVER,
        ("proceeding", "unsent"): REACHED,
        ("completed", "unsent"): REACHED,
        ("*", "give up"): "timer F ends it in the same time",
        ("completed", "1xx"): "late provisional responses are absorbed",
        ("completed", "2xx"): "repeated final responses are absorbed (17.1.2.2, timer K)",
        ("completed", "fail"): "repeated final responses are absorbed (17.1.2.2, timer K)",
        ("completed", "repeat"): NO_TIMER,
    },
}  # fmt: skip
TABLES: dict[str, Table] = {
    "server invite": SERVER_INVITE,
    "server other": SERVER_OTHER,
    "client invite": CLIENT_INVITE,
    "client other": CLIENT_OTHER,
}
PAIRS = [
    (machine, state, event)
    for machine in TABLES
    for state in range(len(STATE_NAMES))
    for event in range(len(INPUT_NAMES))
]


@pytest.mark.parametrize(
    ("machine", "state", "event"), PAIRS, ids=[f"{m}-{STATE_NAMES[s]}-{INPUT_NAMES[e]}" for m, s, e in PAIRS]
)
def test_every_pair_is_in_the_table_or_absent_for_a_reason(machine: str, state: int, event: int) -> None:
    names = (STATE_NAMES[state], INPUT_NAMES[event])
    reasons = [reason for key, reason in ABSENT[machine].items() if key in (names, (names[0], "*"), ("*", names[1]))]
    if names in PRESENT[machine]:
        after, orders = PRESENT[machine][names]
        assert TABLES[machine][state, event] == (STATE_NAMES.index(after), orders)
        assert reasons == []
    else:
        assert (state, event) not in TABLES[machine]
        assert reasons


@pytest.mark.parametrize("machine", list(TABLES))
def test_every_state_leads_to_the_end(machine: str) -> None:
    table = TABLES[machine]
    ends = {TERMINATED}
    while True:
        more = ends | {state for (state, _), (after, _) in table.items() if after in ends}
        if more == ends:
            break
        ends = more
    assert ends == {state for state, _ in table} | {TERMINATED}


@pytest.mark.parametrize(
    ("status", "event"),
    [(100, REPLY_1XX), (199, REPLY_1XX), (200, REPLY_2XX), (299, REPLY_2XX), (300, REPLY_FAIL), (699, REPLY_FAIL)],
)
def test_reply_input(status: int, event: int) -> None:
    assert reply_input(status) == event


# The machines under virtual time

PACE = Pace(0.5, 4.0, 5.0)
INVITE = (
    b"INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP me;branch=z9hG4bKm\r\nMax-Forwards: 70\r\nRoute: <sip:r;lr>\r\n"
    b"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: id\r\nCSeq: 4 INVITE\r\nContent-Length: 0\r\n\r\n"
)
OPTIONS = INVITE.replace(b"INVITE", b"OPTIONS")
FIRST = [0.0, 0.5, 1.5, 3.5]


def answer(status: int, method: bytes = b"INVITE", to: bytes = b"<sip:c@d>;tag=9") -> Message:
    return parse(
        b"SIP/2.0 %d x\r\nVia: SIP/2.0/UDP me;branch=z9hG4bKm\r\nFrom: <sip:a@b>;tag=1\r\nTo: %b\r\n"
        b"Call-ID: id\r\nCSeq: 4 %b\r\n\r\n" % (status, to, method)
    )


class World:
    """One wire with its timers, and the time. `log` holds when which orders came from a timer."""

    def __init__(self, transport: int = UDP) -> None:
        self.wire = Wire(Timers())
        self.hop = Hop(transport, "192.0.2.1", 5070)
        self.now = 0.0
        self.sent: list[tuple[float, bytes]] = []
        self.log: list[tuple[float, int]] = []

    def drain(self) -> None:
        for send in self.wire.sends:
            assert send.hop is self.hop
            self.sent.append((self.now, send.data))
        self.wire.sends = []

    def run(self, until: float) -> None:
        """Fire everything that is due up to `until`, each at its own instant."""
        self.drain()
        while self.wire.timers.next_deadline() <= until:
            self.now = self.wire.timers.next_deadline()
            due = self.wire.timers.pop_due(self.now)
            assert due is not None
            owner, kind = due
            assert isinstance(owner, ServerTransaction | ClientTransaction)
            orders = owner.fire(kind, self.now)
            if orders & (FAIL | GONE):
                self.log.append((self.now, orders))
            self.drain()
        self.now = until

    def times(self, start: bytes) -> list[float]:
        self.drain()
        return [at for at, data in self.sent if data.startswith(start)]

    def over(self) -> None:
        """Nothing is left: no timer, not even a cancelled one that would come up as a deadline."""
        assert self.wire.timers.armed() == 0
        assert self.wire.timers.next_deadline() == NEVER

    def client(self, request: bytes = INVITE, method: str = "INVITE", pace: Pace = PACE) -> ClientTransaction:
        made = ClientTransaction(self.wire, pace, "b", b"z9hG4bKm", method, request, self.hop)
        made.start(self.now)
        return made

    def server(self, method: str = "INVITE", pace: Pace = PACE) -> ServerTransaction:
        return ServerTransaction(self.wire, pace, "a", b"key", method, b"Via: v\r\n", b"<sip:c@d>;tag=9", self.hop)


def reply(server: ServerTransaction, status: int, now: float) -> None:
    server.reply(b"SIP/2.0 %d x\r\n\r\n" % status, status, now)


# INVITE client: timers A, B, D, M


def test_an_unanswered_invite_is_repeated_and_given_up_after_timer_b() -> None:
    world = World()
    client = world.client()
    world.run(100.0)
    assert world.times(b"INVITE") == [*FIRST, 7.5, 15.5, 31.5]
    assert world.log == [(32.0, FAIL), (64.0, GONE)]
    assert client.state == TERMINATED
    assert world.wire.sent_again == {"b": 6}
    assert all(data == INVITE for _, data in world.sent)
    world.over()


def test_a_faster_trunk_has_its_own_t1() -> None:
    world = World()
    world.client(pace=Pace(0.1, 0.4, 1.0))
    world.run(100.0)
    assert world.times(b"INVITE") == pytest.approx([0.0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3])
    assert [at for at, _ in world.log] == pytest.approx([6.4, 12.8])


def test_a_provisional_stops_repeating_and_timer_b() -> None:
    world = World()
    client = world.client()
    world.run(0.7)
    assert client.response(answer(180), 0.7) == PASS
    assert client.response(answer(183), 0.8) == PASS
    world.run(500.0)
    assert world.times(b"INVITE") == [0.0, 0.5]
    assert client.state == PROCEEDING
    world.over()


def test_a_failure_is_acknowledged_each_time_until_timer_d() -> None:
    world = World()
    client = world.client()
    client.response(answer(180), 0.1)
    assert client.response(answer(486), 1.0) == PASS | SEND_ACK
    world.run(5.0)
    assert client.response(answer(486), 5.0) == SEND_ACK
    assert client.response(answer(180), 5.5) == 0
    assert client.response(answer(200), 5.5) == 0
    world.run(100.0)
    assert world.times(b"ACK") == [0.0, 5.0]
    assert world.wire.sent_again == {"b": 1}
    assert world.wire.seen_again == {"b": 3}
    assert world.log == [(33.0, GONE)]
    world.over()


def test_the_ack_has_the_branch_of_the_invite_and_the_to_of_the_response() -> None:
    world = World()
    world.client().response(answer(404, to=b"<sip:c@d>;tag=first"), 0.2)
    world.drain()
    ack = parse(world.sent[-1][1])
    assert (ack.method, ack.branch, ack.to_tag, ack.cseq) == (b"ACK", b"z9hG4bKm", b"first", 4)
    assert ack.uri == b"sip:c@d"
    assert ack.all(b"route") == [b"<sip:r;lr>"]
    assert ack.call_id == b"id"


def test_an_accepted_invite_hands_on_every_2xx_until_timer_m() -> None:
    world = World()
    client = world.client()
    assert client.response(answer(200), 0.3) == PASS
    assert client.state == ACCEPTED
    assert client.request == b""
    assert client.response(answer(200), 1.0) == PASS
    assert client.response(answer(200, to=b"<sip:c@d>;tag=fork"), 2.0) == PASS
    assert client.response(answer(486), 3.0) == 0
    assert client.response(answer(180), 3.0) == 0
    world.run(100.0)
    assert world.times(b"INVITE") == [0.0]
    assert world.times(b"ACK") == []
    assert world.log == [(32.3, GONE)]
    world.over()


@pytest.mark.parametrize("ringing", [False, True])
def test_a_cancelled_invite_without_final_response_is_given_up(ringing: bool) -> None:
    world = World()
    client = world.client()
    if ringing:
        client.response(answer(180), 0.1)
    assert client.give_up(32.1) == FAIL
    assert client.state == ABANDONED
    assert client.give_up(33.0) == 0
    world.run(70.0)
    ((at, orders),) = world.log
    assert (round(at, 3), orders) == (64.1, GONE)
    world.over()


def test_the_answer_of_an_abandoned_invite_is_taken_for_as_long_again() -> None:
    world = World()
    accepted, refused = world.client(), world.client()
    world.run(32.0)
    assert accepted.response(answer(180), 33.0) == 0
    assert accepted.response(answer(200), 34.0) == PASS
    assert accepted.state == ACCEPTED
    assert refused.response(answer(486), 34.0) == SEND_ACK
    assert refused.state == COMPLETED
    assert world.wire.seen_again == {}
    world.run(70.0)
    world.over()


def test_copies_of_a_request_that_is_never_answered_are_swallowed() -> None:
    world = World()
    server = world.server("OPTIONS")
    server.give_up(1.0)
    server.request_again()
    assert (server.state, world.sent) == (COMPLETED, [])
    world.run(40.0)
    world.over()


def test_giving_up_after_a_final_response_does_nothing() -> None:
    world = World()
    client = world.client()
    client.response(answer(487), 0.1)
    assert client.give_up(32.1) == 0
    assert client.state == COMPLETED


def test_cancel_request_repeats_the_invite_while_it_is_pending() -> None:
    world = World()
    client = world.client()
    client.response(answer(180), 0.1)
    cancel = parse(client.cancel_request())
    assert (cancel.method, cancel.branch, cancel.cseq, cancel.to_tag) == (b"CANCEL", b"z9hG4bKm", 4, b"")
    assert cancel.all(b"route") == [b"<sip:r;lr>"]


@pytest.mark.parametrize("status", [200, 487])
def test_there_is_nothing_to_cancel_after_a_final_response(status: int) -> None:
    world = World()
    client = world.client()
    client.response(answer(status), 0.1)
    assert client.cancel_request() == b""


# Other client: timers E, F, K


def test_an_unanswered_request_is_repeated_up_to_t2() -> None:
    world = World()
    world.client(OPTIONS, "OPTIONS")
    world.run(100.0)
    assert world.times(b"OPTIONS") == [*FIRST, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert world.log == [(32.0, FAIL | GONE)]
    world.over()


def test_after_a_provisional_a_request_is_repeated_every_t2_and_timer_f_runs_on() -> None:
    world = World()
    client = world.client(OPTIONS, "OPTIONS")
    world.run(1.0)
    assert client.response(answer(100, b"OPTIONS"), 1.0) == PASS
    assert client.response(answer(100, b"OPTIONS"), 1.2) == PASS
    world.run(100.0)
    assert world.times(b"OPTIONS") == [0.0, 0.5, 5.0, 9.0, 13.0, 17.0, 21.0, 25.0, 29.0]
    assert world.log == [(32.0, FAIL | GONE)]
    world.over()


@pytest.mark.parametrize("status", [200, 481])
@pytest.mark.parametrize("provisional", [False, True])
def test_a_final_response_passes_once_and_timer_k_ends_it(status: int, provisional: bool) -> None:
    world = World()
    client = world.client(OPTIONS, "OPTIONS")
    if provisional:
        client.response(answer(100, b"OPTIONS"), 0.1)
    assert client.response(answer(status, b"OPTIONS"), 0.2) == PASS
    assert client.request == b""
    assert client.response(answer(status, b"OPTIONS"), 0.3) == 0
    assert client.response(answer(100, b"OPTIONS"), 0.3) == 0
    world.run(100.0)
    assert world.times(b"OPTIONS") == [0.0]
    assert world.log == [(5.2, GONE)]
    assert world.wire.seen_again == {"b": 2}
    world.over()


# INVITE server: timers G, H, I, L


def test_a_refused_invite_repeats_its_response_up_to_t2_until_timer_h() -> None:
    world = World()
    server = world.server()
    reply(server, 100, 0.0)
    reply(server, 486, 0.0)
    world.run(100.0)
    assert world.times(b"SIP/2.0 486") == [*FIRST, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert world.log == [(32.0, FAIL | GONE)]
    assert world.wire.sent_again == {"a": 10}
    world.over()


def test_the_ack_of_a_refusal_stops_it_and_timer_i_absorbs_the_rest() -> None:
    world = World()
    server = world.server()
    reply(server, 486, 0.0)
    world.run(0.6)
    assert server.ack(0.7) == 0
    assert server.state == CONFIRMED
    assert server.ack(0.8) == 0
    server.request_again()
    reply(server, 486, 0.9)
    world.run(100.0)
    assert world.times(b"SIP/2.0 486") == [0.0, 0.5]
    assert world.log == [(5.7, GONE)]
    world.over()


def test_a_repeated_invite_gets_the_stored_bytes() -> None:
    world = World()
    server = world.server()
    server.request_again()
    world.run(0.1)
    assert world.sent == []
    reply(server, 100, 0.1)
    reply(server, 180, 0.2)
    server.request_again()
    server.request_again()
    reply(server, 404, 0.3)
    server.request_again()
    world.drain()
    assert [data[8:11] for _, data in world.sent] == [b"100", b"180", b"180", b"180", b"404", b"404"]
    assert world.wire.seen_again == {"a": 4}
    assert world.wire.sent_again == {"a": 3}


def test_an_accepted_invite_leaves_the_2xx_to_its_owner_and_passes_acks_until_timer_l() -> None:
    world = World()
    server = world.server()
    reply(server, 180, 0.0)
    reply(server, 200, 1.0)
    assert server.state == ACCEPTED
    server.request_again()
    reply(server, 200, 2.0)
    reply(server, 500, 2.0)
    assert server.ack(2.0) == PASS
    assert server.ack(3.0) == PASS
    world.run(100.0)
    assert world.times(b"SIP/2.0 200") == [0.0]
    assert world.log == [(33.0, GONE)]
    assert (server.last, server.head, server.status) == (b"", b"", 200)
    world.over()


def test_an_ack_before_any_final_response_is_nothing() -> None:
    server = World().server()
    assert server.ack(0.1) == 0
    assert server.state == PROCEEDING


# Other server: timer J


@pytest.mark.parametrize("status", [200, 405])
@pytest.mark.parametrize("provisional", [False, True])
def test_a_request_is_answered_once_and_repeated_when_asked_until_timer_j(status: int, provisional: bool) -> None:
    world = World()
    server = world.server("OPTIONS")
    server.request_again()
    if provisional:
        reply(server, 100, 0.1)
        server.request_again()
    reply(server, status, 1.0)
    reply(server, 500, 1.0)
    server.request_again()
    assert server.ack(1.5) == 0
    world.run(100.0)
    final = b"%d" % status
    expected = [b"100", b"100", final, final] if provisional else [final, final]
    assert [data[8:11] for _, data in world.sent] == expected
    assert world.log == [(33.0, GONE)]
    assert server.status == status
    world.over()


# Nothing is left behind


def test_memory_stays_bounded_over_many_transactions() -> None:
    world = World()
    for number in range(3000):
        now = number * 0.01
        world.now = now
        client = world.client()
        client.response(answer(180), now)
        client.response(answer(200), now)
        server = world.server()
        reply(server, 486, now)
        server.ack(now)
        world.run(now)
        world.sent.clear()
    waiting = sum(queue.waiting() for queue in world.wire.timers.queues)
    assert world.wire.timers.armed() <= 3000 + 501  # M of every client, I of the servers of the last five seconds
    assert waiting <= 2 * world.wire.timers.armed() + 65 * len(world.wire.timers.queues)
    world.run(1000.0)
    world.over()
    assert sum(queue.waiting() for queue in world.wire.timers.queues) == 0


STEPS = ("1xx", "2xx", "fail", "other", "wait")


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_whatever_happens_in_whatever_order_nothing_stays_armed(method: str) -> None:
    request = INVITE if method == "INVITE" else OPTIONS
    statuses = {"1xx": 180, "2xx": 200, "fail": 487}
    for steps in itertools.product(STEPS, repeat=4):
        world = World()
        server, client = world.server(method), world.client(request, method)
        for step in steps:
            if step == "wait":
                world.run(world.now + 3.0)
            elif step == "other":
                server.request_again()
                server.ack(world.now)
                client.give_up(world.now)
            else:
                reply(server, statuses[step], world.now)
                client.response(answer(statuses[step], method.encode()), world.now)
        world.run(world.now + 100.0)
        world.over()
        asked = {at for at, data in world.sent if data.startswith(method.encode())}
        assert all(at <= 32.0 for at in asked), steps


def test_the_names_are_those_of_the_numbers() -> None:
    assert [STATE_NAMES[state] for state in (TRYING, PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED, TERMINATED)] == [
        "trying", "proceeding", "completed", "confirmed", "accepted", "terminated",
    ]  # fmt: skip
    events = (REQUEST, ACK, REPLY_1XX, REPLY_2XX, REPLY_FAIL, REPEAT, EXPIRE, GIVE_UP)
    assert [INPUT_NAMES[event] for event in events] == [
        "request",
        "ack",
        "1xx",
        "2xx",
        "fail",
        "repeat",
        "expire",
        "give up",
    ]


# Over a stream: A, E and G do not run, D, I, J and K are zero; B, F, H, L and M stay (17, RFC 6026)


def test_over_a_stream_nothing_is_repeated_and_the_long_timers_stay() -> None:
    world = World(TCP)
    world.client()
    world.run(31.9)
    assert world.times(b"INVITE") == [0.0]
    world.run(100.0)
    assert world.log == [(32.0, FAIL), (64.0, GONE)]
    world.over()


@pytest.mark.parametrize(("method", "status"), [("INVITE", 486), ("OPTIONS", 200), ("OPTIONS", 486)])
def test_over_a_stream_timers_d_and_k_are_zero(method: str, status: int) -> None:
    world = World(TCP)
    client = world.client(INVITE if method == "INVITE" else OPTIONS, method)
    assert client.response(answer(status, method.encode()), 0.0) & PASS
    world.run(0.0)
    assert world.log == [(0.0, GONE)]
    world.over()


def test_over_a_stream_timer_e_does_not_start_with_a_provisional() -> None:
    world = World(TCP)
    client = world.client(OPTIONS, "OPTIONS")
    client.response(answer(100, b"OPTIONS"), 1.0)
    world.run(32.0)
    assert world.times(b"OPTIONS") == [0.0]
    assert world.log == [(32.0, FAIL | GONE)]
    world.over()


def test_over_a_stream_timer_g_does_not_run_and_timer_i_is_zero() -> None:
    world = World(TCP)
    server = world.server()
    reply(server, 486, 0.0)
    world.run(10.0)
    assert world.times(b"SIP/2.0 486") == [0.0]
    server.ack(10.0)
    world.run(10.0)
    assert world.log == [(10.0, GONE)]
    world.over()


def test_over_a_stream_timer_h_waits_for_the_ack() -> None:
    world = World(TCP)
    reply(world.server(), 486, 0.0)
    world.run(32.0)
    assert world.log == [(32.0, FAIL | GONE)]
    world.over()


def test_over_a_stream_timer_j_is_zero_and_timer_l_is_not() -> None:
    world = World(TCP)
    reply(world.server("OPTIONS"), 200, 0.0)
    world.run(0.0)
    assert world.log == [(0.0, GONE)]
    reply(world.server(), 200, 0.0)
    world.run(32.0)
    assert world.log == [(0.0, GONE), (32.0, GONE)]
    world.over()


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_transport_error_ends_only_what_heard_nothing(method: str) -> None:
    world = World(TCP)
    request = INVITE if method == "INVITE" else OPTIONS
    assert world.client(request, method).unsent(0.0) == FAIL | GONE
    world.over()
    reached = world.client(request, method)
    reached.response(answer(100, method.encode()), 0.0)
    assert reached.unsent(0.0) == 0
