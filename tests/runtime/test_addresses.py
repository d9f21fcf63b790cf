"""Addresses as operators write them, right and wrong."""

from __future__ import annotations

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


@pytest.mark.parametrize(("host", "every"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("edge", False)])
def test_addresses_that_stand_for_all(host: str, every: bool) -> None:
    assert addresses.is_unspecified(host) is every
