"""Addresses as operators write them, right and wrong."""

from __future__ import annotations

import socket

import pytest

from proxy.runtime import addresses
from proxy.runtime.addresses import Endpoint


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1:5060", Endpoint("192.0.2.1", 5060)),
        ("[2001:db8::1]:5070", Endpoint("2001:db8::1", 5070)),
        ("carrier.example.net:65535", Endpoint("carrier.example.net", 65535)),
        ("192.0.2.1", Endpoint("192.0.2.1", 9)),
        ("[2001:db8::1]", Endpoint("2001:db8::1", 9)),
        ("2001:db8::1", Endpoint("2001:db8::1", 9)),
    ],
)
def test_host_and_port(text: str, found: Endpoint) -> None:
    assert addresses.endpoint(text, 9) == found


@pytest.mark.parametrize("text", ["192.0.2.1", "[::1]", "::1"])
def test_without_a_default_the_port_is_needed(text: str) -> None:
    with pytest.raises(ValueError, match="`address:port`"):
        addresses.endpoint(text)


@pytest.mark.parametrize("port", ["", "0", "65536", "5060x", "-1", "٣"])
def test_a_port_that_is_none(port: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 65535"):
        addresses.endpoint(f"192.0.2.1:{port}", 5060)


@pytest.mark.parametrize(
    ("host", "right"),
    [
        ("192.0.2.1", True),
        ("2001:db8::1", True),
        ("edge-1", True),
        ("edge.example.net", True),
        ("192.0.2.256", False),
        ("192.0.2", False),
        ("-edge.example.net", False),
        ("edge..net", False),
        ("edge_1", False),
        ("", False),
        ("a b", False),
        ("é.example", False),
        ("a." * 130 + "net", False),
    ],
)
def test_hosts(host: str, right: bool) -> None:
    assert addresses.is_host(host) is right


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:5060", "192.0.2.1:5060"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:DB8::1]:5060", "[2001:db8::1]:5060"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_sources_have_one_way_of_writing(text: str, canonical: str) -> None:
    assert addresses.source(text) == canonical


@pytest.mark.parametrize("text", ["192.0.2.1/24", "192.0.2.0/33", "vms.example.net", "", "192.0.2.1:0"])
def test_sources_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"network|port"):
        addresses.source(text)


def test_an_address_stands_for_itself_in_its_family_only() -> None:
    assert addresses.looked_up("192.0.2.1", 4) == "192.0.2.1"
    assert addresses.looked_up("::1", 6) == "::1"
    with pytest.raises(ValueError, match="an IPv6 address"):
        addresses.looked_up("192.0.2.1", 6)


@pytest.mark.parametrize(("family", "wanted"), [(4, socket.AF_INET), (6, socket.AF_INET6)])
def test_a_name_is_looked_up_in_the_family(family: int, wanted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def resolver(host: str, port: None, family: int, type: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        asked.extend([host, family, type])
        return [(family, type, 17, "", ("192.0.2.7", 0)), (family, type, 17, "", ("192.0.2.8", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    assert addresses.looked_up("carrier.example.net", family) == "192.0.2.7"
    assert asked == ["carrier.example.net", wanted, socket.SOCK_DGRAM]


def test_a_name_that_nobody_knows_says_what_the_resolver_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolver(*args: object, **named: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    with pytest.raises(ValueError, match="name or service not known"):
        addresses.looked_up("nowhere.example.net", 4)


@pytest.mark.parametrize(("host", "every"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("edge", False)])
def test_addresses_that_stand_for_all(host: str, every: bool) -> None:
    assert addresses.is_unspecified(host) is every
