"""Questions that cross a real socket to a name server of the test."""

from __future__ import annotations

import pytest

from proxy.b2bua.gateways import Place
from proxy.runtime.dns_query import DnsQuery
from proxy.runtime.resolver import Found, Places, Unanswered, Wanted, located
from tests.runtime.name_server import name_server

pytestmark = pytest.mark.asyncio


async def test_records_of_all_types_are_read_with_their_ttl() -> None:
    async with name_server() as server:
        server.zone = {
            ("carrier.example", "NAPTR"): ['10 50 "s" "SIP+D2U" "" _sip._udp.carrier.example.'],
            ("_sip._udp.carrier.example", "SRV"): ["5 40 5080 gw1.carrier.example."],
            ("gw1.carrier.example", "A"): ["192.0.2.10"],
            ("gw1.carrier.example", "AAAA"): ["2001:db8::10"],
        }
        ask = DnsQuery([server.address])
        try:
            naptr = await ask("carrier.example", "NAPTR")
            assert list(naptr) == [Found("_sip._udp.carrier.example", 60, 10, 50, 0, "SIP+D2U", "S")]
            assert list(await ask("_sip._udp.carrier.example", "SRV")) == [
                Found("gw1.carrier.example", 60, 5, 40, 5080)
            ]
            assert list(await ask("gw1.carrier.example", "A")) == [Found("192.0.2.10", 60)]
            assert list(await ask("gw1.carrier.example", "AAAA")) == [Found("2001:db8::10", 60)]
        finally:
            await ask.close()


async def test_the_way_from_a_name_to_places_over_the_wire() -> None:
    async with name_server() as server:
        server.ttl = 30
        server.zone = {
            ("carrier.example", "NAPTR"): [
                '20 50 "s" "SIP+D2T" "" _sip._tcp.carrier.example.',
                '10 50 "s" "SIP+D2U" "" _sip._udp.carrier.example.',
            ],
            ("_sip._udp.carrier.example", "SRV"): ["20 0 5060 gw2.carrier.example.", "10 0 5080 gw1.carrier.example."],
            ("gw1.carrier.example", "A"): ["192.0.2.10"],
            ("gw2.carrier.example", "A"): ["192.0.2.20"],
        }
        ask = DnsQuery([server.address])
        try:
            found = await located(Wanted("carrier.example", 0, "auto", (4,), ("udp", "tcp")), ask)
        finally:
            await ask.close()
    assert found == Places((Place("udp", "192.0.2.10", 5080, 10, 0), Place("udp", "192.0.2.20", 5060, 20, 0)), 30)


async def test_a_name_that_does_not_exist_is_an_answer_and_a_failing_server_is_none() -> None:
    async with name_server() as server:
        ask = DnsQuery([server.address])
        try:
            assert list(await ask("nobody.example", "A")) == []
            server.failing = True
            with pytest.raises(Unanswered, match=r"A of carrier\.example"):
                await ask("carrier.example", "A")
        finally:
            await ask.close()
