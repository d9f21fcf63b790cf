"""Everything ends: after silence nothing is left, whatever the network did before.

Two invariants. The engine is total: no bytes make it raise, nor strike a fault. And every INVITE gets exactly one final
answer, every forwarded call one record, with nothing left in the engine once all timers have run.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.b2bua.trunks import Limits
from proxy.policy.edition import Edition
from tests.ladder import ANSWER, OFFER, A, B, Callee, Caller, Ladder, Seen, carrier, reply, set_up, topology

SETTINGS = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
LIMITS = Limits(answer_timeout=60, longest_call=300)
SILENCE = 60 + 300 + 5 * 32.0


def quiet(ladder: Ladder) -> None:
    """Nobody says anything any more; then nothing may be left."""
    ladder.unread = []
    ladder.advance(SILENCE)
    ladder.unread = []
    assert ladder.faults() == []
    ladder.assert_empty()


# -- any bytes ---------------------------------------------------------------


@SETTINGS
@given(data=st.binary(max_size=300), side=st.sampled_from("ab"))
def test_any_bytes_are_survived(edition: Edition, data: bytes, side: str) -> None:
    ladder = Ladder(edition, topology(limits=LIMITS))
    ladder.feed(side, data)
    quiet(ladder)


def conversation(edition: Edition) -> list[tuple[str, bytes]]:
    """The datagrams of one call with most kinds of traffic, each with the side that sends it."""
    ladder = Ladder(edition)
    said: list[tuple[str, bytes]] = []
    caller = Caller()

    def say(side: str, data: bytes) -> list[Seen]:
        said.append((side, data))
        ladder.feed(side, data)
        seen, ladder.unread = ladder.unread, []
        return seen

    callee = Callee(say("a", caller.invite(extra=["Record-Route: <sip:10.1.0.1:5070;lr>"]))[-1])
    extra = ["Require: 100rel", "RSeq: 1", "Record-Route: <sip:10.2.0.1:5080;lr>"]
    caller.learn(say("b", callee.reply(183, extra=extra, body=ANSWER))[-1])
    prack = say("a", caller.request("PRACK", extra=["RAck: 1 1 INVITE"]))[-1]
    say("b", reply(prack, 200))
    say("b", callee.reply(200, body=ANSWER))
    say("a", caller.ack(cseq=1))
    again = say("a", caller.request("INVITE", body=OFFER))[-1]
    say("b", callee.reply(200, to=again, body=ANSWER))
    say("a", caller.ack())
    update = say("b", callee.request("UPDATE", body=OFFER))[-1]
    say("a", reply(update, 200, contact=caller.contact, body=ANSWER))
    info = say("a", caller.request("INFO", extra=["Content-Type: text/plain"], body=b"x"))[-1]
    say("b", reply(info, 200))
    bye = say("b", callee.request("BYE", extra=["Reason: Q.850;cause=16"]))[-1]
    say("a", reply(bye, 200))
    return said


@pytest.fixture(scope="module")
def spoken(edition: Edition) -> list[tuple[str, bytes]]:
    return conversation(edition)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One small damage: a byte, a line, a header value, the end, another method or number."""
    kind = rng.randrange(9)
    if kind == 0:
        at = rng.randrange(len(data))
        return data[:at] + bytes((rng.randrange(256),)) + data[at + 1 :]
    lines = data.split(b"\r\n")
    at = rng.randrange(len(lines))
    if kind == 1:
        del lines[at]
    elif kind == 2:
        lines.insert(at, lines[rng.randrange(len(lines))])
    elif kind == 3:
        name, colon, _ = lines[at].partition(b":")
        lines[at] = (
            name + colon + rng.choice((b"", b" ", b" *", b' "', b" <sip:", b" ;;;", b" 99999999999", b" \xff\xfe"))
        )
    elif kind == 4:
        return data[: rng.randrange(len(data))]
    elif kind == 5:
        return data.replace(
            rng.choice((b"BYE", b"INVITE", b"ACK")), rng.choice((b"PRACK", b"REFER", b"FOO", b"CANCEL"))
        )
    elif kind == 6:
        return data.replace(b"SIP/2.0 200", b"SIP/2.0 %d" % rng.choice((100, 181, 302, 401, 491, 500, 699)))
    elif kind == 7:
        return data.replace(b"tag=", rng.choice((b"tag=x", b"gat=", b"tag=;tag=")))
    else:
        extra = rng.choice((b"Require: foo", b"Content-Encoding: gzip", b"RSeq: 0", b"RAck: 0 0 0", b"Max-Forwards: 0",
                            b"Contact: *", b"Route: <", b"Record-Route: <sip:h;lr", b"Timestamp: 1"))  # fmt: skip
        lines.insert(1, extra)
    return b"\r\n".join(lines)


