"""A file of evidence: chained like the records, signed at its end, and its verification.

The first line names the subject and the public key, the last holds an Ed25519 signature over its own place and the hash
of the line before it, and so over everything. Who verifies must know the public key from elsewhere: a forger can sign
with another one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from proxy.runtime.record_chain import Chain, Fault, faults, hash_of
from proxy.runtime.toml_source import ConfigError

SECRET: Final = 0o600
ALTERED_SEAL: Final = "altered: the signature does not fit"
CUT_OFF: Final = "cut off: the signature at the end is missing"


class SealLine(msgspec.Struct, tag_field="record", tag="signature"):
    """The last line."""

    signature: str


class Seen(msgspec.Struct):
    """As much of a line as the verification reads."""

    seq: int = -1
    prev: str = ""
    record: str = ""
    public_key: str = ""
    signature: str = ""


@final
class AuditFile:
    """Lines one after the other; `seal` ends it."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key: Final = key
        self._chain: Final = Chain()
        self._lines: Final[list[bytes]] = []
        self._encoder: Final = msgspec.json.Encoder()

    def add(self, fields: dict[str, object]) -> None:
        """One line; `record` says what it is."""
        self._lines.append(self._chain.link(self._encoder.encode(fields)))

    def seal(self) -> bytes:
        """The whole file with its signature."""
        signature = self._key.sign(signed_text(self._chain.seq + 1, self._chain.last))
        self._lines.append(self._chain.link(msgspec.json.encode(SealLine(signature.hex()))))
        return b"".join(self._lines)


def signed_text(place: int, before: str) -> bytes:
    """What is signed: the place of the last line and the hash of the line before it."""
    return f"npv-proxy audit 1\n{place}\n{before}\n".encode()


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The key of that file, made when there is none. Raises ConfigError for a file that holds another thing."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return new_key(path)
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


@final
class Verdict:
    """What the verification found; an empty list of faults is a file as it was written."""

    def __init__(self, found: list[Fault], lines: int, public_key: str, note: str) -> None:
        self.faults: Final = found
        self.lines: Final = lines
        self.public_key: Final = public_key
        self.note: Final = note


def verify(data: bytes, trusted: str = "") -> Verdict:
    """Look at an audit file or a file of records; `trusted` is the public key that must have signed."""
    torn = [] if data.endswith(b"\n") else [Fault(0, "the end of the last line is missing")]
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    first = seen(lines[0]) if lines else Seen()
    last = seen(lines[-1]) if lines else Seen()
    if first.record == "begin" and last.record != "signature":
        note = "a file of records" + (
            "" if last.record == "end" else ", not closed: it is being written or was cut off"
        )
        return Verdict(faults(lines) + torn, len(lines), "", note)
    if last.record != "signature":
        return Verdict([*faults(lines), *torn, Fault(len(lines), CUT_OFF)], len(lines), first.public_key, "")
    fits = is_signed(lines[-1], last, last.prev, first.public_key)
    found = faults(lines, sealed=fits)
    if not fits and not (found and found[-1].line == len(lines)):
        found.append(Fault(len(lines), ALTERED_SEAL))
    if trusted and trusted.lower() != first.public_key:
        found.insert(0, Fault(1, f"signed with another key, {first.public_key or 'none'}"))
    return Verdict(found + torn, len(lines), first.public_key, "")


def follows(before: bytes, after: bytes) -> bool:
    """Whether a file of records goes on where another ends: its first line names the hash of the other's last."""
    last = before.rstrip(b"\n").rpartition(b"\n")[2]
    return seen(after.partition(b"\n")[0]).prev == hash_of(last)


def seen(line: bytes) -> Seen:
    """The fields of a line; empty ones for a line that cannot be read."""
    try:
        return msgspec.json.decode(line, type=Seen)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Seen()


def is_signed(line: bytes, last: Seen, before: str, public_key: str) -> bool:
    """Whether the last line is written to the byte as the holder of the key writes it behind that hash."""
    chain = Chain(last.seq - 1, before)
    try:
        signature, key = bytes.fromhex(last.signature), bytes.fromhex(public_key)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed_text(last.seq, before))
    except (ValueError, InvalidSignature):
        return False
    return chain.link(msgspec.json.encode(SealLine(signature.hex()))) == line + b"\n" and hash_of(line) == chain.last
