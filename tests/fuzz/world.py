"""The engine under fire: a script of datagrams, ledger answers and time, played at an engine that has a call going.

A script is cut at lines that begin with `%% `: `%% a` and `%% b` feed what follows from the platform and the carrier
over UDP, `%% A` and `%% B` over a stream, `%% x` from a stranger, `%% t SECONDS` lets time pass, `%% d` drains and `%% s` stops. A call of the platform is up
before the script begins, with the identifiers of `tests.ladder`, so a script can speak inside it.

What must hold, whatever is played: no exception and no `Fault`; everything that leaves can be read and carries no bare
line end; the caller of the first call is not shown to the carrier; when all timers have run out, nothing is left.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua.engine import Engine
from proxy.b2bua.outputs import CallRecord, Fault, Fetch
from proxy.b2bua.trunks import CarrierTrunk, Limits
from proxy.policy.inquiry import PersonState
from proxy.sip.hop import UDP, Hop
from proxy.sip.message import ParseError
from proxy.sip.parse import parse
from proxy.sip.wire import Send
from tests.fuzz.readers import edition, sound
from tests.ladder import (
    A_STREAM,
    ANSWER,
    B_STREAM,
    EPOCH,
    OWN_TCP,
    OWN_UDP,
    A,
    B,
    Callee,
    Caller,
    CountedIds,
    Seen,
    Ticks,
    platform,
    topology,
)

PLATFORM: Final = Hop(UDP, *A)
CARRIER: Final = Hop(UDP, *B)
STRANGER: Final = Hop(UDP, "192.0.2.66", 5060)
SOURCES: Final = {b"a": PLATFORM, b"b": CARRIER, b"x": STRANGER, b"A": A_STREAM, b"B": B_STREAM}
MOST_STEPS: Final = 24
MOST_SECONDS: Final = 4000.0
FOREVER: Final = 20_000.0
SECRET: Final = b"145001234"
PBX: Final = CarrierTrunk("vms", *A, "", platform=True)
LIMITS: Final = Limits(longest_call=600)


class World:
    """One engine, its clock, and what it sent."""

    def __init__(self) -> None:
        given = topology(
            platform_trunk=platform(callee=PBX, callback_hosts=("acme.example",)), limits=LIMITS,
            listeners=(OWN_UDP, OWN_TCP), call_backs=(PBX,),
        )  # fmt: skip
        self.engine = Engine(given, edition(), CountedIds(), Ticks())
        self.now = 1000.0
        self.trait: list[str] = []
        self.told_by_carrier = False  # the carrier said the secret itself
        self.call_id = b""
        self.sent: list[Send] = []

    @property
    def epoch(self) -> float:
        return EPOCH + self.now - 1000.0

    def feed(self, source: Hop, data: bytes) -> None:
        """One message."""
        self.engine.receive(data, source, self.now, self.epoch)
        self.drain()

    def advance(self, seconds: float) -> None:
        """Let time pass; every timer fires at its own instant."""
        end = self.now + seconds
        while self.engine.next_deadline() <= end:
            self.now = max(self.now, self.engine.next_deadline())
            self.engine.tick(self.now, self.epoch)
            self.drain()
        self.now = end

    def drain(self) -> None:
        """Look at everything that the engine ordered."""
        self.sent = self.engine.take_sends()
        for send in self.sent:
            self._check(send.data, send.hop)
        for output in self.engine.take_outputs():
            if isinstance(output, Fault):
                raise AssertionError(f"a fault of our own: {output.text}")
            if isinstance(output, Fetch):
                self.engine.state_arrived(output.call, PersonState(), self.now, self.epoch)
                self.drain()
            elif isinstance(output, CallRecord):
                self.trait.append(f"record {output.status}")

    def _check(self, data: bytes, hop: Hop) -> None:
        assert sound(data), data
        assert 0 < hop.port < 65536
        assert hop.host
        try:
            message = parse(data)
        except ParseError as error:  # an answer lacks what its broken request lacked
            if error.message is None or not error.message.status:
                raise
            message = error.message
        side = "b" if hop.host == CARRIER.host else "a"
        self.trait.append(f"{side}{message.status}{message.method[:8].decode('latin-1')}")
        if side == "b" and message.call_id == self.call_id and not self.told_by_carrier:
            assert SECRET not in data, data

    def set_up(self) -> None:
        """The call that is up when the script begins."""
        caller = Caller(1)
        self.feed(PLATFORM, caller.invite())
        callee = Callee(Seen("b", self.sent[-1].data, 0.0))
        self.call_id = callee.invite.message.call_id
        self.feed(CARRIER, callee.reply(180))
        self.feed(CARRIER, callee.reply(200, body=ANSWER))
        caller.learn(Seen("a", self.sent[0].data, 0.0))
        self.feed(PLATFORM, caller.ack())
        assert self.engine.active_calls() == 1
        self.trait = []

    def step(self, order: bytes, data: bytes) -> None:
        """One section of a script."""
        source = SOURCES.get(order[:1])
        if source is not None:
            if source.host == CARRIER.host and (SECRET in data or b"%" in data):
                self.told_by_carrier = True
            self.feed(source, data)
        elif order[:1] == b"t":
            digits = order[1:].strip()
            seconds = float(int(digits)) if digits.isdigit() and len(digits) < 8 else 0.5
            self.advance(min(seconds, MOST_SECONDS))
        elif order[:1] == b"d":
            self.engine.drain()
        elif order[:1] == b"s":
            self.engine.stop(self.now, self.epoch)
            self.drain()

    def left(self) -> dict[str, int]:
        """What the engine still holds."""
        fabric = self.engine.fabric
        return {
            "calls": self.engine.active_calls(),
            "servers": len(fabric.servers),
            "clients": len(fabric.clients),
            "dialogs": len(fabric.dialogs),
            "merged": len(fabric.merged),
            "timers": self.engine.timer_count(),
        }


def sections(data: bytes) -> list[tuple[bytes, bytes]]:
    """The orders of a script and what belongs to each; text before the first order comes from the platform."""
    pieces = data.split(b"%% ")
    found = [(b"a", pieces[0])] if pieces[0] else []
    for piece in pieces[1:]:
        order, _, rest = piece.partition(b"\n")
        found.append((order, rest))
    return found[:MOST_STEPS]


def play(data: bytes) -> str:
    """A script against an engine with a call; see the head of this file for what must hold."""
    world = World()
    world.set_up()
    for order, rest in sections(data):
        world.step(order, rest)
    trait = " ".join(sorted(set(world.trait)))
    world.advance(FOREVER)
    assert not any(world.left().values()), world.left()
    return trait
