"""The law of the engine: one input, then its orders, then its next deadline; what the ledger says goes in too."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from proxy.b2bua.outputs import CallRecord, Count, Fault, Fetch, RefusalHeard, Release
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.clock import FixedClock
from proxy.runtime.queue_delay import NEVER
from proxy.runtime.transports import Transports
from proxy.runtime.udp import bound_socket
from proxy.sip.hop import TCP, UDP, Hop
from proxy.sip.wire import Send
from tests.runtime.sockets import (
    EPOCH,
    HOST,
    INQUIRY,
    PATIENCE,
    Desk,
    Machine,
    Recorder,
    around,
    until,
)

PLATFORM = Hop(UDP, HOST, 5070)
CARRIER = Hop(UDP, HOST, 5080)
BY_TCP = Hop(TCP, HOST, 5070)
TRYING = b"SIP/2.0 100 Trying\r\n"


class Sent:
    """A way that only writes down what is sent, in its order."""

    def __init__(self) -> None:
        self.data: list[bytes] = []

    def send(self, order: Send) -> None:
        self.data.append(order.data)

    def close(self) -> None:
        self.data.append(b"closed")


@pytest.fixture
def way() -> Sent:
    return Sent()


@pytest.fixture
async def written(way: Sent, machine: Machine, recorder: Recorder) -> Transports:
    """Transports whose only way writes down."""
    transports = Transports(machine, FixedClock(EPOCH), recorder)
    transports.ways.append(way)
    return transports


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
    port: Transports, peer: socket.socket, machine: Machine, recorder: Recorder
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
    port: Transports, peer: socket.socket, machine: Machine
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


async def test_an_attempt_that_was_counted_for_nobody_is_released(port: Transports, machine: Machine) -> None:
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
    port = around(bound_socket(HOST, 0), machine, recorder)
    port.use_ledger(desk)
    port.stop()
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


async def test_the_invites_of_a_turn_leave_before_the_100_of_each(
    written: Transports, way: Sent, machine: Machine
) -> None:
    for call in (b"1", b"2"):
        machine.orders = [Send(TRYING + call, PLATFORM), Send(b"INVITE " + call, CARRIER)]
        written.flush()
    assert way.data == [b"INVITE 1", b"INVITE 2"]
    written.arm()
    written.arm()
    assert way.data[2:] == [TRYING + b"1", TRYING + b"2"]


async def test_a_100_leaves_before_what_else_goes_to_its_place(
    written: Transports, way: Sent, machine: Machine
) -> None:
    machine.orders = [Send(TRYING, PLATFORM), Send(b"INVITE 1", CARRIER), Send(b"SIP/2.0 503", PLATFORM)]
    written.flush()
    assert way.data == [b"INVITE 1", TRYING, b"SIP/2.0 503"]
    machine.orders = [Send(TRYING, PLATFORM), Send(b"INVITE 2", CARRIER)]
    written.flush()
    machine.orders = [Send(b"SIP/2.0 180", PLATFORM)]
    written.flush()
    written.arm()
    assert way.data[3:] == [b"INVITE 2", TRYING, b"SIP/2.0 180"]


@pytest.mark.parametrize(
    "orders",
    [
        [Send(TRYING, PLATFORM)],
        [Send(b"SIP/2.0 200", PLATFORM), Send(b"BYE", CARRIER)],
        [Send(TRYING, BY_TCP), Send(b"INVITE", CARRIER)],  # on a stream
        [Send(b"INVITE", CARRIER), Send(TRYING, PLATFORM)],
    ],
)
async def test_what_is_no_100_before_an_invite_leaves_at_once(
    written: Transports, way: Sent, machine: Machine, orders: list[Send]
) -> None:
    machine.orders = list(orders)
    written.flush()
    assert way.data == [order.data for order in orders]


async def test_a_stop_sends_what_was_held(written: Transports, way: Sent, machine: Machine) -> None:
    machine.orders = [Send(TRYING, PLATFORM), Send(b"INVITE", CARRIER)]
    written.stop()
    assert way.data == [b"INVITE", TRYING, b"closed"]


def ending(answered_at: float, status: int) -> CallRecord:
    """The end of a call."""
    return CallRecord(
        "d1", "acme", "", "vms", "carrier-1", "+33140000000", EPOCH, 0.0, answered_at, EPOCH, status, "b", "",
        b"a@h", b"b@h", "out", 7,
    )  # fmt: skip


class Kept:
    """Keeps what it is told in the order of all."""

    def __init__(self, told: list[object]) -> None:
        self.told = told

    def put(self, record: object) -> None:
        self.told.append(record)

    def over(self, number: int) -> None:
        self.told.append(number)


@pytest.mark.parametrize(
    ("record", "last"), [(ending(0.0, 486), True), (ending(EPOCH, 200), False), (ending(0.0, 202), False)]
)
async def test_the_end_of_a_call_that_nobody_answered_is_written_when_the_wire_knows_it(
    machine: Machine, record: CallRecord, last: bool
) -> None:
    told: list[object] = []
    transports = Transports(machine, FixedClock(EPOCH), Kept(told))

    class Written(Sent):
        def send(self, order: Send) -> None:
            told.append(order.data)

    transports.ways.append(Written())
    transports.keep_by(Kept(told))
    machine.outputs, machine.orders = [record], [Send(b"final", PLATFORM)]
    transports.flush()
    assert told == ([b"final", record, 7] if last else [record, b"final"])
