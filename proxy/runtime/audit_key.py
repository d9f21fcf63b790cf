"""The Ed25519 key that signs evidence and files of records: made when there is none, and shown to those who verify.

The private key stays in its file, for the owner's eyes only. Who verifies needs the public key alone, and must have it by
another way than with the file: its fingerprint is short enough to be read out or printed on paper.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from proxy.runtime.toml_source import ConfigError

SECRET: Final = 0o600
KEY_BYTES: Final = 32


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The key of that file, made when there is none. Raises ConfigError for a file that holds another thing."""
    try:
        if not path.exists():
            return new_key(path)
        text = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "an error").lower()
        raise ConfigError(str(path), 0, "", "a key file that can be read or made", f"`{reason}`") from None
    try:
        key = serialization.load_pem_private_key(text, None)
    except (ValueError, TypeError) as error:
        raise ConfigError(str(path), 0, "", "an Ed25519 key in PEM without a password", str(error)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(str(path), 0, "", "an Ed25519 key", "a key of another kind")
    return key


def new_key(path: Path) -> Ed25519PrivateKey:
    """A fresh key, written for the owner's eyes only. Raises OSError."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET), "wb") as file:
        file.write(text)
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """The public key as 64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()


def public_pem(key: Ed25519PrivateKey) -> str:
    """The public key in the form that other programs read, such as OpenSSL."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def fingerprint(public_key: str) -> str:
    """SHA-256 of the 32 bytes of a public key (64 hexadecimal digits), in groups of four digits."""
    digest = sha256(bytes.fromhex(public_key)).hexdigest()
    return " ".join(digest[place : place + 4] for place in range(0, len(digest), 4))


def given_key(text: str) -> str:
    """A public key as 64 hexadecimal digits, from these digits or from a file of them or of PEM. Raises ValueError."""
    path = Path(text)
    if path.is_file():
        data = path.read_bytes()
        if data.lstrip().startswith(b"-----"):
            found = serialization.load_pem_public_key(data)
            if not isinstance(found, Ed25519PublicKey):
                raise ValueError("a key of another kind than Ed25519")
            return found.public_bytes_raw().hex()
        text = data.decode("ascii", "replace")
    raw = bytes.fromhex(text)
    if len(raw) != KEY_BYTES:
        raise ValueError("not 32 bytes")
    return raw.hex()
