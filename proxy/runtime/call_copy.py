"""Whether notes of calls are copied to Redis, under which name, and the token that says whose they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from proxy.runtime.settings import Settings
from proxy.runtime.store.redis_calls import RedisCalls
from proxy.runtime.tasks import Tasks

FILE: Final = "owner"
MARGIN: Final = 3600.0  # s that notes outlive the longest call
LENGTH: Final = 16


def copy_of(settings: Settings, folder: Path, tasks: Tasks, say: Callable[[str], None]) -> RedisCalls | None:
    """The copy of a process whose state lies in `folder`; none unless the store is Redis. Raises OSError."""
    place = settings.store.place
    if place is None or not settings.state.copy_calls:
        return None
    life = settings.topology.limits.longest_call + MARGIN
    return RedisCalls(place, f"{settings.node}/{folder.name}", token_in(folder), life, tasks, say)


def token_in(folder: Path) -> bytes:
    """What names this folder and no other; made when there is none."""
    path = folder / FILE
    known = path.read_bytes() if path.exists() else b""
    if len(known) != 2 * LENGTH:
        known = os.urandom(LENGTH).hex().encode("ascii")
        path.write_bytes(known)
    return known
