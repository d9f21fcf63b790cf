"""The socket of the proxy: real datagrams over loopback, a machine that only writes down what it is fed."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from proxy.b2bua.counters import Counters
from proxy.b2bua.outputs import CallRecord, Count, DecisionRecord, Fault, Fetch, Output, RefusalHeard, Release
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime import udp
from proxy.runtime.clock import FixedClock
from proxy.runtime.udp import BATCH, NEVER, WAITING_MOST, UdpPort, bound_socket
from proxy.sip.hop import UDP, Hop
from proxy.sip.wire import Send

HOST = "127.0.0.1"
EPOCH = 1_800_000_000.0
PATIENCE = 3.0


class Machine:
    """Keeps what it is fed; `orders` leave with the next input."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.fed: list[bytes] = []
        self.sources: list[tuple[str, int]] = []
        self.epochs: set[float] = set()
        self.orders: list[Send] = []
        self.outputs: list[Output] = []
        self.deadline = NEVER
        self.ticks: list[float] = []
        self.stopped_at: list[float] = []
        self.answers: list[tuple[int, PersonState, float]] = []
        self.calls = {1}  # those that wait for an answer

    def receive(self, data: bytes, source: Hop, now: float, epoch: float) -> None:
        self.fed.append(data)
        self.sources.append((source.host, source.port))
        self.epochs.add(epoch)

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

    def take_outputs(self) -> list[Output]:
        taken, self.outputs = self.outputs, []
        return taken

    def next_deadline(self) -> float:
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
    port: UdpPort

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


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def near() -> Iterator[socket.socket]:
    """The socket under test, bound; closed by the port."""
    with bound_socket(HOST, 0) as bound:
        yield bound


@pytest.fixture
async def port(near: socket.socket, machine: Machine, recorder: Recorder) -> AsyncIterator[UdpPort]:
    started = UdpPort(near, machine, FixedClock(EPOCH), recorder)
    yield started
    started.close()


@pytest.fixture
def peer(near: socket.socket) -> Iterator[socket.socket]:
    """Somebody connected to the socket under test."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind((HOST, 0))
        far.connect(near.getsockname())
        far.settimeout(PATIENCE)
        yield far


@pytest.fixture
async def odd(machine: Machine, recorder: Recorder) -> AsyncIterator[OddSocket]:
    """A port whose socket can be made to fail."""
    with OddSocket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.sent = []
        bound.setblocking(False)
        bound.bind((HOST, 0))
        bound.port = UdpPort(bound, machine, FixedClock(EPOCH), recorder)
        yield bound
        bound.port.close()


def poke(near: socket.socket, data: bytes = b"x") -> None:
    """One datagram to that socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.sendto(data, near.getsockname())


@pytest.mark.usefixtures("port")
async def test_a_datagram_arrives_with_its_source_and_the_time(peer: socket.socket, machine: Machine) -> None:
    peer.send(b"")
    peer.send(b"hello")
    await until(lambda: len(machine.fed) == 2)
    assert machine.fed == [b"", b"hello"]
    assert machine.sources == [peer.getsockname()] * 2
    assert machine.epochs == {EPOCH}


@pytest.mark.usefixtures("port")
async def test_after_a_batch_everybody_else_has_a_turn(peer: socket.socket, machine: Machine) -> None:
    wanted = [b"%d" % number for number in range(2 * BATCH + 5)]
    for data in wanted:
        peer.send(data)
    steps = []
    end = time.monotonic() + PATIENCE
    while len(machine.fed) < len(wanted) and time.monotonic() < end:
        before = len(machine.fed)
        await asyncio.sleep(0)
        if len(machine.fed) > before:
            steps.append(len(machine.fed) - before)
    assert machine.fed == wanted
    assert steps == [BATCH, BATCH, 5]


@pytest.mark.usefixtures("port")
async def test_orders_leave_in_their_order_from_the_bound_port(peer: socket.socket, machine: Machine) -> None:
    host, number = peer.getsockname()
    machine.orders = [Send(b"%d" % count, Hop(UDP, host, number)) for count in range(20)]
    peer.send(b"go")
    await until(lambda: not machine.orders)
    assert [peer.recv(100) for _ in range(20)] == [b"%d" % count for count in range(20)]  # connected: from there only


INQUIRY = Inquiry("acme", "+33140000000", "", "call-1", 0.0)


@pytest.mark.usefixtures("port")
async def test_without_a_ledger_records_are_kept_and_nobody_is_asked(
    peer: socket.socket, machine: Machine, recorder: Recorder
) -> None:
    fault = Fault("broken", b"call")
    machine.outputs = [Fetch(1, INQUIRY, 1.0), fault, Release(INQUIRY)]
    peer.send(b"go")
    await until(lambda: machine.fed)
    assert recorder.kept == [fault]


