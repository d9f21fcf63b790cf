"""TLS contexts: ours as a server, with several certificates by name, and ours as a client of a trunk.

At least TLS 1.2. What is wrong with a file raises ValueError with the words that go behind "expected"; nothing is
looked at later than here, so that a reload with a wrong certificate is refused as a whole.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from proxy.b2bua.trunks import TlsClient

SECURE_LEAST: Final = ssl.TLSVersion.TLSv1_2


@dataclass(frozen=True)
class Certificate:
    """A certificate chain and its key, both PEM files; `name` is the server name that asks for it, if one must."""

    chain: Path
    key: Path
    name: str = ""


@dataclass(frozen=True)
class ServerTls:
    """What a listener shows and asks: `client_ca` judges the certificates of peers, `required` insists on one."""

    certificates: tuple[Certificate, ...]
    client_ca: Path | None = None
    required: bool = False


def server_context(wanted: ServerTls) -> ssl.SSLContext:
    """The first certificate, and the others for the names that they stand for (SNI, RFC 6066 3)."""
    first, *others = [_server_context(one, wanted) for one in wanted.certificates]
    by_name = {one.name.lower(): context for one, context in zip(wanted.certificates[1:], others, strict=True)}
    if by_name:
        first.sni_callback = _chooser(by_name)
    return first


def _server_context(one: Certificate, wanted: ServerTls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = SECURE_LEAST
    context.options |= ssl.OP_NO_RENEGOTIATION
    _load_chain(context, one.chain, one.key)
    if wanted.client_ca is not None:
        _load_authorities(context, wanted.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED if wanted.required else ssl.CERT_OPTIONAL
    return context


def _chooser(by_name: Mapping[str, ssl.SSLContext]) -> Any:  # Any: the standard library's own type is a union of these
    def choose(handshake: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        context = by_name.get((name or "").lower())
        if context is not None:
            handshake.context = context

    return choose


def client_context(wanted: TlsClient) -> ssl.SSLContext:
    """How we judge a trunk that we connect to, and what we show it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = SECURE_LEAST
    if not wanted.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif wanted.ca:
        _load_authorities(context, Path(wanted.ca))
    else:
        context.load_default_certs()
    if wanted.certificate:
        _load_chain(context, Path(wanted.certificate), Path(wanted.key or wanted.certificate))
    return context


def _load_chain(context: ssl.SSLContext, chain: Path, key: Path) -> None:
    try:
        context.load_cert_chain(chain, key, password=_no_password)
    except OSError as error:
        raise ValueError(f"a certificate chain and its key, PEM ({_reason(error)})") from None


def _load_authorities(context: ssl.SSLContext, ca: Path) -> None:
    try:
        context.load_verify_locations(ca)
    except OSError as error:
        raise ValueError(f"certificates of authorities, PEM ({_reason(error)})") from None


def _no_password() -> str:
    """A key under a password would ask for it on the terminal; here it is a wrong key."""
    return ""


def _reason(error: OSError) -> str:
    text = getattr(error, "reason", None) or error.strerror or str(error)
    return str(text).lower().replace("_", " ")


def proved_names(certificate: Mapping[str, Any] | None) -> str:
    """The names of a peer's verified certificate, comma-joined: DNS and URI names, else its common name (RFC 5922 7.1)."""
    if not certificate:
        return ""
    names = [value for kind, value in certificate.get("subjectAltName", ()) if kind in ("DNS", "URI")]
    if not names:
        names = [value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"]
    return ",".join(name for name in names if "," not in name)


def failure(error: BaseException) -> str:
    """Whether a handshake failed for its `certificate`, or for anything else in the `protocol`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate"
    return "certificate" if "CERTIFICATE" in str(getattr(error, "reason", "")).upper() else "protocol"
