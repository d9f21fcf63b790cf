"""Addresses as an operator writes them: `192.0.2.1:5060`, `[2001:db8::1]:5060`, `carrier.example.net:5060`, `192.0.2.0/24`.

Texts in, checked texts out; only `looked_up` asks the resolver. What is wrong raises ValueError with the words that go
behind "expected".
"""

from __future__ import annotations

import re
import socket
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


def looked_up(host: str, family: int) -> str:
    """An address of IP version `family` for a host; an IP address stands for itself. Raises ValueError."""
    if is_ip(host):
        if version(host) != family:
            raise ValueError(f"an IPv{family} address, as [listen] udp is one")
        return host
    wanted = socket.AF_INET6 if family == 6 else socket.AF_INET
    try:
        found = socket.getaddrinfo(host, None, family=wanted, type=socket.SOCK_DGRAM)
    except OSError as error:
        reason = (error.strerror or "no answer").lower()
        raise ValueError(f"a name that the resolver knows an IPv{family} address for (it says: {reason})") from error
    return str(found[0][4][0])
