"""Authorities and certificates for tests: made when asked for, valid for long."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from proxy.b2bua.trunks import TlsClient
from proxy.runtime.tls import client_context

BORN = datetime.fromtimestamp(1_700_000_000, UTC)


class Authority:
    """Signs certificates and writes them, with their keys, into a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self.name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._count = 0
        self.file = folder / f"{name}.pem"
        self._certificate = self._signed(name, self._key, [], True)
        self.file.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def certificate(self, name: str, *also: str) -> Path:
        """A file with the certificate and the key of `name`, valid for these names and addresses too."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._signed(name, key, [name, *also], False)
        path = self.folder / f"{self.name}-{name}-{self._count}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
        return path

    def _signed(
        self, name: str, key: ec.EllipticCurvePrivateKey, names: Sequence[str], authority: bool
    ) -> x509.Certificate:
        self._count += 1
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(BORN)
            .not_valid_after(BORN + timedelta(days=20_000))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(one) for one in names]), critical=False
            )
        return builder.sign(self._key, SHA256())


def _general(name: str) -> x509.GeneralName:
    if name.startswith("sip:"):
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


async def shown_at(port: int, authority: Authority) -> list[str]:
    """The names of the certificate that is shown there."""
    context = client_context(TlsClient(ca=str(authority.file)))
    context.check_hostname = False
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="any.example")
    names = [value for _, value in writer.get_extra_info("peercert")["subjectAltName"]]
    writer.close()
    await writer.wait_closed()
    return names
