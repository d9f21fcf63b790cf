"""What nodes tell each other of their calls: nothing twice, nothing for ever, and no message can break it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.b2bua.capacity import Capacity
from proxy.runtime import shared_meters
from proxy.runtime.node_limits import ENTRY, GONE, HEAD, VERSION, WHOLE, NodeLimits, Unreadable
from proxy.runtime.shared_meters import SharedMeters, key_of, made

FEW = (0.0, 3)  # calls at once
SLOW = (10.0, 0)  # calls per second
NONE = (0.0, 0)


class Node:
    """What one node counts, and what it knows of others."""

    def __init__(self, name: str, meters: SharedMeters) -> None:
        self.meters = meters
        self.capacity = Capacity()
        self.capacity.share(meters)
        self.limits = NodeLimits(meters, name)

    def takes(self, customer: str, limits: tuple[float, int], now: float) -> bool:
        """Whether one more call passes; then it is counted."""
        if self.capacity.look(customer, limits, "vms", NONE, now).over:
            return False
        self.capacity.begin(customer, "vms", now)
        return True


@pytest.fixture
def three() -> Iterator[list[Node]]:
    with ExitStack() as stack:
        found = [Node(name, SharedMeters(made(1), 1, 0)) for name in ("edge-1", "edge-2", "édge-3")]
        for one in found:
            stack.callback(one.meters.close)
        yield found


def speak(nodes: list[Node], now: float) -> None:
    """Everybody says what is new, and everybody hears it."""
    for one in nodes:
        message = one.limits.news(now)
        for other in nodes if message else ():
            other.limits.heard(message, now)


def test_a_limit_holds_over_all_nodes(three: list[Node]) -> None:
    assert [one.takes("acme", FEW, 1.0) for one in three] == [True] * 3
    assert [one.capacity.look("acme", FEW, "vms", NONE, 1.0).over for one in three] == [""] * 3
    speak(three, 1.0)
    assert [one.takes("acme", FEW, 1.0) for one in three] == [False] * 3
    assert [one.limits.nodes for one in three] == [2] * 3
    three[1].capacity.end("acme", "vms")
    speak(three, 1.2)
    assert three[0].takes("acme", FEW, 1.2)
    assert not three[0].takes("acme", FEW, 1.2)


def test_what_has_no_limit_is_not_told(three: list[Node]) -> None:
    first = three[0]
    first.limits.news(0.0)
    first.capacity.node.set(9.0, 9)  # the node's own
    assert first.takes("acme", NONE, 1.0)
    assert first.limits.news(1.0) == b""
    assert first.takes("acme", FEW, 1.0)
    assert len(first.limits.news(1.1)) == HEAD.size + len("edge-1") + ENTRY.size
    assert first.limits.news(1.2) == b""
    assert first.capacity.look("acme", NONE, "vms", NONE, 1.3).over == ""  # the limit is taken away
    for _ in range(2):
        first.capacity.end("acme", "vms")
    assert first.limits.news(1.3)[HEAD.size + len("edge-1") :] == ENTRY.pack(key_of("customer acme"), 0, 0)
    assert first.limits.news(1.4) == b""


def test_a_rate_is_one_bucket_over_all_nodes(three: list[Node]) -> None:
    passed = 0
    for step in range(3000):  # a minute, each node asked five times as often as all may pass
        now = 100.0 + step / 50
        passed += three[step % 3].takes("acme", SLOW, now)
        if step % 10 == 0:
            speak(three, now)
    assert 590 <= passed <= 640


def test_a_rate_that_is_passed_in_between_is_made_up_for(three: list[Node]) -> None:
    speak(three, 50.0)
    assert sum(one.takes("acme", SLOW, 50.0) for one in three for _ in range(20)) == 30  # nobody knew of the others
    speak(three, 50.1)
    assert not any(one.takes("acme", SLOW, 51.0) for one in three)
    assert three[0].takes("acme", SLOW, 52.2)


def test_a_node_that_falls_silent_counts_no_more(three: list[Node]) -> None:
    for _ in range(3):
        assert three[0].takes("acme", FEW, 1.0)
    speak(three, 1.0)
    three[1].limits.forget(1.0 + GONE)
    assert not three[1].takes("acme", FEW, 2.0)
    three[1].limits.forget(1.1 + GONE)
    assert three[1].limits.nodes == 0
    assert three[1].takes("acme", FEW, 2.0)


def test_what_was_lost_is_made_up_for_by_the_next_whole_message(three: list[Node]) -> None:
    first, second, _ = three
    speak(three, 0.0)
    for _ in range(3):
        assert first.takes("acme", FEW, 1.0)
    assert first.limits.news(1.0)  # nobody heard it
    speak(three, 1.1)
    assert second.capacity.look("acme", FEW, "vms", NONE, 1.1).over == ""
    speak(three, WHOLE)
    assert second.capacity.look("acme", FEW, "vms", NONE, WHOLE).over == "customer"
    for _ in range(3):
        first.capacity.end("acme", "vms")
    assert first.limits.news(WHOLE + 0.1)  # nor this
    speak(three, 2 * WHOLE)
    assert second.capacity.look("acme", FEW, "vms", NONE, 2 * WHOLE).over == ""


def test_workers_of_a_node_are_told_of_as_one() -> None:
    first = made(2)
    meters = [SharedMeters(first, 2, 0), SharedMeters(made(1), 1, 0)]
    node, other = Node("edge-1", meters[0]), Node("edge-2", meters[1])
    place = meters[0].place("customer acme")
    meters[0].limit(place, 0.0, 3)
    meters[0]._whole[meters[0]._rows[1] + place] = 2  # as the other worker writes it
    assert node.takes("acme", FEW, 1.0)
    other.limits.heard(node.limits.news(1.0), 1.0)
    assert not other.takes("acme", FEW, 1.0)
    meters[0].clear(1)  # it died
    other.limits.heard(node.limits.news(1.2), 1.2)
    assert other.takes("acme", FEW, 1.2)
    for one in meters:
        one.close()


def test_a_process_that_takes_over_tells_only_what_is_new() -> None:
    meters = SharedMeters(made(1), 1, 0)
    before = Node("edge-1", meters)
    assert before.takes("acme", SLOW, 1.0)
    after = NodeLimits(meters, "edge-1")
    assert after.news(1.0)[HEAD.size + len("edge-1") :] == ENTRY.pack(key_of("customer acme"), 1, 0)
    meters.close()


def test_names_without_room_are_counted(three: list[Node], monkeypatch: pytest.MonkeyPatch) -> None:
    assert three[0].takes("acme", FEW, 1.0)
    message = three[0].limits.news(1.0)
    monkeypatch.setattr(shared_meters, "MOST", 0)
    three[1].limits.heard(message, 1.0)
    assert three[1].limits.unplaced == 1


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"\x01", "no whole message"),
        (HEAD.pack(VERSION, 1, 1) + b"x" + bytes(ENTRY.size - 1), "no whole message"),
        (HEAD.pack(VERSION + 1, 1, 1) + b"x", "version 2"),
    ],
)
def test_what_is_no_message_is_refused(three: list[Node], message: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        three[0].limits.heard(message, 1.0)
    assert three[0].limits.nodes == 0


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    meters = SharedMeters(made(1), 1, 0)
    limits = NodeLimits(meters, "edge-1")
    with suppress(Unreadable):
        limits.heard(message, 1.0)
        assert limits.nodes <= 1
    limits.forget(2.0 + GONE)
    assert limits.nodes == 0
    assert not any(meters.live(place) for place in range(len(message)))
    meters.close()
