"""Hops: which peer, which way, and what stays when the place changes."""

from __future__ import annotations

import pytest

from proxy.sip.hop import TCP, TLS, TRANSPORTS, UDP, URI_PARAMETERS, VIA_NAMES, Hop, default_port, hop_of


def test_only_streams_are_reliable() -> None:
    assert [Hop(transport, "192.0.2.1", 5060).reliable for transport in (UDP, TCP, TLS)] == [False, True, True]
    assert [default_port(transport) for transport in (UDP, TCP, TLS)] == [5060, 5060, 5061]


def test_every_transport_has_its_three_names() -> None:
    assert list(zip(TRANSPORTS, VIA_NAMES, URI_PARAMETERS, strict=True)) == [
        ("udp", b"UDP", b""),
        ("tcp", b"TCP", b";transport=tcp"),
        ("tls", b"TLS", b";transport=tls"),
    ]


def test_another_port_of_the_same_host_keeps_the_connection_and_what_its_peer_proved() -> None:
    hop = Hop(TLS, "192.0.2.1", 41_000, 2, 7, "carrier", "sip.example.net")
    assert hop.to("192.0.2.1", 41_000) is hop
    there = hop.to("192.0.2.1", 5061)
    assert (there.transport, there.host, there.port, there.listener) == (TLS, "192.0.2.1", 5061, 2)
    assert (there.connection, there.trunk, there.peer) == (7, "carrier", "sip.example.net")


def test_another_host_is_another_connection_and_has_proved_nothing() -> None:
    there = Hop(TLS, "192.0.2.1", 41_000, 2, 7, "carrier", "sip.example.net").to("192.0.2.2", 41_000)
    assert (there.transport, there.host, there.listener, there.trunk) == (TLS, "192.0.2.2", 2, "carrier")
    assert (there.connection, there.peer) == (0, "")


def test_the_same_place_is_transport_host_and_port() -> None:
    hop = Hop(TCP, "192.0.2.1", 5060, 1, 7)
    assert hop.same_place(Hop(TCP, "192.0.2.1", 5060, 0, 9))
    assert not hop.same_place(Hop(TLS, "192.0.2.1", 5060, 1, 7))
    assert not hop.same_place(Hop(TCP, "192.0.2.2", 5060, 1, 7))
    assert not hop.same_place(Hop(TCP, "192.0.2.1", 5061, 1, 7))


def test_a_way_that_is_known_to_be_of_a_trunk() -> None:
    hop = Hop(TLS, "192.0.2.1", 5061, 2, 7, "", "peer.example").of("carrier-1")
    assert (hop.trunk, hop.connection, hop.peer, hop.listener, hop.reliable) == (
        "carrier-1",
        7,
        "peer.example",
        2,
        True,
    )
    assert hop.same_place(Hop(TLS, "192.0.2.1", 5061))


def test_a_hop_is_read_from_its_text_without_its_connection() -> None:
    hop = Hop(TLS, "2001:db8::1", 5061, 2, 7, "carrier-1", "a.example,b.example")
    read = hop_of(hop.text())
    kept = [getattr(read, name) for name in ("transport", "host", "port", "listener", "connection", "trunk", "peer")]
    assert kept == [TLS, "2001:db8::1", 5061, 2, 0, "carrier-1", "a.example,b.example"]
    assert read.reliable
    for wrong in (b"", b"0\t0\t5060\t10.0.0.1\t", b"x\t0\t5060\t10.0.0.1\t\t"):
        with pytest.raises(ValueError, match=r"unpack|invalid literal"):
            hop_of(wrong)
