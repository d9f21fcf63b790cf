"""The socket of the proxy: real datagrams over loopback, a machine that only writes down what it is fed."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from ports import free_port

from proxy.runtime import udp
from proxy.runtime.udp import BATCH, WAITING_MOST, bound_socket
from proxy.sip.hop import UDP, Hop
from proxy.sip.wire import Send
from tests.runtime.sockets import (
    EPOCH,
    HOST,
    PATIENCE,
    Machine,
    OddSocket,
    Recorder,
    around,
    poke,
    until,
)


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
    steps: list[int] = []
    end = time.monotonic() + PATIENCE
    while steps != [BATCH, BATCH, 5]:  # it takes a kernel that had all of them there at once
        assert time.monotonic() < end, steps
        steps.clear()
        machine.fed.clear()
        for data in wanted:
            peer.send(data)
        while len(machine.fed) < len(wanted):
            assert time.monotonic() < end
            before = len(machine.fed)
            await asyncio.sleep(0)
            if len(machine.fed) > before:
                steps.append(len(machine.fed) - before)
        assert machine.fed == wanted
        assert max(steps) <= BATCH


@pytest.mark.usefixtures("port")
async def test_orders_leave_in_their_order_from_the_bound_port(peer: socket.socket, machine: Machine) -> None:
    host, number = peer.getsockname()
    machine.orders = [Send(b"%d" % count, Hop(UDP, host, number)) for count in range(20)]
    peer.send(b"go")
    await until(lambda: not machine.orders)
    assert [peer.recv(100) for _ in range(20)] == [b"%d" % count for count in range(20)]  # connected: from there only


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
    number = free_port()
    bound = bound_socket(HOST, number)
    port = around(bound, machine, recorder)
    with pytest.raises(OSError, match="in use"):
        bound_socket(HOST, number)
    machine.deadline = time.monotonic() + 0.1
    poke(bound)
    await until(lambda: machine.fed)
    port.stop()
    before = list(machine.ticks)  # some only when all this took longer
    bound_socket(HOST, number).close()
    await asyncio.sleep(0.15)
    assert machine.ticks == before


def test_a_socket_of_version_six() -> None:
    try:
        bound = bound_socket("::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with bound:
        assert bound.getsockname()[0] == "::1"
        assert not bound.getblocking()
