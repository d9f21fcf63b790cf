"""Addresses as an operator writes them: `192.0.2.1:5060`, `[2001:db8::1]:5060`, `carrier.example.net:5060`, `192.0.2.0/24`.

Texts in, checked texts out; no name is looked up. What is wrong raises ValueError with the words that go behind
"expected".
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

NAME: Final = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


class Endpoint(NamedTuple):
    """A host without brackets, and a port."""

    host: str
    port: int


def endpoint(text: str, default_port: int = 0) -> Endpoint:
    """Host and port of `host:port`; the port may be left out when there is a default."""
    host, port = split_port(text)
    if port is None:
        if not default_port:
            raise ValueError("`address:port`")
        return Endpoint(host, default_port)
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("a port from 1 to 65535 behind the last colon")
    return Endpoint(host, int(port))


def split_port(text: str) -> tuple[str, str | None]:
    """Host and what stands behind its colon; an IPv6 address needs brackets to have a port."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest[1:] if rest.startswith(":") else None
    if text.count(":") > 1:
        return text, None
    host, colon, port = text.partition(":")
    return host, port if colon else None


def is_ip(host: str) -> bool:
    """True for an IPv4 or IPv6 address without brackets."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_host(host: str) -> bool:
    """True for an IP address or a name that DNS could know."""
    return is_ip(host) or (NAME.fullmatch(host) is not None and not host.rpartition(".")[2].isdigit())


def is_unspecified(host: str) -> bool:
    """True for `0.0.0.0` and `::`, which stand for every address of the machine."""
    return is_ip(host) and ip_address(host).is_unspecified


def version(host: str) -> int:
    """4 or 6 for an IP address."""
    return ip_address(host).version


def source(text: str) -> str:
    """One entry of `sources`, in the one way of writing it: `ip`, `ip:port` or CIDR."""
    if "/" in text:
        try:
            return str(ip_network(text))
        except ValueError:
            raise ValueError("a network such as `192.0.2.0/24`, without bits beyond its length") from None
    host, port = split_port(text)
    if not is_ip(host):
        raise ValueError("an IP address, `address:port` or a network such as `192.0.2.0/24`")
    canonical = str(ip_address(host))
    if port is None:
        return canonical
    checked = endpoint(text)
    return f"[{canonical}]:{checked.port}" if ":" in canonical else f"{canonical}:{checked.port}"
