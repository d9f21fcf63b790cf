"""The ledger that the settings ask for, with its keys, its notices and its refusals; and keys that were rotated while it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.embedded_notices import EmbeddedNotices
from proxy.runtime.store.embedded_refusals import EmbeddedRefusals
from proxy.runtime.store.notices import Heard, Notices
from proxy.runtime.store.person_keys import KeysDiffer, load_keys, read_keys
from proxy.runtime.store.redis_ledger import RedisLedger
from proxy.runtime.store.redis_notices import RedisNotices
from proxy.runtime.store.redis_place import Place
from proxy.runtime.store.redis_refusals import RedisRefusals
from proxy.runtime.store.refusals_source import RefusalsSource

SomeLedger: TypeAlias = EmbeddedLedger | RedisLedger


def chosen_ledger(path: Path, place: Place | None, keys: Path, wait: float, epoch: Callable[[], float]) -> SomeLedger:
    """On Redis where `place` says, else in the file at `path`; not opened yet. Raises ConfigError for a wrong key file."""
    found = load_keys(keys, epoch())
    if place is not None:
        return RedisLedger(place, found, epoch, wait)
    return EmbeddedLedger(path, found, epoch, wait)


def chosen_notices(path: Path, place: Place | None, heard: Heard, say: Callable[[str], None]) -> Notices:
    """How this node is told of changes in the same store; not started yet."""
    return EmbeddedNotices(path, heard, say) if place is None else RedisNotices(place, heard, say)


def chosen_refusals(path: Path, place: Place | None) -> RefusalsSource:
    """Where this node reads the refusals that it keeps in memory."""
    return EmbeddedRefusals(path) if place is None else RedisRefusals(place)


def take_keys(ledger: SomeLedger, keys: Path) -> None:
    """Go on with the key file as it is now. Raises ConfigError; KeysDiffer if it belongs to another store."""
    fresh = read_keys(keys)
    if fresh.fingerprint != ledger.keys.fingerprint:
        raise KeysDiffer(f"{keys} holds other keys ({fresh.fingerprint}) than the store was filled with")
    ledger.keys = fresh
