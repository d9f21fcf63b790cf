"""The TLS contexts of the carriers that are reached over TLS, from the files that their trunks name."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from proxy.b2bua.trunks import CarrierTrunk, TlsClient
from proxy.runtime.resolver import AUTO
from proxy.runtime.tls import client_context

Trust = dict[str, tuple[ssl.SSLContext, str]]


def trust_of(carriers: Iterable[CarrierTrunk], folder: Path, say: Callable[[str], None]) -> Trust:
    """By trunk: its context, and the name that its certificate must prove, empty for its address.

    Relative files lie in `folder`. What is wrong with one is said; such a trunk cannot be reached.
    """
    found: Trust = {}
    for carrier in carriers:
        if carrier.transport not in ("tls", AUTO):
            continue
        try:
            found[carrier.name] = client_context(_placed(carrier.tls, folder)), carrier.tls.server_name
        except ValueError as wrong:
            say(f"the carrier `{carrier.name}` cannot be reached over TLS: expected {wrong}")
    return found


def _placed(tls: TlsClient, folder: Path) -> TlsClient:
    ca, certificate, key = (str(folder / name) if name else "" for name in (tls.ca, tls.certificate, tls.key))
    return replace(tls, ca=ca, certificate=certificate, key=key)
