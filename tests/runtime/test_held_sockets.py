"""Sockets that outlive the process: who may take them, and that nothing is lost between two processes."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from stage import HOST, Proxy, free_port

from proxy.runtime.acceptor import listening_socket
from proxy.runtime.addresses import Endpoint
from proxy.runtime.held_sockets import HeldSockets
from proxy.runtime.udp import bound_socket
from tests.runtime.ends import OPEN, PATIENCE, Ends, Site, site_in, until

# as a service manager does it: the sockets become files 3, 4, ..., and the variables name the process itself
MANAGER = (
    "import fcntl, os, sys; files = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 50) for one in sys.argv[1].split(',')]; "
    "[os.dup2(one, 3 + place) for place, one in enumerate(files)]; "
    "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(files)), LISTEN_FDNAMES='sip'); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = site_in(tmp_path)
    listeners = (
        f'[[listen]]\naddress = "{HOST}:{site.sip}"\n\n[[listen]]\ntransport = "tcp"\naddress = "{HOST}:{site.sip}"'
    )
    site.change("proxy.toml", f'[listen]\nudp = "{HOST}:{site.sip}"', listeners)
    return site


@pytest.fixture
def ends(site: Site) -> Iterator[Ends]:
    both = Ends(site)
    yield both
    both.close()


def managed(site: Site, held: Sequence[socket.socket]) -> Proxy:
    """A proxy that is handed these sockets."""
    proxy = Proxy(site.config, site.admin, OPEN, site.folder)
    proxy.files = tuple(one.fileno() for one in held)
    proxy.command = [sys.executable, "-c", MANAGER, ",".join(map(str, proxy.files)), *proxy.command[1:]]
    return proxy


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_what_arrives_between_two_processes_waits_for_the_second(
    site: Site, ends: Ends, end: signal.Signals
) -> None:
    with bound_socket(HOST, site.sip) as datagrams, listening_socket(HOST, site.sip) as streams:
        with managed(site, (streams, datagrams)) as first:
            await ends.hang_up(*await ends.talk())
            await until(lambda: b'"record":"call"' in site.records.read_bytes())  # else the second has it to end
            first.process.send_signal(end)
            first.wait(PATIENCE)
        caller = ends.caller()
        ends.a.send(caller.invite(account="acme"))
        with socket.create_connection((HOST, site.sip)) as peer:
            peer.settimeout(PATIENCE)
            peer.sendall(b"\r\n\r\n")
            with managed(site, (streams, datagrams)):
                await ends.a.take("100 INVITE")
                await ends.b.take("INVITE")
                assert peer.recv(16) == b"\r\n"


# -- which sockets are taken -------------------------------------------------

VARIABLES = {"LISTEN_PID": "7", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "a:b:c"}


@pytest.fixture
def high() -> int:
    """Of files that nobody in this process has."""
    return max(map(int, os.listdir("/proc/self/fd"))) + 20


@pytest.fixture
def place(high: int) -> Iterator[Endpoint]:
    """Where a UDP and a TCP socket are bound, which are the files `high` and the next; the third is no socket."""
    found = Endpoint(HOST, free_port())
    with bound_socket(*found) as datagrams, listening_socket(*found) as streams, open(os.devnull, "rb") as no_socket:
        for number, file in enumerate((datagrams.fileno(), streams.fileno(), no_socket.fileno())):
            os.dup2(file, high + number)
        yield found
    for number in range(high, high + 3):
        with suppress(OSError):
            os.close(number)


def test_a_listener_takes_the_socket_of_its_kind_and_address_once(place: Endpoint, high: int) -> None:
    environ = dict(VARIABLES, HOME="/")
    held = HeldSockets(environ, 7, high)
    assert environ == {"HOME": "/"}
    assert held.take(socket.SOCK_DGRAM, Endpoint(HOST, place.port % 65535 + 1)) is None
    assert held.take(socket.SOCK_DGRAM, Endpoint("127.0.0.2", place.port)) is None
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        taken = held.take(kind, place)
        assert taken is not None
        assert (taken.type, taken.getsockname(), taken.getblocking()) == (kind, tuple(place), False)
        assert not os.get_inheritable(taken.fileno())
        taken.close()
        assert held.take(kind, place) is None
    assert list(held.left()) == []


def test_what_no_listener_wants_is_given_back_and_told(place: Endpoint, high: int) -> None:
    held = HeldSockets(dict(VARIABLES), 7, high)
    assert sorted(held.left()) == [f"stream {HOST}:{place.port}", f"udp {HOST}:{place.port}"]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(high)


@pytest.mark.parametrize(
    "environ",
    [{}, {"LISTEN_PID": "8", "LISTEN_FDS": "3"}, {"LISTEN_PID": "7"}, {"LISTEN_PID": "7", "LISTEN_FDS": "-1"}],
)
def test_what_is_meant_for_another_process_or_is_no_number_is_left_alone(
    place: Endpoint, high: int, environ: dict[str, str]
) -> None:
    held = HeldSockets(environ, 7, high)
    assert environ == {}
    assert held.take(socket.SOCK_DGRAM, place) is None
    assert os.fstat(high)


def test_an_address_of_version_six_is_the_same_however_it_is_written(high: int) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
        try:
            six.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        os.dup2(six.fileno(), high)
        held = HeldSockets({"LISTEN_PID": "7", "LISTEN_FDS": "1"}, 7, high)
        taken = held.take(socket.SOCK_DGRAM, Endpoint("0:0::1", six.getsockname()[1]))
        assert taken is not None
        taken.close()
