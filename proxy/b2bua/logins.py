"""How a platform proves who it is, and what we prove ourselves with to a carrier.

Frozen records of the topology. `runtime/login_settings.py` reads them with a reference to each secret; `runtime/secret_references.py`
puts what the reference leads to in its place, on each node. Passwords and what stands for them are never part of a text
of these records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

DIGEST: Final = "digest"
CERTIFICATE: Final = "certificate"


@dataclass(frozen=True)
class DigestUser:
    """One user of a platform. `hashes` are pairs of algorithm and `digest.user_hash`, none: nobody can be this user;
    `customer` is who calls when this user does, empty: as the trunk says. `secret` is where the password is."""

    name: bytes
    hashes: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    customer: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Auth:
    """What a platform trunk must show besides its address: the digest of one of `users`, or a TLS certificate with one
    of `names` (lower case). A trunk that names no addresses is known by this alone.

    `algorithms` are offered in this order. `in_dialog` asks for credentials inside calls too; `any_uri` accepts
    credentials that name another address than the request does, as some peers write them.
    """

    kind: str
    realm: bytes = b""
    users: tuple[DigestUser, ...] = ()
    algorithms: tuple[bytes, ...] = ()
    in_dialog: bool = False
    any_uri: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class AuthPolicy:
    """For the whole node. `key` signs nonces, which last `nonce_lifetime` seconds; a source that fails `failures` times
    is refused until it was silent for `refused_for` seconds. 0 failures: never refused."""

    key: bytes = field(default=b"", repr=False)
    nonce_lifetime: float = 300.0
    failures: int = 10
    refused_for: float = 60.0


@dataclass(frozen=True)
class CarrierLogin:
    """What a carrier's challenge is answered with; in `realm` only, unless that is empty. `secret` is where the password is."""

    user: bytes
    password: bytes = field(default=b"", repr=False)
    realm: bytes = b""
    secret: str = ""
