"""How a trunk is reached: transport, listener, and for TLS whom we trust there and what we show.

Files are named here and read by `stream_trust`: a trunk may be written on another machine than the one that uses it.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua.trunks import CarrierTrunk, TlsClient
from proxy.runtime import addresses
from proxy.runtime.addresses import Endpoint
from proxy.runtime.resolver import AUTO
from proxy.runtime.toml_source import Table, seen
from proxy.sip.hop import TRANSPORTS, UDP, default_port

NUMBER_FORMS: Final = ("e164", "00", "national")
TLS_KEYS: Final = ("tls_name", "tls_ca", "tls_certificate", "tls_key", "tls_verify")


def transport_of(table: Table) -> str:
    """`transport` of a carrier; `auto` leaves the choice to the NAPTR and SRV records of its name (RFC 3263 4.1)."""
    return table.one_of("transport", (*TRANSPORTS, AUTO), "udp")


def endpoint_of(table: Table, transport: str) -> Endpoint:
    """`address` of a trunk, an IP address or a name; port 0 for a name whose records name the port (RFC 3263 4.2)."""
    address = table.text("address")
    try:
        usual = default_port(UDP if transport == AUTO else TRANSPORTS.index(transport))
        endpoint = addresses.endpoint(address, usual)
        if not addresses.is_host(endpoint.host):
            raise ValueError("`address:port`, `name:port`, or a name with SRV records")
        if not addresses.is_ip(endpoint.host) and addresses.split_port(address)[1] is None:
            endpoint = endpoint._replace(port=0)
        if transport == AUTO and addresses.is_ip(endpoint.host):
            raise ValueError("a name, whose records choose the transport; an address needs a `transport`")
    except ValueError as wrong:
        raise table.error("address", str(wrong)) from None
    return endpoint


def tls_of(table: Table) -> TlsClient:
    """The `tls_` keys of a carrier."""
    for key in TLS_KEYS:
        if table.has(key) and transport_of(table) not in ("tls", AUTO):
            raise table.error(key, "no such key for a transport other than `tls`")
    found = TlsClient(
        server_name=table.text("tls_name", ""),
        ca=table.text("tls_ca", ""),
        certificate=table.text("tls_certificate", ""),
        key=table.text("tls_key", ""),
        verify=table.flag("tls_verify", True),
    )
    if found.key and not found.certificate:
        raise table.error("tls_key", "`tls_certificate` too", "a key alone")
    return found


def read_callee(table: Table, name: str) -> CarrierTrunk:
    """Where calls back to a platform are sent; `host` may be a name."""
    transport = transport_of(table)
    endpoint = endpoint_of(table, transport)
    return CarrierTrunk(
        name=name,
        host=endpoint.host,
        port=endpoint.port,
        domain="",
        numbers=table.one_of("numbers", NUMBER_FORMS, "e164"),
        user_phone=table.flag("user_phone", True),
        transport=transport,
        listener=table.text("listener", ""),
        tls=tls_of(table),
        platform=True,
    )


def callback_hosts(table: Table) -> tuple[str, ...]:
    """Further hosts of targets that the platform takes."""
    hosts = table.texts("callback_hosts")
    for host in hosts:
        if not addresses.is_host(host):
            raise table.error("callback_hosts", "host names or IP addresses", seen(host))
    return hosts
