"""All listeners of a process: opened together or not at all, with new certificates by a reload."""

from __future__ import annotations

import asyncio
import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from stage import free_port

from proxy.b2bua.trunks import TlsClient
from proxy.runtime.acceptor import listening_socket
from proxy.runtime.addresses import Endpoint
from proxy.runtime.clock import FixedClock
from proxy.runtime.held_sockets import HeldSockets
from proxy.runtime.listen_settings import Listening
from proxy.runtime.sip_ports import SipPorts
from proxy.runtime.stream_counts import StreamCounts
from proxy.runtime.streams import Streams
from proxy.runtime.tasks import Tasks
from proxy.runtime.tls import Certificate, ServerTls
from proxy.runtime.transports import Transports
from proxy.runtime.udp import UdpPort, bound_socket
from proxy.sip.hop import TCP, TLS, UDP
from proxy.sip.wire import Send
from tests.ladder import carrier
from tests.runtime.certificates import Authority, shown_at
from tests.runtime.sockets import EPOCH, HOST, Machine, Recorder, until
from tests.runtime.stream_peers import ANSWER, message

NOTHING_HELD = HeldSockets({}, 0)
HIGH = 200  # nobody in a test process has so many files


def listening(transport: int, name: str, port: int, tls: ServerTls | None = None) -> Listening:
    place = Endpoint(HOST, port)
    return Listening(name, transport, place, place, ("listen", 0, "address"), tls)


def ports(machine: Machine, said: list[str], *listeners: Listening) -> SipPorts:
    counts = StreamCounts([one.name for one in listeners])
    transports = Transports(machine, FixedClock(EPOCH), Recorder())
    return SipPorts(listeners, transports, counts, Tasks(said.append), said.append)


async def test_every_listener_hears_and_answers_under_its_number(machine: Machine) -> None:
    udp, tcp = listening(UDP, "udp", free_port()), listening(TCP, "tcp", free_port())
    opened = ports(machine, [], tcp, udp)
    opened.open(lambda _: nullcontext(), NOTHING_HELD)
    assert [type(way) for way in opened.transports.ways] == [Streams, UdpPort]
    reader, writer = await asyncio.open_connection(HOST, tcp.address.port)
    writer.write(message(1))
    await until(lambda: machine.fed == [message(1)])
    with bound_socket(HOST, 0) as far:
        far.sendto(message(2), (HOST, udp.address.port))
        await until(lambda: machine.fed == [message(1), message(2)])
    assert [(hop.transport, hop.listener) for hop in machine.hops] == [(TCP, 0), (UDP, 1)]
    machine.orders = [Send(ANSWER, machine.hops[0])]
    await opened.stop()
    assert await reader.read() == ANSWER
    writer.close()
    for port in (tcp, udp):
        bound_socket(*port.address).close()
    listening_socket(*tcp.address).close()


async def test_when_one_address_cannot_be_had_the_others_are_given_back(machine: Machine) -> None:
    first, second = listening(TCP, "a", free_port()), listening(UDP, "b", free_port())
    with listening_socket(HOST, 0) as taken:
        third = listening(TCP, "c", taken.getsockname()[1])
        opened = ports(machine, [], first, second, third)
        with pytest.raises(OSError, match="in use"):
            opened.open(lambda _: nullcontext(), NOTHING_HELD)
    listening_socket(*first.address).close()
    bound_socket(*second.address).close()
    opened.use_carriers([carrier(transport="tls")], Path())  # nothing to tell yet
    await opened.stop()


async def test_a_reload_shows_the_new_certificate_and_keeps_the_old_one_if_that_is_gone(
    machine: Machine, tmp_path: Path
) -> None:
    authority, said = Authority(tmp_path), list[str]()
    old, new = (authority.certificate(name) for name in ("old.example", "new.example"))
    one = listening(TLS, "tls", free_port(), ServerTls((Certificate(old, old),)))
    opened = ports(machine, said, one)
    opened.open(lambda _: nullcontext(), NOTHING_HELD)
    opened.use_listeners((replace(one, tls=ServerTls((Certificate(new, new),))),))
    assert await shown_at(one.address.port, authority) == ["new.example"]
    new.unlink()
    opened.use_listeners((replace(one, tls=ServerTls((Certificate(new, new),))),))
    assert await shown_at(one.address.port, authority) == ["new.example"]
    assert len(said) == 1
    assert said[0].startswith("the listener `tls` keeps its certificate: expected a certificate chain")
    opened.use_carriers([carrier(transport="tls", tls=TlsClient(ca="gone.pem"))], tmp_path)
    assert len(said) == 2
    await opened.stop()


async def test_a_socket_that_is_held_for_us_is_used_and_one_that_nobody_wants_is_told(machine: Machine) -> None:
    said: list[str] = []
    one = listening(UDP, "udp", free_port())
    with bound_socket(*one.address) as kept, bound_socket(HOST, 0) as other:
        for number, held in enumerate((kept, other)):
            os.dup2(held.fileno(), HIGH + number)
        opened = ports(machine, said, one)
        opened.open(lambda _: nullcontext(), HeldSockets({"LISTEN_PID": "1", "LISTEN_FDS": "2"}, 1, HIGH))
        place = f"{HOST}:{other.getsockname()[1]}"
        assert said == [f"no listener for the socket udp {place} that was handed over: it is given back"]
        with bound_socket(HOST, 0) as far:
            far.sendto(message(1), one.address)
            await until(lambda: machine.fed == [message(1)])
            await opened.stop()
            far.sendto(message(2), one.address)
        assert kept.recv(65535) == message(2)
