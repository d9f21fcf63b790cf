"""How long a datagram waited is told to the gate, and the gate's wish to the kernel."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator

import pytest

from proxy.runtime.queue_delay import EVERY, RENEWED, QueueDelay
from proxy.runtime.udp import bound_socket

FLOOD = b"INVITE sip:+33612345678@edge.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1\r\n\r\n"
TARGET = 0.05
WAITED = 0.05
PATIENCE = 20.0


class FakeGate:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.filtered = False
        self.drops: dict[str, float] = {}
        self.unseen: dict[int, int] = {}
        self.target = TARGET
        self.told: list[tuple[int, float]] = []

    def observe(self, port: int, delay: float, now: float) -> None:
        self.told.append((port, delay))


def received(read: socket.socket) -> bytes:
    """The next datagram, as soon as the kernel has it there."""
    assert select.select([read], [], [], PATIENCE)[0]
    return read.recv(2000)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    read = bound_socket("127.0.0.1", 0)
    send = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    send.connect(read.getsockname())
    yield read, send
    read.close()
    send.close()


def test_the_delay_is_that_of_what_was_read(ends: tuple[socket.socket, socket.socket]) -> None:
    read, send = ends
    gate = FakeGate()
    watch = QueueDelay(read, gate, 3)
    end = time.monotonic() + PATIENCE
    # the first look asks for time stamps; the kernel begins with them a little later
    while not gate.told or gate.told[-1][1] < WAITED:
        assert time.monotonic() < end, gate.told
        send.send(b"datagram")
        time.sleep(WAITED)
        received(read)
        assert watch.look(1.0) == 1.0 + EVERY
    port, delay = gate.told[-1]
    assert port == 3
    assert delay < 60.0


def test_before_anything_was_read_nothing_is_told(ends: tuple[socket.socket, socket.socket]) -> None:
    gate = FakeGate()
    assert QueueDelay(ends[0], gate, 0).look(2.0) == 2.0 + EVERY
    assert gate.told == []


def test_a_buffer_that_fills_up_counts_as_delay(ends: tuple[socket.socket, socket.socket]) -> None:
    read, send = ends
    read.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20_000)
    gate = FakeGate()
    watch = QueueDelay(read, gate, 0)
    for _ in range(100):
        send.send(bytes(900))
    received(read)
    watch.look(0.0)
    for _ in range(2):
        send.send(bytes(900))
    received(read)
    watch.look(0.1)
    assert gate.told[-1][1] > TARGET
    assert gate.unseen[0] > 50


def test_what_the_gate_wants_dropped_is_dropped_until_it_wants_it_no_more(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    read, send = ends
    gate = FakeGate()
    watch = QueueDelay(read, gate, 0)
    if not gate.filtered:
        pytest.skip("this kernel has no socket filters")
    send.send(b"now")
    received(read)
    watch.look(0.0)
    gate.drops = {"127.0.0.1": 1.0}
    watch.look(1.0)
    send.send(FLOOD)
    with pytest.raises(BlockingIOError):
        read.recv(2000)
    gate.drops = {"127.0.0.1": 0.0}
    watch.look(1.0 + RENEWED / 2)  # not yet
    send.send(FLOOD)
    with pytest.raises(BlockingIOError):
        read.recv(2000)
    watch.look(1.0 + RENEWED)
    send.send(FLOOD)
    assert received(read) == FLOOD
    gate.drops = {"127.0.0.1": 1.0}
    watch.look(2.0)
    gate.drops = {}
    watch.look(2.1)
    send.send(FLOOD)
    assert received(read) == FLOOD
    assert gate.unseen[0] == 2
