"""The kernel's choice of socket, tried with real datagrams: what `worker_marks` says, at once."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from proxy.runtime.kernel_sorting import program, sort_by_owner
from proxy.runtime.socket_program import CODE
from proxy.runtime.worker_marks import Marks, mark_of
from tests.runtime.sockets import HOST

MOST_INSTRUCTIONS = 4096  # BPF_MAXINSNS
PATIENCE = 30.0


@pytest.fixture(params=[2, 3, 8])
def sockets(request: pytest.FixtureRequest) -> Iterator[list[socket.socket]]:
    """As many sockets on one address as there are workers."""
    with ExitStack() as stack:
        opened: list[socket.socket] = []
        for _ in range(request.param):
            one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(opened[0].getsockname() if opened else (HOST, 0))
            one.settimeout(PATIENCE)
            opened.append(one)
        assert sort_by_owner(opened[0], len(opened))
        yield opened


def usual(chance: random.Random, workers: int) -> Iterator[bytes]:
    """Messages in the forms of nearly all traffic."""
    number, mark = b"%09d" % chance.randrange(10**9), mark_of(chance.randrange(workers))
    for user in (b"+33" + number, b"0" + number, b"0033" + number):
        for method in (b"INVITE", b"CANCEL", b"ACK", b"MESSAGE"):
            yield b"%b sip:%b@10.0.0.1:5060 SIP/2.0\r\nTo: <sip:%b@10.0.0.1>\r\n\r\n" % (method, user, user)
    for method in (b"ACK", b"BYE", b"INVITE", b"UPDATE"):
        yield b"%b sip:%b@10.0.0.1 SIP/2.0\r\nTo: <sip:b@h>;tag=%babc\r\n\r\n" % (method, mark, mark)
    for status in (b"100 Trying", b"200 OK", b"183 Session Progress", b"487 Request Terminated"):
        for more in (
            b"rport=5060;received=192.0.2.1;branch=z9hG4bK%b1f",
            b"rport;branch=z9hG4bK%b1f;received=192.0.2.1",
        ):
            via = b"Via: SIP/2.0/UDP 192.0.2.10:5060;" + more % mark
            yield b"SIP/2.0 " + status + b"\r\n" + via + b"\r\nTo: <sip:b@h>;tag=x\r\n\r\n"


def test_each_datagram_goes_straight_to_its_owner(sockets: list[socket.socket]) -> None:
    chance, marks = random.Random(7), Marks(len(sockets))
    reached = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for _ in range(20):
            for data in usual(chance, len(sockets)):
                peer.sendto(data, sockets[0].getsockname())
                wanted = marks.owner(data)
                assert sockets[wanted].recv(2000) == data
                reached.add(wanted)
    assert len(reached) == len(sockets)


def test_what_cannot_be_read_arrives_too(sockets: list[socket.socket]) -> None:
    odd = [
        b"",
        b"x",
        b"\r\n\r\n",
        b"SIP/",
        b"SIP/2.0 200 OK\r\n",
        b"OPTIONS sip:h SIP/2.0\r\n\r\n" + b"x" * 200,
        b"@" * 300,
    ]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for data in odd[:-1]:
            peer.sendto(data, sockets[0].getsockname())
            assert sockets[0].recv(2000) == data  # the first worker's, as `worker_marks` has it
        peer.sendto(odd[-1], sockets[0].getsockname())
        for one in sockets:
            one.setblocking(False)
        arrived = 0
        while not arrived:
            for one in sockets:
                try:
                    arrived += one.recv(2000) == odd[-1]
                except BlockingIOError:
                    continue


def test_the_program_fits_and_only_jumps_forwards() -> None:
    codes = program(64)
    assert len(codes) < MOST_INSTRUCTIONS
    assert all(len(CODE.pack(*one)) == 8 for one in codes)


def test_a_socket_that_cannot_be_sorted_says_so() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        assert not sort_by_owner(other, 2)