async def test_orders_of_shared_state_go_to_the_ledger_in_their_order(
    port: UdpPort, peer: socket.socket, machine: Machine, recorder: Recorder
) -> None:
    desk, fault, question = Desk(), Fault("broken", b"call"), Fetch(1, INQUIRY, 1.0)
    port.use_ledger(desk)
    heard = RefusalHeard("acme", "+33140000000", EPOCH, b"call-1@platform")
    machine.outputs = [question, fault, Count(INQUIRY), Release(INQUIRY), heard]
    peer.send(b"go")
    await until(lambda: machine.fed)
    assert desk.told == [
        ("fetch", question),
        ("count", INQUIRY),
        ("release", INQUIRY),
        ("refusal", "acme", "+33140000000", EPOCH, "607", "call-1@platform"),
    ]
    assert recorder.kept == [fault]


async def test_answers_reach_the_engine_and_what_it_orders_leaves_at_once(
    port: UdpPort, peer: socket.socket, machine: Machine
) -> None:
    desk, state = Desk(), PersonState(attempts=2, reserved=True)
    port.use_ledger(desk)
    machine.orders = [Send(b"forwarded", Hop(UDP, *peer.getsockname()))]
    machine.deadline = time.monotonic() + 0.02
    port.answered([(Fetch(1, INQUIRY, 1.0), state)])
    assert machine.answers == [(1, state, EPOCH)]
    assert peer.recv(100) == b"forwarded"
    assert desk.told == []
    await until(lambda: machine.deadline == NEVER)  # the timer was armed


async def test_an_attempt_that_was_counted_for_nobody_is_released(port: UdpPort, machine: Machine) -> None:
    desk, gone = Desk(), Inquiry("acme", "+33140000000", "", "call-2", 0.0)
    counted, not_counted = PersonState(reserved=True), PersonState(attempts=4)
    port.answered([(Fetch(2, gone, 1.0), counted)])  # nobody to tell
    port.use_ledger(desk)
    port.answered(
        [(Fetch(2, gone, 1.0), counted), (Fetch(3, INQUIRY, 1.0), not_counted), (Fetch(1, INQUIRY, 1.0), counted)]
    )
    assert [call for call, _, _ in machine.answers] == [2, 2, 3, 1]
    assert desk.told == [("unclaimed", gone)]


async def test_an_answer_after_the_close_is_judged_and_arms_nothing(machine: Machine, recorder: Recorder) -> None:
    desk = Desk()
    port = UdpPort(bound_socket(HOST, 0), machine, FixedClock(EPOCH), recorder)
    port.use_ledger(desk)
    port.close()
    machine.orders = [Send(b"late", Hop(UDP, HOST, 9))]
    machine.deadline = time.monotonic() + 0.01
    port.answered([(Fetch(2, INQUIRY, 1.0), PersonState(reserved=True))])
    assert desk.told == [("unclaimed", INQUIRY)]
    assert machine.counters.dropped == {"unsendable": 1}
    await asyncio.sleep(0.03)
    assert machine.ticks == []


@pytest.mark.usefixtures("port")
async def test_an_earlier_deadline_moves_the_timer(peer: socket.socket, machine: Machine) -> None:
    machine.deadline = time.monotonic() + 60
    peer.send(b"one")
    await until(lambda: len(machine.fed) == 1)
    machine.deadline = soon = time.monotonic() + 0.02
    peer.send(b"two")
    await until(lambda: machine.deadline == NEVER)
    assert soon <= machine.ticks[-1] < soon + PATIENCE
    assert machine.epochs == {EPOCH}


