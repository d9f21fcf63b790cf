"""The key file, taken over by a running node as soon as it has changed, so that a rotation needs no reload.

The file is looked at once a second, by its state only and in a thread: a disk that hangs holds up no call. What is wrong
with it is said once, and the keys of before stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, final

from proxy.runtime.store.person_keys import KeysDiffer
from proxy.runtime.toml_source import ConfigError

LOOK: Final = 1.0  # s between two looks

State = tuple[int, int, int]


def state_of(path: Path) -> State | None:
    """What changes when a file is written anew; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@final
class KeysWatch:
    """`take` reads the file and goes on with it; it raises ConfigError or KeysDiffer. `say` gets a line."""

    def __init__(self, path: Path, take: Callable[[], None], say: Callable[[str], None]) -> None:
        self._path: Final = path
        self._take: Final = take
        self._say: Final = say
        self._seen = state_of(path)

    async def follow(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(LOOK)
            await self.look()

    async def look(self) -> None:
        """Take the file if it is another one than before."""
        found = await asyncio.to_thread(state_of, self._path)
        if found is None or found == self._seen:
            return
        self._seen = found
        try:
            self._take()
        except (ConfigError, KeysDiffer) as mistake:
            self._say(f"the key file has changed, but the keys of before stay: {mistake}")
        else:
            self._say(f"{self._path}: taken over")
