"""RFC 3263 as questions and answers, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from proxy.b2bua.gateways import Place
from proxy.runtime.resolver import Found, Places, Unanswered, Wanted, located


class Zone:
    """An `Ask` that knows some records and notes what it was asked."""

    def __init__(self, records: dict[tuple[str, str], list[Found]]) -> None:
        self.records = records
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, name: str, kind: str) -> Sequence[Found]:
        self.asked.append((name, kind))
        return self.records.get((name, kind), [])


def places(wanted: Wanted, zone: Zone) -> Places:
    return asyncio.run(located(wanted, zone))


def test_a_named_port_leaves_only_the_address_to_ask() -> None:
    zone = Zone({("gw.example", "A"): [Found("192.0.2.1", 300)]})
    assert places(Wanted("gw.example", 5070, "tcp", (4,)), zone) == Places((Place("tcp", "192.0.2.1", 5070),), 300)
    assert zone.asked == [("gw.example", "A")]


def test_srv_records_are_ordered_by_priority_then_weight() -> None:
    zone = Zone(
        {
            ("_sip._udp.c.example", "SRV"): [
                Found("b.c.example", 60, 10, 1, 5062),
                Found("last.c.example", 60, 20, 99, 5063),
                Found("a.c.example", 60, 10, 9, 5061),
            ],
            ("a.c.example", "A"): [Found("192.0.2.1", 120)],
            ("b.c.example", "A"): [Found("192.0.2.2", 120)],
            ("last.c.example", "A"): [Found("192.0.2.3", 20)],
        }
    )
    found = places(Wanted("c.example", 0, "udp", (4,)), zone)
    assert [(one.host, one.port, one.priority, one.weight) for one in found.places] == [
        ("192.0.2.1", 5061, 10, 9),
        ("192.0.2.2", 5062, 10, 1),
        ("192.0.2.3", 5063, 20, 99),
    ]
    assert found.holds == 20  # the shortest of all answers


def test_without_srv_records_the_name_itself_and_the_port_of_its_transport() -> None:
    zone = Zone({("c.example", "A"): [Found("192.0.2.1", 60)]})
    assert places(Wanted("c.example", 0, "udp", (4,)), zone).places == (Place("udp", "192.0.2.1", 5060),)
    assert places(Wanted("c.example", 0, "tls", (4,)), zone).places == (Place("tls", "192.0.2.1", 5061),)
    assert ("_sips._tcp.c.example", "SRV") in zone.asked


def test_a_service_that_is_declared_absent_is_not_looked_for_elsewhere() -> None:
    zone = Zone({("_sip._udp.c.example", "SRV"): [Found("", 60)], ("c.example", "A"): [Found("192.0.2.1", 60)]})
    assert places(Wanted("c.example", 0, "udp", (4,)), zone).places == ()


def test_naptr_is_asked_only_when_the_transport_is_open() -> None:
    zone = Zone(
        {
            ("c.example", "NAPTR"): [
                Found("_sips._tcp.c.example", 60, 10, 10, 0, "SIPS+D2T", "S"),
                Found("_sip._tcp.c.example", 60, 20, 10, 0, "SIP+D2T", "S"),
                Found("_http._tcp.c.example", 60, 1, 10, 0, "HTTP+D2T", "S"),
            ],
            ("_sip._tcp.c.example", "SRV"): [Found("gw.c.example", 60, 0, 0, 5066)],
            ("gw.c.example", "A"): [Found("192.0.2.9", 60)],
        }
    )
    assert places(Wanted("c.example", 0, "auto", (4,), ("udp", "tcp")), zone).places == (
        Place("tcp", "192.0.2.9", 5066),
    )
    zone.asked.clear()
    places(Wanted("c.example", 0, "tcp", (4,)), zone)
    assert ("c.example", "NAPTR") not in zone.asked


def test_without_naptr_each_transport_we_speak_is_asked_for_its_service() -> None:
    zone = Zone(
        {
            ("_sip._tcp.c.example", "SRV"): [Found("gw.c.example", 60, 0, 0, 5066)],
            ("gw.c.example", "A"): [Found("192.0.2.9", 60)],
        }
    )
    found = places(Wanted("c.example", 0, "auto", (4,), ("udp", "tcp")), zone)
    assert found.places == (Place("tcp", "192.0.2.9", 5066),)
    assert zone.asked[:3] == [("c.example", "NAPTR"), ("_sip._udp.c.example", "SRV"), ("_sip._tcp.c.example", "SRV")]


def test_both_ip_versions_in_the_order_wanted_and_each_address_once() -> None:
    zone = Zone(
        {
            ("gw.example", "A"): [Found("192.0.2.1", 60), Found("192.0.2.1", 60)],
            ("gw.example", "AAAA"): [Found("2001:db8::1", 60)],
        }
    )
    found = places(Wanted("gw.example", 5060, "udp", (6, 4)), zone)
    assert [one.host for one in found.places] == ["2001:db8::1", "192.0.2.1"]


@pytest.mark.parametrize(("ttl", "holds"), [(0, 5), (60, 60), (86_400, 3600)])
def test_an_answer_holds_its_ttl_within_bounds(ttl: int, holds: int) -> None:
    zone = Zone({("gw.example", "A"): [Found("192.0.2.1", ttl)]})
    assert places(Wanted("gw.example", 5060, "udp", (4,)), zone).holds == holds


def test_a_name_without_addresses_is_asked_again_soon() -> None:
    assert places(Wanted("gw.example", 5060, "udp", (4,)), Zone({})) == Places((), 5)


def test_a_zone_with_a_thousand_addresses_is_cut() -> None:
    zone = Zone({("gw.example", "A"): [Found(f"198.51.{n // 250}.{n % 250}", 60) for n in range(1000)]})
    assert len(places(Wanted("gw.example", 5060, "udp", (4,)), zone).places) == 32


def test_a_server_that_fails_leaves_the_places_known_before_to_the_caller() -> None:
    async def failing(name: str, kind: str) -> Sequence[Found]:
        raise Unanswered(f"{kind} of {name}: timeout")

    with pytest.raises(Unanswered):
        asyncio.run(located(Wanted("gw.example", 0, "udp", (4,)), failing))