@SETTINGS
@given(seed=st.integers(0, 10**6))
def test_damaged_traffic_is_survived_and_leaves_nothing(
    edition: Edition, spoken: list[tuple[str, bytes]], seed: int
) -> None:
    rng = random.Random(seed)
    ladder = Ladder(edition, topology(limits=LIMITS))
    for side, data in spoken:
        fed = mutate(data, rng) if rng.random() < 0.3 else data
        for _ in range(rng.choice((0, 1, 1, 1, 1, 2))):
            ladder.unread = []
            ladder.feed(side if rng.random() < 0.95 else "ab"[side == "a"], fed)
        ladder.advance(rng.choice((0, 0, 0.5, 4)))
    quiet(ladder)


# -- a lossy network between two scripted ends -------------------------------


@dataclass
class World:
    """Two ends that follow scripts over a wire that loses, doubles and delays."""

    ladder: Ladder
    rng: random.Random
    loss: float
    flying: list[tuple[float, int, str, bytes]] = field(default_factory=list)
    count: int = 0
    finals: Counter[str] = field(default_factory=Counter)
    invites: dict[str, Caller] = field(default_factory=dict)
    callees: dict[str, Callee] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    first: dict[bytes, str] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)

    def throw(self, side: str, data: bytes, after: float = 0.0) -> None:
        """Put a datagram on the wire towards the engine."""
        for _ in range(2 if self.rng.random() < self.loss / 2 else 1):
            if self.rng.random() >= self.loss:
                self.count += 1
                delay = after + self.rng.choice((0.01, 0.01, 0.02, 0.3))
                self.flying.append((self.ladder.now + delay, self.count, side, data))

    def run(self) -> None:
        """Deliver until nothing flies any more and no timer is left to send."""
        ladder = self.ladder
        while self.flying or ladder.engine.next_deadline() < float("inf"):
            self.flying.sort()
            soonest = self.flying[0][0] if self.flying else float("inf")
            if soonest <= ladder.engine.next_deadline():
                _, _, side, data = self.flying.pop(0)
                ladder.now = max(ladder.now, soonest)
                if self.first.get(data, "") not in self.heard:  # nobody repeats an INVITE that was answered
                    ladder.feed(side, data)
            else:
                ladder.advance(max(0.0, ladder.engine.next_deadline() - ladder.now))
            seen, ladder.unread = ladder.unread, []
            for one in seen:
                if self.rng.random() >= self.loss:
                    (self.platform if one.side == "a" else self.carrier)(one)

    def platform(self, seen: Seen) -> None:
        """What the platform does with a datagram."""
        call_id = seen.header("call-id")
        caller = self.invites[call_id]
        message = seen.message
        if not message.status:
            if message.method != b"ACK":
                self.throw("a", reply(seen, 200, contact=caller.contact, body=ANSWER))
            return
        if message.method == b"INVITE" and message.cseq == 1:
            self.heard.add(call_id)
        if message.method != b"INVITE" or message.status < 200:
            return
        if message.cseq == 1 and call_id not in self.answered:
            self.answered.add(call_id)
            self.finals[call_id] += 1
            caller.learn(seen)
            if message.status < 300 and self.rng.random() < 0.7:
                self.throw("a", caller.request(self.rng.choice(("BYE", "INFO", "UPDATE", "INVITE"))), 1.0)
                self.throw("a", caller.request("BYE"), self.rng.choice((0.5, 3.0)))
        if message.status >= 300:
            self.throw("a", caller.ack_failure(seen))
        elif self.rng.random() < 0.9:
            self.throw("a", caller.ack(cseq=message.cseq))

    def carrier(self, seen: Seen) -> None:
        """What the carrier does with a datagram; the user part of the call decides nothing, chance does."""
        message = seen.message
        key = seen.header("call-id")
        if message.status:
            if message.method == b"INVITE" and message.status >= 200 and key in self.callees:
                self.throw("b", self.callees[key].ack(seen))
            return
        if message.method == b"ACK":
            return
        if message.method == b"INVITE" and not message.to_tag:
            if key not in self.callees:
                self.callees[key] = Callee(seen, f"bt{len(self.callees)}")
                self.answer(self.callees[key])
            return
        self.throw("b", reply(seen, 200, tag="x", contact=f"sip:gw@{B[0]}:{B[1]}", body=ANSWER))
        if message.method == b"CANCEL" and key in self.callees and self.rng.random() < 0.9:
            self.throw("b", self.callees[key].reply(487))

    def answer(self, callee: Callee) -> None:
        """Play one of the ways in which a carrier answers."""
        rng = self.rng
        way = rng.random()
        if way < 0.1:
            return
        self.throw("b", callee.reply(100))
        if rng.random() < 0.8:
            self.throw("b", callee.reply(rng.choice((180, 183)), body=ANSWER), 0.2)
        if way < 0.3:
            self.throw("b", callee.reply(rng.choice((302, 401, 404, 486, 503, 603))), 1.0)
        elif way < 0.9:
            ok = callee.reply(200, body=ANSWER)
            for at in (2.0, 2.5, 3.5, 5.5):
                self.throw("b", ok, at)
            if rng.random() < 0.3:
                self.throw("b", Callee(callee.invite, callee.tag + "f").reply(200, body=ANSWER), 2.2)
            if rng.random() < 0.5:
                self.throw("b", callee.request(rng.choice(("BYE", "INFO", "INVITE"))), 4.0)
            if rng.random() < 0.5:
                self.throw("b", callee.request("BYE"), 8.0)

    def call(self, number: int) -> None:
        """One more INVITE, perhaps cancelled, and repeated until it is answered."""
        rng = self.rng
        caller = Caller(number)
        self.invites[caller.call_id] = caller
        account = rng.choice(("acme", "acme", "acme", "nonumber", "stopped"))
        data = caller.invite(account=account, body=rng.choice((OFFER, OFFER, b"")))
        cancel = caller.cancel() if rng.random() < 0.25 else b""
        at = self.ladder.now
        self.first[data] = caller.call_id
        for after in (0.0, 0.5, 1.5, 3.5, 7.5):
            self.flying.append((at + after + 0.02, self.count, "a", data))
            self.count += 1
        if cancel:
            wait = rng.choice((0.05, 1.0, 2.3, 5.0))
            for after in (0.0, 0.5, 1.5):
                self.flying.append((at + wait + after, self.count, "a", cancel))
                self.count += 1


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.3])
def test_many_calls_over_a_bad_wire_all_end(ladder_of: Callable[..., Ladder], loss: float) -> None:
    # a shorter T1 keeps the run short; every relation between the timers stays
    quick = carrier(t1=0.1, t2=0.4, t4=0.5)
    node = topology(limits=Limits(answer_timeout=20, longest_call=60), carrier_trunk=quick)
    ladder = ladder_of(replace(node, timers=(0.1, 0.4, 0.5)))
    world = World(ladder, random.Random(int(loss * 100)), loss)
    calls = 700
    for number in range(calls):
        world.call(number)
        if number % 50 == 49:
            world.run()
    world.run()
    assert ladder.faults() == []
    ladder.assert_empty()
    assert set(world.finals.values()) <= {1}
    if not loss:
        assert len(world.finals) == calls
    assert len(world.finals) > calls * 0.9
    forwarded = len(world.callees)
    records = Counter(record.b_call_id for record in ladder.records())
    assert set(records.values()) == {1}
    assert len(records) >= forwarded
    assert len(records) == ladder.engine.counters.calls_started
    ids = Counter(record.a_call_id for record in ladder.decisions())
    assert set(ids.values()) == {1}


