"""Where SIP is received: the short form, several listeners, and what is wrong with one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proxy.runtime.addresses import Endpoint
from proxy.runtime.listen_settings import Listening, read_listeners
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.tls import Certificate
from proxy.runtime.toml_source import ConfigError, TomlSource
from proxy.sip.hop import TCP, TLS, UDP
from tests.runtime.certificates import Authority


def listeners(text: str, folder: Path = Path()) -> tuple[Listening, ...]:
    source, mistakes = TomlSource(str(folder / "proxy.toml"), text), Mistakes()
    found = read_listeners(source.root, mistakes)
    mistakes.raise_any()
    return found


def test_without_a_word_there_is_one_udp_listener() -> None:
    (one,) = listeners("")
    assert (one.name, one.transport, one.address, one.advertise) == (
        "udp", UDP, Endpoint("127.0.0.1", 5060), Endpoint("127.0.0.1", 5060),
    )  # fmt: skip
    (one,) = listeners('[listen]\nudp = "[::1]:5070"\nadvertise = "edge.example"\n')
    assert (one.shown.host, one.shown.port, one.shown.version) == ("edge.example", 5070, 6)


def test_several_listeners_keep_their_order_and_their_limits(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    first, second = authority.certificate("one.example"), authority.certificate("two.example")
    text = f"""
[[listen]]
address = "127.0.0.1:5060"
[[listen]]
name = "inside"
transport = "tcp"
address = "127.0.0.1:5060"
idle = 30
most_connections = 7
largest_message = 4096
[[listen]]
transport = "tls"
address = "[::1]"
certificate = "{first.name}"
client_ca = "{authority.file.name}"
require_client_certificate = true
[[listen.certificates]]
server_name = "two.example"
certificate = "{second.name}"
key = "{second.name}"
"""
    udp, tcp, tls = listeners(text, tmp_path)
    assert [(one.name, one.transport) for one in (udp, tcp, tls)] == [("udp", UDP), ("inside", TCP), ("tls", TLS)]
    assert (tcp.idle, tcp.most_connections, tcp.largest_message) == (30, 7, 4096)
    assert (tls.address, tls.shown.version) == (Endpoint("::1", 5061), 6)
    assert tls.tls is not None
    assert tls.tls.certificates == (Certificate(first, first), Certificate(second, second, "two.example"))
    assert (tls.tls.client_ca, tls.tls.required) == (authority.file, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("listen = []\n", "at least one listener"),
        ('[[listen]]\ntransport = "sctp"\n', "one of `udp`, `tcp`, `tls`"),
        ('[[listen]]\ntransport = "udp"\n', "key `address`"),
        ('[[listen]]\naddress = "edge:5060"\n', "an IP address of this machine"),
        ('[[listen]]\naddress = "0.0.0.0"\n', "the address that peers reach"),
        ('[[listen]]\naddress = "127.0.0.1"\nname = "A B"\n', "lower-case letters"),
        ('[[listen]]\naddress = "127.0.0.1"\nidle = 5\n', "no such key for the transport `udp`"),
        ('[[listen]]\ntransport = "tcp"\naddress = "127.0.0.1"\nidle = 0\n', "from 1 to 86400"),
        ('[[listen]]\ntransport = "tcp"\naddress = "127.0.0.1"\nlargest_message = 100000\n', "from 1024 to 65535"),
        ('[[listen]]\ntransport = "tcp"\naddress = "127.0.0.1"\nkey = "x"\n', "no such key for the transport `tcp`"),
        ('[[listen]]\ntransport = "tls"\naddress = "127.0.0.1"\n', "key `certificate`"),
        ('[[listen]]\ntransport = "tls"\naddress = "127.0.0.1"\ncertificate = "gone"\n', "no such file"),
        ('[[listen]]\naddress = "127.0.0.1"\ncolour = 1\n', "seen the unknown key `colour`"),
        ('[[listen]]\naddress = "127.0.0.1"\n' * 2, "another name than the listeners before"),
        (
            '[[listen]]\nname = "a"\naddress = "127.0.0.1"\n[[listen]]\nname = "b"\naddress = "127.0.0.1"\n',
            "another address than the listeners before",
        ),
    ],
)
def test_a_mistake_is_told(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        listeners(text)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("require_client_certificate = true\n", "the authorities whose certificates are required"),
        ('client_ca = "proxy.pem"\n', "certificates of authorities, PEM"),
        ('[[listen.certificates]]\ncertificate = "own.pem"\n', "key `server_name`"),
    ],
)
def test_a_mistake_about_certificates_is_told(more: str, message: str, tmp_path: Path) -> None:
    Authority(tmp_path).certificate("edge.example").rename(tmp_path / "own.pem")
    text = '[[listen]]\ntransport = "tls"\naddress = "127.0.0.1"\ncertificate = "own.pem"\n' + more
    with pytest.raises(ConfigError, match=re.escape(message)):
        listeners(text, tmp_path)