@pytest.mark.usefixtures("port")
async def test_the_timer_is_armed_again_after_it_fired(
    peer: socket.socket, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = [0.02, 0.01, 0.0]  # seconds until the next deadline; the last one is due at once

    def tick(now: float, epoch: float) -> None:
        machine.ticks.append(now)
        if now >= machine.deadline:
            machine.deadline = now + chain.pop(0) if chain else NEVER
            machine.orders = [Send(b"fired", Hop(UDP, *peer.getsockname()))]

    monkeypatch.setattr(machine, "tick", tick)
    machine.deadline = time.monotonic() + 0.01
    peer.send(b"go")
    await until(lambda: machine.deadline == NEVER)
    assert [peer.recv(100) for _ in range(4)] == [b"fired"] * 4
    settled = len(machine.ticks)
    await asyncio.sleep(0.02)
    assert len(machine.ticks) == settled


@pytest.mark.usefixtures("port")
async def test_a_later_deadline_waits_for_the_timer_that_is_armed(peer: socket.socket, machine: Machine) -> None:
    machine.deadline = time.monotonic() + 0.02
    peer.send(b"one")
    await until(lambda: len(machine.fed) == 1)
    machine.deadline = later = time.monotonic() + 0.06
    peer.send(b"two")
    await until(lambda: machine.deadline == NEVER)
    assert machine.ticks[-1] >= later


async def test_what_the_kernel_does_not_take_waits_in_order(odd: OddSocket, machine: Machine) -> None:
    odd.full = True
    machine.orders = [Send(b"1", Hop(UDP, HOST, 9)), Send(b"2", Hop(UDP, HOST, 9))]
    poke(odd)
    await until(lambda: len(machine.fed) == 1)
    machine.orders = [Send(b"3", Hop(UDP, HOST, 9))]
    poke(odd)
    await until(lambda: len(machine.fed) == 2)
    odd.full = False
    machine.orders = [Send(b"4", Hop(UDP, HOST, 9))]
    odd.port.flush()  # there is room again, but others were first
    assert odd.sent == []
    await until(lambda: len(odd.sent) == 4)
    assert not asyncio.get_running_loop().remove_writer(odd)  # nobody waits for room any more
    machine.orders = [Send(b"5", Hop(UDP, HOST, 9))]
    odd.port.flush()
    assert odd.sent == [b"1", b"2", b"3", b"4", b"5"]
    assert machine.counters.dropped == {}


async def test_the_queue_is_bounded_and_what_does_not_fit_is_counted(odd: OddSocket, machine: Machine) -> None:
    odd.full = True
    machine.orders = [Send(b"%d" % number, Hop(UDP, HOST, 9)) for number in range(WAITING_MOST + 3)]
    poke(odd)
    await until(lambda: machine.fed)
    assert machine.counters.dropped == {"send queue full": 3}
    odd.full = False
    await until(lambda: len(odd.sent) == WAITING_MOST)
    assert odd.sent == [b"%d" % number for number in range(WAITING_MOST)]


async def test_an_unsendable_datagram_does_not_hold_up_the_queue(odd: OddSocket, machine: Machine) -> None:
    odd.full = True
    machine.orders = [Send(b"1", Hop(UDP, HOST, 9)), Send(b"2", Hop(UDP, HOST, 70_000)), Send(b"3", Hop(UDP, HOST, 9))]
    poke(odd)
    await until(lambda: machine.fed)
    odd.full = False
    await until(lambda: len(odd.sent) == 2)
    assert odd.sent == [b"1", b"3"]
    assert machine.counters.dropped == {"unsendable": 1}


async def test_an_icmp_error_is_counted_and_reading_goes_on(odd: OddSocket, machine: Machine) -> None:
    odd.refusals = 2
    poke(odd, b"after")
    await until(lambda: machine.fed)
    assert machine.fed == [b"after"]
    assert machine.counters.dropped == {"refused by peer": 2}


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize(
    "unsendable",
    [
        Send(b"x" * 70_000, Hop(UDP, HOST, 9)),
        Send(b"x", Hop(UDP, HOST, 70_000)),
        Send(b"x", Hop(UDP, "::1", 9)),
        Send(b"x", Hop(UDP, "255.255.255.255", 9)),
    ],
    ids=["oversize", "port", "family", "not allowed"],
)
async def test_what_cannot_be_sent_is_counted_and_the_rest_goes_out(
    unsendable: Send, peer: socket.socket, machine: Machine
) -> None:
    machine.orders = [unsendable, Send(b"next", Hop(UDP, *peer.getsockname()))]
    peer.send(b"go")
    await until(lambda: machine.fed)
    assert peer.recv(100) == b"next"
    assert machine.counters.dropped == {"unsendable": 1}


@pytest.mark.usefixtures("port")
async def test_the_largest_datagram_passes_whole(peer: socket.socket, machine: Machine) -> None:
    largest = b"x" * 65_507
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, udp.BUFFER)
    machine.orders = [Send(largest, Hop(UDP, *peer.getsockname()))]
    peer.send(largest)
    await until(lambda: machine.fed)
    assert machine.fed == [largest]
    assert peer.recv(70_000) == largest


async def test_close_gives_the_port_back_and_stops_the_timer(machine: Machine, recorder: Recorder) -> None:
    bound = bound_socket(HOST, 0)
    number = bound.getsockname()[1]
    port = UdpPort(bound, machine, FixedClock(EPOCH), recorder)
    with pytest.raises(OSError, match="in use"):
        bound_socket(HOST, number)
    machine.deadline = time.monotonic() + 0.02
    poke(bound)
    await until(lambda: machine.fed)
    port.close()
    bound_socket(HOST, number).close()
    await asyncio.sleep(0.03)
    assert machine.ticks == []


def test_a_socket_of_version_six() -> None:
    try:
        bound = bound_socket("::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with bound:
        assert bound.getsockname()[0] == "::1"
        assert not bound.getblocking()
