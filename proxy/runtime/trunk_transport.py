"""How a trunk is reached: transport, listener, and for TLS whom we trust there and what we show.

Files are named here and read by `stream_trust`: a trunk may be written on another machine than the one that uses it.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua.trunks import TlsClient
from proxy.runtime.resolver import AUTO
from proxy.runtime.toml_source import Table
from proxy.sip.hop import TRANSPORTS

TLS_KEYS: Final = ("tls_name", "tls_ca", "tls_certificate", "tls_key", "tls_verify")


def transport_of(table: Table) -> str:
    """`transport` of a carrier; `auto` leaves the choice to the NAPTR and SRV records of its name (RFC 3263 4.1)."""
    return table.one_of("transport", (*TRANSPORTS, AUTO), "udp")


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
