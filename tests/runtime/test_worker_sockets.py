"""The sockets of all workers: one for each at a shared address, those of a manager as they are, all given back."""

from __future__ import annotations

import os
import socket
from contextlib import nullcontext
from pathlib import Path

import pytest
from ports import free_port

from proxy.runtime.held_sockets import HeldSockets, inherited
from proxy.runtime.listen_settings import Listening
from proxy.runtime.settings import load_settings
from proxy.runtime.udp import bound_socket
from proxy.runtime.worker_place import Files
from proxy.runtime.worker_sockets import WorkerSockets
from tests.runtime.sockets import HOST

WORKERS = 3


@pytest.fixture
def said() -> list[str]:
    return []


def listeners(tmp_path: Path, port: int, own: int = 0) -> tuple[Listening, ...]:
    path = tmp_path / "proxy.toml"
    path.write_text(
        f'[[listen]]\naddress = "{HOST}:{port}"\nworker_ports = {own}\n'
        f'[[listen]]\ntransport = "tcp"\naddress = "{HOST}:{port}"\n',
        encoding="utf-8",
    )
    return load_settings(path).listen


def opened(listen: tuple[Listening, ...], held: HeldSockets, said: list[str]) -> WorkerSockets:
    made = WorkerSockets(WORKERS, said.append)
    made.open(listen, lambda _: nullcontext(), held)
    return made


def ports_of(files: Files) -> list[int]:
    """The ports of its SIP sockets, in the order of its listeners."""
    found = []
    for number in files.sip:
        with socket.socket(fileno=os.dup(number)) as one:
            found.append(one.getsockname()[1])
    return found


def test_each_worker_has_a_socket_at_each_address_and_its_own_port(tmp_path: Path, said: list[str]) -> None:
    port, own = free_port(), free_port(WORKERS)
    made = opened(listeners(tmp_path, port, own), HeldSockets({}, 0), said)
    found = [made.files(number, 99) for number in range(WORKERS)]
    assert [ports_of(files) for files in found] == [[port, port, own + number] for number in range(WORKERS)]
    assert len({files.sip[0] for files in found}) == WORKERS  # the kernel sorts
    assert len({files.sip[1] for files in found}) == 1  # whoever is free accepts
    assert len({files.inbox for files in found}) == WORKERS
    assert {files.doors for files in found} == {found[0].doors}
    assert (found[0].control, said) == (99, [])
    made.close()
    bound_socket(HOST, port).close()


def test_one_socket_of_a_manager_is_read_by_all(tmp_path: Path, said: list[str]) -> None:
    port = free_port()
    held = bound_socket(HOST, port)
    made = opened(listeners(tmp_path, port), inherited([held.detach()]), said)
    assert len({made.files(number, 0).sip[0] for number in range(WORKERS)}) == 1
    assert said == ["the kernel does not sort what arrives at `udp`: workers pass it on to each other"]
    made.close()


def test_as_many_sockets_of_a_manager_as_workers_are_sorted(tmp_path: Path, said: list[str]) -> None:
    port = free_port()
    held = inherited([bound_socket(HOST, port, shared=True).detach() for _ in range(WORKERS)])
    made = opened(listeners(tmp_path, port), held, said)
    assert len({made.files(number, 0).sip[0] for number in range(WORKERS)}) == WORKERS
    assert said == []
    made.close()


def test_an_address_of_another_proxy_is_not_shared_with_it(tmp_path: Path, said: list[str]) -> None:
    port = free_port()
    with bound_socket(HOST, port, shared=True):
        made = WorkerSockets(WORKERS, said.append)
        with pytest.raises(OSError, match="in use"):
            made.open(listeners(tmp_path, port), lambda _: nullcontext(), HeldSockets({}, 0))


def test_what_was_taken_is_given_back_when_the_next_cannot_be_had(tmp_path: Path, said: list[str]) -> None:
    port, own = free_port(), free_port(WORKERS)
    with bound_socket(HOST, own + 1):
        made = WorkerSockets(WORKERS, said.append)
        with pytest.raises(OSError, match="in use"):
            made.open(listeners(tmp_path, port, own), lambda _: nullcontext(), HeldSockets({}, 0))
    bound_socket(HOST, port).close()
    bound_socket(HOST, own).close()
