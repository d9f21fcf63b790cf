"""The entries of the ledger in the ahead log, and how a successor brings them into the SQLite file.

An attempt: the person's key, the 11 bytes of the attempt, until when the row is kept. A release: the key and the
attempts that left. A refusal: the lasting key, and what stands in its row. Each may be applied again without harm.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable
from typing import Final

import msgspec

from proxy.runtime.ahead_reading import Entry
from proxy.runtime.store.attempts import ENTRY, packed, unpacked
from proxy.runtime.store.overlay import Heard, merged
from proxy.runtime.store.person_keys import NAME_BYTES
from proxy.runtime.store.row_writing import REFUSE

ATTEMPT: Final = 1  # kinds of entries
RELEASE: Final = 2
REFUSAL: Final = 3
UNTIL: Final = struct.Struct("<d")
KEPT: Final = "INSERT INTO ledger_attempts VALUES (?1, ?2, ?3) ON CONFLICT (person) DO UPDATE SET row = ?2, until = ?3"
ROW: Final = "SELECT row, until FROM ledger_attempts WHERE person = ?"


def attempt_entry(name: bytes, attempt: bytes, until: float) -> bytes:
    """One attempt, counted."""
    return name + attempt + UNTIL.pack(until)


def release_entry(name: bytes, before: bytes, left: bytes) -> bytes:
    """What a row has lost."""
    stays = set(unpacked([left]))
    return name + packed(entry for entry in unpacked([before]) if entry not in stays)


def refusal_entry(lasting: bytes, heard: Heard) -> bytes:
    """One refusal."""
    return lasting + msgspec.json.encode(heard)


def apply(entries: Iterable[Entry], connection: sqlite3.Connection) -> None:
    """Bring what a predecessor put into its log into the file, within a transaction."""
    for entry in entries:
        name, body = entry.payload[:NAME_BYTES], entry.payload[NAME_BYTES:]
        if entry.kind == REFUSAL:
            connection.execute(REFUSE, (name, *msgspec.json.decode(body)))
            continue
        found = connection.execute(ROW, (name,)).fetchone()
        there, until = found or (b"", 0.0)
        if entry.kind == ATTEMPT:
            row = merged(there, b"", body[: ENTRY.size])
            until = max(until, *UNTIL.unpack_from(body, ENTRY.size))
        else:
            row = merged(there, body, b"")
        if row:
            connection.execute(KEPT, (name, row, until))
        elif found is not None:
            connection.execute("DELETE FROM ledger_attempts WHERE person = ?", (name,))