def test_silence_after_every_datagram_of_a_call_leaves_nothing(
    edition: Edition, spoken: list[tuple[str, bytes]]
) -> None:
    for stop in range(1, len(spoken) + 1):
        ladder = Ladder(edition, topology(limits=LIMITS))
        for side, data in spoken[:stop]:
            ladder.unread = []
            ladder.feed(side, data)
        quiet(ladder)
        assert len(ladder.records()) == 1


def test_a_carrier_that_never_ends_a_re_invite_holds_nothing_for_ever(ladder_of: Callable[..., Ladder]) -> None:
    ladder = ladder_of(topology(limits=LIMITS))
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    again = ladder.one("b INVITE")
    ladder.feed("b", reply(again, 183, tag="x"))
    ladder.expect("a 183 INVITE")
    ladder.advance(LIMITS.answer_timeout)
    timed_out, cancel = ladder.expect("a 408 INVITE", "b CANCEL")
    ladder.feed("a", talk.caller.ack_failure(timed_out))
    ladder.feed("b", reply(cancel, 200))
    ladder.advance(32)
    ladder.expect()
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    ladder.feed("b", talk.callee.reply(200, to=ladder.one("b INVITE"), body=ANSWER))
    ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("a", talk.caller.ack())
    ladder.feed("a", talk.caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    ladder.feed("b", reply(bye, 200))
    quiet(ladder)


def test_unknown_senders_leave_nothing(ladder: Ladder) -> None:
    for number in range(20):
        ladder.unread = []
        ladder.feed_from(("198.51.100.7", 4000 + number), Caller(number).invite())
    ladder.expect("198.51.100.7:4019 403 INVITE")
    ladder.assert_empty()
    assert ladder.engine.counters.dropped == {"unknown source": 20}
    assert A[0] != "198.51.100.7"
