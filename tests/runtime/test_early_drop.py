"""The filter in the kernel, on real sockets: what it drops, and that it drops nothing else."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from proxy.runtime.early_drop import MOST_HOSTS, EarlyDrop, program
from proxy.runtime.udp import bound_socket

REST = b" SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1\r\n\r\n"
COUNT = 400
MARK = b"end"
PATIENCE = 30.0
FLOOD = b"INVITE sip:+33612345678@edge.example.net"


class Pair:
    """A socket with its filter, and somebody who sends to it."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.read = bound_socket(host, 0)
        self.send = socket.socket(self.read.family, socket.SOCK_DGRAM)
        self.send.connect(self.read.getsockname()[:2])
        self.drop = EarlyDrop(self.read)

    def passed(self, data: bytes, count: int = 20) -> int:
        """How many of so many arrive: before the next one, which is too short to be dropped."""
        arrived = 0
        for _ in range(count):
            self.send.send(data)
            self.send.send(MARK)
            while self.next() != MARK:
                arrived += 1
        return arrived

    def next(self) -> bytes:
        """What comes next."""
        assert select.select([self.read], [], [], PATIENCE)[0]
        return self.read.recv(2000)


@pytest.fixture(params=["127.0.0.1", "::1"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    try:
        made = Pair(request.param)
    except OSError:
        pytest.skip("this machine has no such address")
    if not made.drop.works:
        pytest.skip("this kernel has no socket filters")
    yield made
    made.read.close()
    made.send.close()


@pytest.mark.parametrize("user", [b"sip:+33612345678@e", b"sip:0612345678@e", b"sip:+262262123456;npdi@e"])
def test_a_part_of_the_new_calls_of_a_host_is_dropped(pair: Pair, user: bytes) -> None:
    pair.drop.use({pair.host: 0.5, "192.0.2.9": 1.0, "2001:db8::9": 1.0})
    arrived = pair.passed(b"INVITE " + user + REST, COUNT)
    assert 0.3 * COUNT < arrived < 0.7 * COUNT


def test_a_host_that_is_not_named_loses_nothing(pair: Pair) -> None:
    pair.drop.use({"192.0.2.9": 1.0, "2001:db8::9": 1.0})
    assert pair.passed(FLOOD + REST) == 20


@pytest.mark.parametrize(
    "start",
    [b"INVITE sip:112@edge", b"INVITE sip:+33112@edge", b"INVITE sip:0033116117@e", b"INVITE sip:+33116117@e",
     b"INVITE urn:service:sos", b"INVITE tel:+33612345678", b"INVITE sip:10.0.0.1:5060", b"INVITE sip:w0000001@10.0.0.1",
     b"INVITE sips:+33612345678@e", b"ACK sip:+33612345678@e", b"BYE sip:+33612345678@e", b"CANCEL sip:+33612345678@e",
     b"MESSAGE sip:+33612345678@e", b"OPTIONS sip:+33612345678@e", b"SIP/2.0 200 OK"],
)  # fmt: skip
def test_nothing_else_is_ever_dropped(pair: Pair, start: bytes) -> None:
    pair.drop.use({pair.host: 1.0})
    assert pair.passed(FLOOD + REST) == 0
    assert pair.passed(start + REST) == 20


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"INVITE", b"INVITE sip:+336123456"])
def test_what_is_too_short_passes(pair: Pair, data: bytes) -> None:
    pair.drop.use({pair.host: 1.0})
    assert pair.passed(data) == 20


def test_without_hosts_there_is_no_filter(pair: Pair) -> None:
    pair.drop.use({pair.host: 1.0})
    pair.drop.use({})
    assert pair.passed(FLOOD + REST) == 20


def test_what_another_left_is_taken_away(pair: Pair) -> None:
    pair.drop.use({pair.host: 1.0})
    EarlyDrop(pair.read)
    assert pair.passed(FLOOD + REST) == 20


def test_a_program_has_room_for_so_many_hosts() -> None:
    hosts = {f"2001:db8::{number:x}": 0.5 for number in range(2 * MOST_HOSTS)}
    assert program(hosts, socket.AF_INET) == []
    assert len(program(hosts, socket.AF_INET6)) < 4096
    assert len(program(hosts, socket.AF_INET6)) > 8 * MOST_HOSTS


def test_where_there_are_no_filters_nothing_is_tried() -> None:
    class Plain(socket.socket):
        def setsockopt(self, *_: object) -> None:
            raise OSError("no such option")

    with Plain(socket.AF_INET, socket.SOCK_DGRAM) as bare:
        drop = EarlyDrop(bare)
        assert not drop.works
        drop.use({"127.0.0.1": 0.5})
