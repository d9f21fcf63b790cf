"""What a bad wire does to datagrams."""

from __future__ import annotations

import socket
import time
from collections import Counter

from stage import HOST

from tests.chaos.bad_wire import BadWire

MANY = 120  # as many fit into the queue of a socket
PATIENCE = 30.0


def carried(lost: float, doubled: float, late: float) -> tuple[list[bytes], BadWire]:
    """Many datagrams through such a wire, in the order in which they come; the peer answers the first."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller,
    ):
        peer.bind((HOST, 0))
        peer.settimeout(PATIENCE)
        with BadWire(peer.getsockname()[1], 3, lost, doubled, late) as wire:
            for number in range(MANY):
                caller.sendto(b"%d" % number, (HOST, wire.front))
            found: list[bytes] = []
            end = time.monotonic() + PATIENCE
            while wire.carried < MANY:
                assert time.monotonic() < end
                time.sleep(0.01)
            while len(found) < MANY - wire.lost + wire.doubled:
                data, source = peer.recvfrom(100)
                found.append(data)
            if not lost:
                peer.sendto(b"answer", source)
                caller.settimeout(PATIENCE)
                assert caller.recv(100) == b"answer"
        return found, wire


def test_a_good_wire_carries_all_in_their_order_and_the_answer_back() -> None:
    found, wire = carried(0.0, 0.0, 0.0)
    assert found == [b"%d" % number for number in range(MANY)]
    assert (wire.lost, wire.doubled, wire.late) == (0, 0, 0)


def test_a_bad_wire_loses_doubles_and_reorders() -> None:
    found, wire = carried(0.1, 0.1, 0.2)
    counts = Counter(found)
    assert MANY - len(counts) == wire.lost > 0
    assert sum(counts.values()) - len(counts) == wire.doubled > 0
    assert found != sorted(found, key=int)
