"""What the tests of sockets share: a machine that only writes down what it is fed, a desk, odd sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

from proxy.b2bua.counters import Counters
from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault, Fetch, Output
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.clock import FixedClock
from proxy.runtime.queue_delay import NEVER
from proxy.runtime.transports import Transports
from proxy.runtime.udp import UdpPort
from proxy.sip.framing import Flaw
from proxy.sip.hop import Hop
from proxy.sip.wire import Send

HOST = "127.0.0.1"
INQUIRY = Inquiry("acme", "+33140000000", "", "call-1", 0.0)
EPOCH = 1_800_000_000.0
PATIENCE = 30.0  # s; a machine that is busy with other things is no failure


class Machine:
    """Keeps what it is fed; `orders` leave with the next input."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.fed: list[bytes] = []
        self.sources: list[tuple[str, int]] = []
        self.hops: list[Hop] = []
        self.flaws: list[tuple[Flaw, Hop]] = []
        self.lost: list[bytes] = []
        self.gone: list[Hop] = []
        self.epochs: set[float] = set()
        self.orders: list[Send] = []
        self.outputs: list[Output] = []
        self.notes: list[bytes] = []
        self.deadline = NEVER
        self.ticks: list[float] = []
        self.stopped_at: list[float] = []
        self.answers: list[tuple[int, PersonState, float]] = []
        self.calls = {1}  # those that wait for an answer

    def receive(self, data: bytes, source: Hop, now: float, epoch: float) -> None:
        self.fed.append(data)
        self.hops.append(source)
        self.sources.append((source.host, source.port))
        self.epochs.add(epoch)

    def unframed(self, flaw: Flaw, source: Hop, now: float, epoch: float) -> None:
        self.flaws.append((flaw, source))

    def undelivered(self, data: bytes, now: float, epoch: float) -> None:
        self.lost.append(data)

    def unreachable(self, hop: Hop, now: float, epoch: float) -> None:
        self.gone.append(hop)

    def tick(self, now: float, epoch: float) -> None:
        self.ticks.append(now)
        self.epochs.add(epoch)
        if now >= self.deadline:
            self.deadline = NEVER

    def stop(self, now: float, epoch: float) -> None:
        self.stopped_at.append(now)

    def state_arrived(self, call: int, state: PersonState, now: float, epoch: float) -> bool:
        self.answers.append((call, state, epoch))
        return call in self.calls

    def take_sends(self) -> list[Send]:
        taken, self.orders = self.orders, []
        return taken

    def take_notes(self) -> list[bytes]:
        notes, self.notes = self.notes, []
        return notes

    def take_outputs(self) -> list[Output]:
        taken, self.outputs = self.outputs, []
        return taken

    def next_deadline(self, grace: float) -> float:
        return self.deadline


class Recorder:
    def __init__(self) -> None:
        self.kept: list[DecisionRecord | CallRecord | Fault] = []

    def put(self, record: DecisionRecord | CallRecord | Fault) -> None:
        self.kept.append(record)


class Desk:
    """Keeps what it is told, as one line each."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def fetch(self, question: Fetch) -> None:
        self.told.append(("fetch", question))

    def count(self, inquiry: Inquiry) -> None:
        self.told.append(("count", inquiry))

    def release(self, inquiry: Inquiry) -> None:
        self.told.append(("release", inquiry))

    def unclaimed(self, inquiry: Inquiry) -> None:
        self.told.append(("unclaimed", inquiry))

    def refusal_heard(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        self.told.append(("refusal", customer, person, at, source, reference))


class OddSocket(socket.socket):
    """A bound socket whose kernel can be full, or tell of an ICMP error."""

    full = False
    refusals = 0
    sent: list[bytes]
    port: Transports

    def sendto(self, *given: Any) -> int:  # Any: the overloads of the original
        if self.full:
            raise BlockingIOError
        if given[1][1] > 65535:
            raise OverflowError
        self.sent.append(given[0])
        return len(given[0])

    def recvfrom(self, *given: Any) -> Any:  # Any: the addresses of the original
        if self.refusals:
            self.refusals -= 1
            raise ConnectionRefusedError
        return super().recvfrom(*given)


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until it holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "never came"
        await asyncio.sleep(0.001)


def poke(near: socket.socket, data: bytes = b"x") -> None:
    """One datagram to that socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.sendto(data, near.getsockname())


def around(bound: socket.socket, machine: Machine, recorder: Recorder) -> Transports:
    """One UDP socket around that machine."""
    transports = Transports(machine, FixedClock(EPOCH), recorder)
    transports.ways.append(UdpPort(bound, transports))
    return transports
