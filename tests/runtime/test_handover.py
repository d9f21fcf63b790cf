"""One hop between workers: with the source, in order, kept while the other end is full or gone, and never further."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from proxy.b2bua.counters import Counters
from proxy.runtime import handover
from proxy.runtime.handover import NO_ROOM, Handover, Sorter, first_connection, pair, worker_of
from proxy.runtime.worker_marks import Marks, mark_of
from proxy.sip.hop import TLS, UDP, Hop
from tests.runtime.sockets import until

SOURCE = Hop(UDP, "2001:db8::7", 5070, 3)


class Around:
    """What was fed, with where it came from."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.fed_with: list[tuple[bytes, Hop]] = []
        self.lost: list[bytes] = []

    def fed(self, data: bytes, source: Hop) -> None:
        self.fed_with.append((data, source))

    def undelivered(self, data: bytes) -> None:
        self.lost.append(data)

    def receive(self, data: bytes, source: Hop, now: float, epoch: float) -> None:
        assert (now, epoch) == (1.0, 2.0)
        self.fed(data, source)


class Pairs:
    """The sockets of two workers, as a supervisor keeps them."""

    def __init__(self) -> None:
        self.ends = [pair(), pair()]

    def worker(self, number: int, around: Around) -> Handover:
        """One worker with files of its own for them."""
        return Handover(number, self.ends[number][0].dup(), [write.dup() for _, write in self.ends], around)

    def close(self) -> None:
        for ends in self.ends:
            for end in ends:
                end.close()


@pytest.fixture
async def pairs() -> AsyncIterator[Pairs]:
    made = Pairs()
    yield made
    made.close()


async def test_a_message_arrives_with_its_source_and_listener(pairs: Pairs) -> None:
    near, far = Around(), Around()
    one, two = pairs.worker(0, near), pairs.worker(1, far)
    sent = [b"", b"INVITE " + bytes(range(256)), b"x" * 65000]
    for data in sent:
        assert one.pass_on(1, data, SOURCE)
    await until(lambda: len(far.fed_with) == 3)
    assert [data for data, _ in far.fed_with] == sent
    source = far.fed_with[0][1]
    assert (source.host, source.port, source.listener, source.transport) == ("2001:db8::7", 5070, 3, UDP)
    assert all(hop is source for _, hop in far.fed_with)
    assert near.fed_with == []
    assert (one.hops, two.hops) == (3, 0)
    one.close()
    two.close()


async def test_what_was_sent_to_a_worker_that_is_gone_waits_for_the_next_one(pairs: Pairs) -> None:
    one = pairs.worker(0, Around())
    pairs.worker(1, Around()).close()
    assert one.pass_on(1, b"waits", SOURCE)
    after = Around()
    two = pairs.worker(1, after)
    await until(lambda: after.fed_with)
    assert after.fed_with[0][0] == b"waits"
    one.close()
    two.close()


async def test_what_a_full_socket_does_not_take_waits_in_order_and_too_much_is_counted(
    pairs: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "WAITING_MOST", 50)
    near, far = Around(), Around()
    one = pairs.worker(0, near)
    sorter = Sorter(near, Marks(2), one)
    message = b"BYE sip:x SIP/2.0\r\nTo: <sip:y>;tag=" + mark_of(1) + b"\r\n\r\n"
    count = 0
    while not near.counters.dropped:
        sorter.receive(message + b"%06d" % count, SOURCE, 1.0, 2.0)
        count += 1
    assert near.counters.dropped == {NO_ROOM: 1}
    two = pairs.worker(1, far)
    await until(lambda: len(far.fed_with) == count - 1)
    assert [data[-6:] for data, _ in far.fed_with] == [b"%06d" % number for number in range(count - 1)]
    one.pass_on(1, b"again", SOURCE)  # straight, now that nothing waits
    await until(lambda: far.fed_with[-1][0] == b"again")
    one.close()
    two.close()


async def test_sorting_keeps_what_is_ours_and_passes_on_the_rest(pairs: Pairs) -> None:
    near, far = Around(), Around()
    one, two = pairs.worker(0, near), pairs.worker(1, far)
    sorter = Sorter(near, Marks(2), one)
    for worker in (0, 1, 1, 0):
        sorter.receive(b"BYE sip:x SIP/2.0\r\nTo: <sip:y>;tag=" + mark_of(worker) + b"\r\n\r\n", SOURCE, 1.0, 2.0)
    await until(lambda: len(far.fed_with) == 2)
    assert len(near.fed_with) == 2
    assert near.fed_with[0][1] is SOURCE
    one.close()
    two.close()


async def test_closing_with_something_left_leaves_no_file_behind(pairs: Pairs) -> None:
    one = pairs.worker(0, Around())
    while not one._waiting:  # the socket is full from here on
        one.pass_on(1, b"x" * 60000, SOURCE)
    one.close()
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="Bad file descriptor"):
        one._inbox.send(b"x")
    assert isinstance(pairs.ends[0][0], socket.socket)


class Connections:
    """Those of one worker, of which one is left."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.said: list[bytes] = []

    def say(self, connection: int, data: bytes) -> bool:
        if connection != self.left:
            return False
        self.said.append(data)
        return True


async def test_what_came_over_a_connection_is_answered_on_it(pairs: Pairs) -> None:
    near, far = Around(), Around()
    one, two = pairs.worker(0, near), pairs.worker(1, far)
    here = first_connection(0, 12.5) + 1
    one.connections = connections = Connections(here)
    source = Hop(TLS, "192.0.2.7", 5070, 2, here, "", "vms.example, vms")
    sorter = Sorter(near, Marks(2), one, streams=True)
    inside = b"BYE sip:x SIP/2.0\r\nTo: <sip:y>;tag=" + mark_of(1) + b"\r\n\r\n"
    fresh = [b"INVITE sip:061234567%d@x SIP/2.0\r\nTo: <sip:y>\r\n\r\n" % number for number in range(10)]
    for data in (inside, *fresh):
        sorter.receive(data, source, 1.0, 2.0)
    assert [data for data, _ in near.fed_with] == fresh  # new calls stay where their connection is
    await until(lambda: far.fed_with)
    data, hop = far.fed_with[0]
    assert data == inside
    assert (hop.transport, hop.host, hop.port, hop.listener) == (TLS, "192.0.2.7", 5070, 2)
    assert (hop.connection, hop.peer, hop.reliable) == (here, "vms.example, vms", True)
    assert two.say(hop.connection, b"SIP/2.0 200 OK")
    await until(lambda: connections.said)
    assert connections.said == [b"SIP/2.0 200 OK"]
    assert two.say(here + 1, b"too late")  # that connection is gone: whoever sent it hears so
    await until(lambda: far.lost)
    assert far.lost == [b"too late"]
    assert not two.say(first_connection(1, 3.0) + 1, b"our own")
    assert not two.say(5 << 52, b"of nobody")
    one.close()
    two.close()


def test_numbers_of_connections_do_not_come_twice() -> None:
    numbers = [first_connection(worker, now) for worker in (0, 1, 63) for now in (0.5, 1.0, 86_400.0)]
    assert len(set(numbers)) == len(numbers)
    assert [worker_of(one + 1) for one in numbers] == [0, 0, 0, 1, 1, 1, 63, 63, 63]
    assert max(numbers) < 1 << 62
