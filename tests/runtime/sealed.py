"""A signed file of records for tests, the same for the same count."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.runtime.record_archive import Keeping
from proxy.runtime.record_files import RecordFile
from proxy.runtime.record_seal import Seal

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOON = 1_795_428_000.0


def records(path: Path, count: int) -> bytes:
    """The bytes of a file with so many records, begun, written and closed."""
    file = RecordFile(str(path), "edge-1", Keeping())
    file.seal = Seal(KEY)
    file.open(NOON)
    file.add([b'{"record":"fault","text":"one %d"}' % number for number in range(count)], 0, NOON)
    file.close(NOON)
    return path.read_bytes()
