"""Datagrams by the compiled half and by socket objects: the same, each."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from ports import free_port

from proxy.runtime import datagrams as module
from proxy.runtime.datagrams import COMPILED, LARGEST, ByObject, Compiled, Datagrams, datagrams
from proxy.runtime.udp import bound_socket
from proxy.sip.hop import UDP, Hop
from proxy.sip.wire import Send
from tests.runtime.native import built_module

HOST = "127.0.0.1"
PATIENCE = 30.0


def here(host: str, port: int) -> Hop:
    return Hop(UDP, host, port, 3)


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The compiled half: of the package, else built here."""
    return built_module("datagrams", COMPILED, tmp_path_factory.mktemp("native"))


@pytest.fixture(params=["compiled", "by object"])
def made(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[socket.socket], Datagrams]:  # fmt: skip
    if request.param == "by object":
        return lambda bound: ByObject(bound, here)
    monkeypatch.setattr(module, "_datagrams", request.getfixturevalue("native"), raising=False)
    return lambda bound: Compiled(bound, here)


@pytest.fixture(params=[HOST, "::1"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    try:
        ours, theirs = bound_socket(request.param, 0), bound_socket(request.param, 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    yield ours, theirs
    ours.close()
    theirs.close()


Pair = tuple[socket.socket, socket.socket]
Made = Callable[[socket.socket], Datagrams]


def all_of(one: Datagrams, count: int) -> list[tuple[bytes, Hop]]:
    found: list[tuple[bytes, Hop]] = []
    end = time.monotonic() + PATIENCE
    while len(found) < count:
        assert time.monotonic() < end
        found += one.receive(64)
    return found


def test_datagrams_come_in_order_with_their_sources(made: Made, pair: Pair) -> None:
    ours, theirs = pair
    one = made(ours)
    assert one.receive(64) == []
    sent = [b"%d" % number * (number % 9) for number in range(150)]
    for data in sent:
        theirs.sendto(data, ours.getsockname())
    found = all_of(one, len(sent))
    assert [data for data, _ in found] == sent
    hop = found[0][1]
    assert (hop.transport, hop.host, hop.port, hop.listener) == (UDP, *theirs.getsockname()[:2], 3)
    assert all(source is hop for _, source in found)
    assert one.receive(64) == []


def test_no_more_than_was_asked_for(made: Made, pair: Pair) -> None:
    ours, theirs = pair
    one = made(ours)
    wanted = (1, 16, 17, 64)
    portions: list[int] = []
    end = time.monotonic() + PATIENCE
    while portions != [1, 16, 17, 6]:  # it takes a kernel that had all of them there at once
        assert time.monotonic() < end, portions
        for number in range(40):
            theirs.sendto(b"%d" % number, ours.getsockname())
        portions = [len(one.receive(most)) for most in wanted]
        assert all(found <= most for found, most in zip(portions, wanted, strict=True))
        portions += [len(all_of(one, left)) for left in [40 - sum(portions)] if left]


def test_the_largest_and_the_empty_one(made: Made) -> None:
    with bound_socket(HOST, 0) as ours, bound_socket(HOST, 0) as theirs:
        one = made(ours)
        largest = bytes(range(256)) * (LARGEST // 256 - 1)
        for data in (largest, b"", b"x"):
            theirs.sendto(data, ours.getsockname())
        assert [data for data, _ in all_of(one, 3)] == [largest, b"", b"x"]


def test_many_sources_are_forgotten(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_MOST", 3)
    with bound_socket(HOST, 0) as ours:
        one = made(ours)
        for _ in range(2):
            for _ in range(8):
                with bound_socket(HOST, 0) as theirs:
                    theirs.sendto(b"x", ours.getsockname())
                    assert [hop.port for _, hop in all_of(one, 1)] == [theirs.getsockname()[1]]
        assert len(one._hops) <= 4  # type: ignore[attr-defined]  # both halves have it


def test_what_is_sent_arrives(made: Made, pair: Pair) -> None:
    ours, theirs = pair
    host, port = theirs.getsockname()[:2]
    made(ours).send(Send(b"INVITE", here(host, port)))
    assert select.select([theirs], [], [], PATIENCE)[0]
    assert theirs.recvfrom(100)[0] == b"INVITE"


@pytest.mark.parametrize(
    ("host", "port", "error"),
    [(HOST, 0, OSError), (HOST, 65536, OverflowError), (HOST, -1, OverflowError), ("nowhere.invalid", 5060, OSError),
     ("::1", 5060, OSError), ("127.0.0.1\0", 5060, TypeError)],
)  # fmt: skip
def test_what_cannot_be_sent(made: Made, host: str, port: int, error: type[Exception]) -> None:
    with bound_socket(HOST, 0) as ours, pytest.raises(error):
        made(ours).send(Send(b"x", here(host, port)))


def test_a_datagram_that_is_too_large_cannot_be_sent(made: Made) -> None:
    with bound_socket(HOST, 0) as ours, pytest.raises(OSError, match="too long"):
        made(ours).send(Send(b"x" * 70_000, here(HOST, 5060)))


def test_a_closed_port_is_told_by_the_next_reading(made: Made) -> None:
    with bound_socket(HOST, 0) as ours:
        ours.connect((HOST, free_port()))  # where nobody is
        ours.send(b"x")
        assert select.select([ours], [], [], PATIENCE)[0]
        with pytest.raises(ConnectionRefusedError):
            made(ours).receive(64)


@pytest.mark.parametrize("wrong", [(), (1,), (1, 2), (1, 2, 3, 4), ("1", None, None), (1, None, None)])
def test_wrong_orders_are_refused(native: ModuleType, wrong: tuple[object, ...]) -> None:
    with pytest.raises((TypeError, AttributeError)):
        native.send(*wrong)


@pytest.mark.parametrize("wrong", [(), (1, [], here, 9, 2), ("1", {}, here, 9, 2), (1, {}, here, 2)])
def test_wrong_readings_are_refused(native: ModuleType, wrong: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        native.receive(*wrong)


def test_a_descriptor_that_is_none(native: ModuleType) -> None:
    assert native.receive(1, {}, here, 9, 0) == []
    with pytest.raises(OSError, match="descriptor"):
        native.receive(-1, {}, here, 9, 5)


def test_a_source_that_cannot_be_made_a_hop_is_told(native: ModuleType) -> None:
    def broken(host: str, port: int) -> Hop:
        raise ValueError(host, port)

    with bound_socket(HOST, 0) as ours, bound_socket(HOST, 0) as theirs:
        theirs.sendto(b"x", ours.getsockname())
        assert select.select([ours], [], [], PATIENCE)[0]
        with pytest.raises(ValueError, match=HOST):
            native.receive(ours.fileno(), {}, broken, 9, 5)


def test_the_faster_one_is_taken() -> None:
    with bound_socket(HOST, 0) as ours:
        assert isinstance(datagrams(ours, here), Compiled if COMPILED else ByObject)
