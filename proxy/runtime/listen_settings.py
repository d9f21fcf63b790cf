"""`[listen]` and `[[listen]]` of `proxy.toml`: where SIP is received, over what, and how much a stream may ask of us.

`[listen]` with `udp` is the short form of one UDP listener. Certificates are read here too, so that a wrong file is told
with the line that names it and a reload with one is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from proxy.b2bua.trunks import Listener
from proxy.runtime import addresses
from proxy.runtime.addresses import Endpoint
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.tls import Certificate, ServerTls, server_context
from proxy.runtime.toml_source import Table
from proxy.runtime.trunk_settings import NAME
from proxy.sip.hop import TLS, TRANSPORTS, UDP, default_port
from proxy.sip.syntax import MAX_MESSAGE

UDP_DEFAULT: Final = "127.0.0.1:5060"
IDLE_DEFAULT: Final = 600
MOST_DEFAULT: Final = 1000
SMALLEST: Final = 1024
HIGHEST: Final = 65535
UDP_KEYS: Final = ("worker_ports",)
STREAM_KEYS: Final = ("idle", "most_connections", "largest_message")
TLS_KEYS: Final = ("certificate", "key", "client_ca", "require_client_certificate", "certificates")


@dataclass(frozen=True)
class Listening:
    """One listener. `where` is its place in the file; the limits hold for streams: seconds, connections, bytes.

    `worker_ports` is the first of the ports that workers have for themselves (0: none); `way_out` and `mark` are those of
    `b2bua.trunks.Listener`, set in a worker.
    """

    name: str
    transport: int
    address: Endpoint
    advertise: Endpoint
    where: tuple[str | int, ...]
    tls: ServerTls | None = None
    idle: int = IDLE_DEFAULT
    most_connections: int = MOST_DEFAULT
    largest_message: int = MAX_MESSAGE
    worker_ports: int = 0
    way_out: int = -1
    mark: str = ""

    @property
    def shown(self) -> Listener:
        """As the engine sees it."""
        host, port = self.advertise
        version = addresses.version(self.address.host)
        return Listener(host, port, self.transport, self.name, version, self.way_out, self.mark)


def read_listeners(root: Table, mistakes: Mistakes) -> tuple[Listening, ...]:
    """All listeners that could be read, in the order of the file; names and addresses occur once."""
    if not isinstance(root.values.get("listen", {}), list):
        alone = mistakes.attempt(lambda: _short(root.table("listen")))
        return () if alone is None else (alone,)
    found: list[Listening] = []
    names: set[str] = set()
    places: set[tuple[bool, Endpoint]] = set()
    tables = mistakes.attempt(lambda: root.tables("listen")) or []
    if not tables:
        mistakes.add(root.error("listen", "at least one listener", "none"))
    for table in tables:
        one = mistakes.attempt(lambda table=table: _read(table))  # type: ignore[misc]  # a lambda with a default is not typed
        if one is None:
            continue
        if one.name in names:
            mistakes.add(table.error("name", "another name than the listeners before"))
        if (one.transport == UDP, one.address) in places:
            mistakes.add(table.error("address", "another address than the listeners before"))
        names.add(one.name)
        places.add((one.transport == UDP, one.address))
        found.append(one)
    return tuple(found)


def _short(table: Table) -> Listening:
    """`[listen]`"""
    address = bound(table, "udp", UDP_DEFAULT)
    advertise = _advertised(table, address)
    worker_ports = _from(table, "worker_ports", 0, 0, HIGHEST)
    table.close()
    return Listening("udp", UDP, address, advertise, ("listen", "udp"), worker_ports=worker_ports)


def _read(table: Table) -> Listening:
    """One `[[listen]]`"""
    transport = TRANSPORTS.index(table.one_of("transport", TRANSPORTS, "udp"))
    name = table.text("name", TRANSPORTS[transport])
    if not NAME.fullmatch(name):
        raise table.error("name", "up to 64 lower-case letters, digits, dots and dashes")
    table.text("address")
    address = bound(table, "address", UDP_DEFAULT, default_port(transport))
    for key in (*(STREAM_KEYS if transport == UDP else UDP_KEYS), *(TLS_KEYS if transport != TLS else ())):
        if table.has(key):
            raise table.error(key, f"no such key for the transport `{TRANSPORTS[transport]}`")
    listening = Listening(
        name=name,
        transport=transport,
        address=address,
        advertise=_advertised(table, address),
        where=(*table.where, "address"),
        tls=_tls(table) if transport == TLS else None,
        idle=_from(table, "idle", IDLE_DEFAULT, 1, 86_400),
        most_connections=_from(table, "most_connections", MOST_DEFAULT, 1, 1_000_000),
        largest_message=_from(table, "largest_message", MAX_MESSAGE, SMALLEST, MAX_MESSAGE),
        worker_ports=_from(table, "worker_ports", 0, 0, HIGHEST),
    )
    table.close()
    return listening


def _tls(table: Table) -> ServerTls:
    """Certificates and what is asked of peers, tried out at once."""
    folder = Path(table.source.file).parent
    first = _certificate(table, folder, "")
    others = []
    for other in table.tables("certificates"):
        others.append(_certificate(other, folder, other.text("server_name")))
        other.close()
    ca = table.text("client_ca", "")
    required = table.flag("require_client_certificate", False)
    if required and not ca:
        raise table.error("client_ca", "the authorities whose certificates are required", "nothing")
    wanted = ServerTls((first, *others), folder / ca if ca else None, required)
    try:
        server_context(wanted)
    except ValueError as wrong:
        raise table.error("client_ca", str(wrong)) from None
    return wanted


def _certificate(table: Table, folder: Path, name: str) -> Certificate:
    chain = table.text("certificate")
    found = Certificate(folder / chain, folder / table.text("key", chain), name)
    try:
        server_context(ServerTls((found,)))
    except ValueError as wrong:
        raise table.error("certificate", str(wrong)) from None
    return found


def _advertised(table: Table, address: Endpoint) -> Endpoint:
    """What Via and Contact show."""
    text = table.text("advertise", "")
    if not text:
        if addresses.is_unspecified(address.host):
            raise table.error("advertise", f"the address that peers reach, for `{address.host}` is none", "nothing")
        return address
    try:
        advertise = addresses.endpoint(text, address.port)
        if not addresses.is_host(advertise.host) or addresses.is_unspecified(advertise.host):
            raise ValueError("an address or a name that peers reach")
    except ValueError as wrong:
        raise table.error("advertise", str(wrong)) from None
    return advertise


def bound(table: Table, key: str, default: str, default_port: int = 5060) -> Endpoint:
    """An address of this machine to listen on."""
    text = table.text(key, default)
    try:
        found = addresses.endpoint(text, default_port)
    except ValueError as wrong:
        raise table.error(key, str(wrong)) from None
    if not addresses.is_ip(found.host):
        raise table.error(key, "an IP address of this machine and a port")
    return found


def _from(table: Table, key: str, default: int, least: int, most: int) -> int:
    """A whole number within bounds."""
    number = table.integer(key, default)
    if not least <= number <= most:
        raise table.error(key, f"a whole number from {least} to {most}")
    return number
