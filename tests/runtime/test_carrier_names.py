"""A carrier that is a name, on the wire: the name server of the test says where its calls go."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proxy.runtime.app import App
from proxy.runtime.clock import FixedClock
from proxy.runtime.configuration import load_configuration
from tests.ladder import ANSWER, EPOCH, Callee, Seen
from tests.runtime.ends import PATIENCE, Ends, Site, site_in
from tests.runtime.name_server import NameServer, name_server

LOOPBACK = "127.0.0.1"


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    async with name_server() as made:
        yield made


@pytest.fixture
def second() -> Iterator[socket.socket]:
    """Another gateway of the carrier."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind((LOOPBACK, 0))
        bound.setblocking(False)
        yield bound


@pytest.fixture
def site(tmp_path: Path, server: NameServer, second: socket.socket) -> Site:
    site = site_in(tmp_path)
    port = second.getsockname()[1]
    server.zone = {
        ("carrier.example", "NAPTR"): ['10 10 "s" "SIP+D2U" "" _sip._udp.carrier.example.'],
        ("_sip._udp.carrier.example", "SRV"): [
            f"10 5 {site.carrier} one.carrier.example.",
            f"20 5 {port} two.carrier.example.",
        ],
        ("one.carrier.example", "A"): [LOOPBACK],
        ("two.carrier.example", "A"): [LOOPBACK],
    }
    site.change("trunks.toml", f'"{LOOPBACK}:{site.carrier}"', '"carrier.example"\ntransport = "auto"')
    site.change("proxy.toml", "[admin]", f'[dns]\nservers = ["{server.address}"]\n\n[admin]')
    return site


@pytest.fixture
def ends(site: Site) -> Iterator[Ends]:
    made = Ends(site)
    yield made
    made.close()


@pytest.mark.usefixtures("server")
async def test_a_call_goes_by_the_records_of_a_name_and_on_to_its_next_gateway(
    site: Site, ends: Ends, second: socket.socket
) -> None:
    app = App(load_configuration(site.config), FixedClock(EPOCH, running=True))
    await app.start()
    try:
        caller = ends.caller()
        ends.a.send(caller.invite())
        await ends.a.take("100 INVITE")
        first = await ends.b.take("INVITE")
        assert first.start == "INVITE sip:+33140000000@carrier.example;user=phone SIP/2.0"
        ends.b.send(Callee(first).reply(503))
        await ends.b.take("ACK")
        data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(second, 65_535), PATIENCE)
        invite = Seen("b", data, 0.0)
        assert invite.label == "b INVITE"
        assert invite.header("call-id") != first.header("call-id")
        callee = Callee(invite)
        callee.contact = f"sip:gw@{LOOPBACK}:{second.getsockname()[1]}"
        second.sendto(callee.reply(200, body=ANSWER), (LOOPBACK, site.sip))
        caller.learn(await ends.a.take("200 INVITE"))
        ends.a.send(caller.ack())
        assert app.engine.counters.failovers == {("carrier-1", "503"): 1}
    finally:
        await app.stop()
