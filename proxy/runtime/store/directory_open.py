"""The store of the directory: beside the ledger, in its file or in its Redis."""

from __future__ import annotations

from pathlib import Path

from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.store.directory_interface import DirectoryStore
from proxy.runtime.store.directory_redis import RedisDirectory
from proxy.runtime.store.redis_place import Place


def directory_store(path: Path, place: Place | None) -> DirectoryStore:
    """On Redis if there is a place, else in the file. Raises DirectoryUnreachable when the file cannot be made."""
    return EmbeddedDirectory(path) if place is None else RedisDirectory(place)
