"""The transports over which a case is played, and what each needs around SIPp.

SIPp from Debian speaks no TLS: over TLS there is a socat on both sides of the proxy, and the carrier shows the port of its
socat instead of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from stage import HOST, Program, free_port, until_listening

_STREAM_ONLY = re.compile(r"<[^<>]*/>\s*<!-- stream: (.*?) -->", re.DOTALL)
_UDP = """\
[listen]
udp = "{place}:{sip}"
"""
_STREAM = """\
[[listen]]
transport = "{transport}"
address = "{place}:{sip}"
"""


@dataclass(frozen=True)
class Way:
    """One transport: `sipp` is the option -t, `host` the address of everybody. The proxy has so many `workers`, each with a
    port of its own if `own_ports`."""

    name: str
    sipp: str
    host: str = HOST
    transport: str = "udp"
    workers: int = 1
    own_ports: bool = False

    @property
    def place(self) -> str:
        """The host as it stands before a colon."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def bridged(self) -> bool:
        """Does SIPp need help?"""
        return self.transport == "tls"

    def listen(self, sip: int) -> str:
        """The listeners of the proxy."""
        if self.transport == "udp":
            own = f"worker_ports = {free_port(self.workers)}\n" if self.own_ports else ""
            return _UDP.format(place=self.place, sip=sip) + own
        more = 'certificate = "bridge.pem"\n' if self.bridged else ""
        return _STREAM.format(transport=self.transport, place=self.place, sip=sip) + more

    def carrier(self) -> str:
        """More keys of the carrier."""
        if self.transport == "udp":
            return ""
        return f'transport = "{self.transport}"\n' + ("tls_verify = false\n" if self.bridged else "")


WAYS = {
    way.name: way
    for way in (
        Way("udp", "u1"),
        Way("tcp", "t1", transport="tcp"),
        Way("tls", "t1", transport="tls"),
        Way("ipv6", "u1", "::1"),
        Way("workers", "u1", workers=2, own_ports=True),
        Way("one_port", "u1", workers=2),
    )
}


@contextmanager
def bridges(way: Way, ports: dict[str, int], folder: Path) -> Iterator[tuple[int, int]]:
    """While it runs: the port that the platform's SIPp sends to, and the one that the carrier's SIPp listens on."""
    if not way.bridged:
        yield ports["sip"], ports["carrier"]
        return
    certificate(folder / "bridge.pem")
    near, far = free_port(), free_port()
    options = "cert=bridge.pem,verify=0,reuseaddr,fork"
    to_proxy = ["socat", f"TCP-LISTEN:{near},bind={HOST},reuseaddr,fork", f"OPENSSL:{HOST}:{ports['sip']},verify=0"]
    to_carrier = ["socat", f"OPENSSL-LISTEN:{ports['carrier']},bind={HOST},{options}", f"TCP:{HOST}:{far}"]
    with Program(to_proxy, folder / "bridge_platform.log"), Program(to_carrier, folder / "bridge_carrier.log"):
        for port in (near, ports["carrier"]):
            until_listening(port)
        yield near, far


def certificate(path: Path) -> None:
    """A certificate that nobody signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bridge")])
    born = datetime.fromtimestamp(1_700_000_000, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(born)
        .not_valid_after(born + timedelta(days=20_000))
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)


def scenario_for(way: Way, path: Path, shown: int, folder: Path) -> Path:
    """The scenario as it is played over `way`.

    Over a stream what stands in `<!-- stream: ... -->` takes the place of the element before it, since SIPp knows a
    repeated message only over UDP. Behind a bridge a side shows the port of that, `shown`, as its own.
    """
    if way.transport == "udp":
        return path
    text = _STREAM_ONLY.sub(r"\1", path.read_text(encoding="utf-8"))
    copy = folder / path.name
    copy.write_text(text.replace("[local_port]", str(shown)) if way.bridged else text, encoding="utf-8")
    return copy
