"""The shipped configuration, read once for all runtime tests, and the sockets of those that need some."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proxy.policy.edition import Edition
from proxy.runtime import ahead_spare, udp
from proxy.runtime.datagrams import ByObject
from proxy.runtime.edition_file import load_edition
from proxy.runtime.transports import Transports
from proxy.runtime.udp import bound_socket
from tests.runtime.sockets import HOST, PATIENCE, Machine, OddSocket, Recorder, around

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(autouse=True, scope="session")
def patient() -> Iterator[None]:
    """A log waits for its next segment as long as it takes, where a proxy would count an entry that found no room."""
    with pytest.MonkeyPatch.context() as slow_machine:
        slow_machine.setattr(ahead_spare, "WAIT", PATIENCE)
        yield


@pytest.fixture(scope="session")
def edition() -> Edition:
    """The edition of the shipped files."""
    return load_edition(CONFIG / "rules", CONFIG / "numbering.toml", CONFIG / "customers.toml")


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
async def port(near: socket.socket, machine: Machine, recorder: Recorder) -> AsyncIterator[Transports]:
    started = around(near, machine, recorder)
    yield started
    started.stop()


@pytest.fixture
def peer(near: socket.socket) -> Iterator[socket.socket]:
    """Somebody connected to the socket under test."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind((HOST, 0))
        far.connect(near.getsockname())
        far.settimeout(PATIENCE)
        yield far


@pytest.fixture
async def odd(machine: Machine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OddSocket]:
    """A port whose socket can be made to fail; the compiled half asks no socket object (`test_datagrams` has its faults)."""
    monkeypatch.setattr(udp, "datagrams", ByObject)
    with OddSocket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.sent = []
        bound.setblocking(False)
        bound.bind((HOST, 0))
        bound.port = around(bound, machine, recorder)
        yield bound
        bound.port.stop()
