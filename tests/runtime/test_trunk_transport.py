"""How a carrier says that it is reached over TCP or TLS."""

from __future__ import annotations

import re

import pytest

from proxy.b2bua.trunks import CarrierTrunk, TlsClient
from proxy.runtime.toml_source import ConfigError, TomlSource
from proxy.runtime.trunk_settings import read_carrier

CARRIER = '[[carrier]]\nname = "carrier-1"\naddress = "198.51.100.1"\n'


def carrier(text: str) -> CarrierTrunk:
    return read_carrier(TomlSource("trunks.toml", CARRIER + text).root.tables("carrier")[0])


def test_udp_unless_said_otherwise() -> None:
    found = carrier("")
    assert (found.transport, found.listener, found.port, found.tls) == ("udp", "", 5060, TlsClient())
    assert carrier('transport = "tcp"\nlistener = "inside"\n').listener == "inside"


def test_tls_with_all_its_keys() -> None:
    found = carrier(
        'transport = "tls"\ntls_name = "gw.example"\ntls_ca = "ca.pem"\ntls_certificate = "own.pem"\n'
        'tls_key = "own.key"\ntls_verify = false\n'
    )
    assert (found.port, found.tls) == (5061, TlsClient("gw.example", "ca.pem", "own.pem", "own.key", False))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('transport = "sctp"\n', "one of `udp`, `tcp`, `tls`"),
        ('tls_ca = "ca.pem"\n', "no such key for a transport other than `tls`"),
        ('transport = "tls"\ntls_key = "own.key"\n', "`tls_certificate` too"),
        ('transport = "tls"\ntls_verify = "no"\n', "`true` or `false`"),
    ],
)
def test_a_mistake_is_told(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        carrier(text)
