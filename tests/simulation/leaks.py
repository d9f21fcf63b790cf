"""Whether a datagram shows who calls, in whatever writing. Every simulated caller is someone of whom these bytes tell."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_to_bytes

NUMBER: Final = b"4500123"  # of every caller's number, the last digits but one or two
NAME: Final = b"dupontel"
HOST: Final = b"10.1.0."
BETWEEN: Final = b" -._()/,"


def leaks(data: bytes) -> str:
    """What was found, empty for nothing."""
    plain = (unquote_to_bytes(data) if b"%" in data else data).lower()
    found = [needle.decode() for needle in (NAME, HOST) if plain.find(needle) >= 0]
    if plain.translate(None, BETWEEN).find(NUMBER) >= 0:
        found.append(NUMBER.decode())
    return ", ".join(found)
