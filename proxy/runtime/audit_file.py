"""A file of evidence: chained like the records, signed at its end, and its verification.

The first line names the subject and the public key, the last holds an Ed25519 signature over its own place and the hash
of the line before it, and so over everything. Who verifies must know the public key from elsewhere: a forger can sign
with another one.
"""

from __future__ import annotations

from typing import Final, final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from proxy.runtime.record_archive import STAMP
from proxy.runtime.record_chain import ALTERED, Chain, Fault, faults, hash_of
from proxy.runtime.record_seal import is_sealed

ALTERED_SEAL: Final = "altered: the signature does not fit"
RECORDS: Final = "a file of records"
CUT_OFF: Final = "cut off: the signature at the end is missing"


class SealLine(msgspec.Struct, tag_field="record", tag="signature"):
    """The last line."""

    signature: str


class Seen(msgspec.Struct):
    """As much of a line as the verification reads."""

    seq: int = -1
    prev: str = ""
    record: str = ""
    file: object = ""  # a name in `begin`
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
        return verify_records(lines, torn, last, trusted)
    if last.record != "signature":
        return Verdict([*faults(lines), *torn, Fault(len(lines), CUT_OFF)], len(lines), first.public_key, "")
    fits = is_signed(lines[-1], last, last.prev, first.public_key)
    found = faults(lines, sealed=fits)
    if not fits and not (found and found[-1].line == len(lines)):
        found.append(Fault(len(lines), ALTERED_SEAL))
    if trusted and trusted.lower() != first.public_key:
        found.insert(0, Fault(1, f"signed with another key, {first.public_key or 'none'}"))
    return Verdict(found + torn, len(lines), first.public_key, "")


def verify_records(lines: list[bytes], torn: list[Fault], last: Seen, trusted: str) -> Verdict:
    """A file of records: whole from its first line to its last, and the last one signed where a key was configured."""
    found, signer, signed = [*faults(lines), *torn], "", bool(last.public_key or last.signature)
    if last.record == "end" and signed and is_sealed(lines[-1], last.seq, last.prev):
        note, signer = RECORDS, last.public_key
    elif last.record == "end":
        note = f"{RECORDS}, not signed"
    else:
        note = f"{RECORDS}, not closed: it is being written or was cut off"
    if (signed and not signer) or not last.record:
        found.append(Fault(len(lines), ALTERED_SEAL if signed else ALTERED))
    if trusted and signer != trusted.lower():
        found.append(Fault(len(lines), f"signed with another key, {signer}" if signer else "not signed"))
    return Verdict(found, len(lines), signer, note)


def are_of_one_target(one: bytes, other: bytes) -> bool:
    """Whether two files of records belong to one row of files, by the names in their first lines."""
    names = [STAMP.sub("", str(seen(data.partition(b"\n")[0]).file)) for data in (one, other)]
    return names[0] == names[1]


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
