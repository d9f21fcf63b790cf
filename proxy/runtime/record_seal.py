"""The signature in the last line of a file of records.

It stands in `end` and covers the place of that line, the hash of the line before it, and so every line of the file, and
the other fields of `end`. One signature a file: nothing of it is on the way of a call.
"""

from __future__ import annotations

from typing import Final, final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from proxy.runtime.record_chain import Chain
from proxy.runtime.record_shapes import EndLine


@final
class Seal:
    """Signs last lines."""

    __slots__ = ("_key", "_public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key: Final = key
        self._public: Final = key.public_key().public_bytes_raw().hex()

    def end(self, place: int, before: str, end: EndLine) -> EndLine:
        """The line, signed, as line `place` of its file behind the line with the hash `before`."""
        plain = msgspec.structs.replace(end, public_key=self._public, signature="")
        return msgspec.structs.replace(plain, signature=self._key.sign(sealed_text(place, before, plain)).hex())


def sealed_text(place: int, before: str, plain: EndLine) -> bytes:
    """What is signed; `plain` is the line without its signature."""
    return b"npv-proxy records 1\n%d\n%s\n%s\n" % (place, before.encode(), msgspec.json.encode(plain))


def is_sealed(line: bytes, place: int, before: str) -> bool:
    """Whether a last line is written to the byte as the holder of its key writes it in that place."""
    try:
        end = msgspec.json.decode(line, type=EndLine)
        plain = msgspec.structs.replace(end, signature="")
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(end.public_key))
        signature = bytes.fromhex(end.signature)
        key.verify(signature, sealed_text(place, before, plain))
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, InvalidSignature):
        return False
    signed = msgspec.structs.replace(plain, signature=signature.hex())  # as the writer has it: no capital letters
    return Chain(place - 1, before).link(msgspec.json.encode(signed)) == line + b"\n"
