"""Whom we trust over TLS, carrier by carrier."""

from __future__ import annotations

import ssl
from pathlib import Path

from proxy.b2bua.trunks import TlsClient
from proxy.runtime.stream_trust import trust_of
from tests.ladder import carrier
from tests.runtime.certificates import Authority


def test_each_carrier_over_tls_has_its_context_and_a_wrong_one_is_said(tmp_path: Path) -> None:
    authority, said = Authority(tmp_path), list[str]()
    own = authority.certificate("edge.example")
    carriers = [
        carrier(name="plain"),
        carrier(name="right", transport="tls", tls=TlsClient("gw.example", authority.file.name, own.name, own.name)),
        carrier(name="wrong", transport="tls", tls=TlsClient(ca="gone.pem")),
        carrier(name="any", transport="tls", tls=TlsClient(verify=False)),
    ]
    found = trust_of(carriers, tmp_path, said.append)
    assert {name: (server_name, context.verify_mode) for name, (context, server_name) in found.items()} == {
        "right": ("gw.example", ssl.CERT_REQUIRED),
        "any": ("", ssl.CERT_NONE),
    }
    assert said == [
        "the carrier `wrong` cannot be reached over TLS: expected certificates of authorities, PEM "
        "(no such file or directory)"
    ]
