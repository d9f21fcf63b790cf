"""What the ledger has answered, on its way into the SQLite file: in the ahead log at once, in the file a little later.

Every `BEHIND` seconds, while there is anything, the writing thread gets all that is new as one transaction. Until it is
done, or while the disk refuses, the next generation gathers in the overlay; what is in the file holds no segment of the
log any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, final

from proxy.runtime.ahead_log import NEVER, AheadLog
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.overlay import Overlay
from proxy.runtime.store.row_writing import write

BEHIND = 0.25  # s between two times that the file gets what is new
AGAIN = 0.5  # s after the disk refused


@final
class WriteBehind:
    """The overlay, and who empties it. `refused` is called each time that the disk did not take it."""

    def __init__(self, ledger: EmbeddedLedger, log: AheadLog, refused: Callable[[], None]) -> None:
        self.overlay: Final = Overlay()
        self._ledger: Final = ledger
        self._log: Final = log
        self._refused: Final = refused
        self._mark: Final = log.mark()
        self._mark.position = NEVER
        self._loop: Final = asyncio.get_running_loop()
        self._planned = False
        self._writing = False
        self._closed = False
        self._since = 0.0  # when the oldest of what the file does not have was put
        self._taken_at = (0, 0.0)  # position of the log and instant when what is under way was taken

    @property
    def age(self) -> float:
        """Seconds since the oldest of what the file does not have was put; 0 if there is nothing."""
        return self._loop.time() - self._since if len(self.overlay) else 0.0

    def put(self, kind: int, payload: bytes) -> None:
        """An entry for the log; what it says is put into the overlay next."""
        if not self._planned:
            self._planned = True
            self._since = self._loop.time()
            self._mark.position = self._log.end_position
            self._loop.call_later(BEHIND, self.flush)
        self._log.put(kind, payload)

    def flush(self) -> None:
        """Have the file written, unless that is being done, or cannot be done any more."""
        if self._writing or self._closed:
            return
        overlay = self.overlay
        if not overlay.is_under_way:
            overlay.take()
            self._taken_at = (self._log.end_position, self._loop.time())
        self._writing = True
        work = partial(write, overlay.under_way, overlay.heard_under_way)
        self._ledger.post(work, lambda error: self._loop.call_soon_threadsafe(self._written, error))

    def _written(self, error: Exception | None) -> None:
        self._writing = False
        if error is not None:
            self._refused()
            self._loop.call_later(AGAIN, self.flush)
            return
        self.overlay.written()
        self._mark.position, self._since = self._taken_at
        if len(self.overlay):
            self._loop.call_later(BEHIND, self.flush)
        else:
            self._planned = False
            self._mark.position = NEVER

    async def settle(self, patience: float) -> int:
        """Before the proxy stops: bring all of it into the file, for at most so long; how much is not there yet."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while len(self.overlay):
                    self.flush()
                    await asyncio.sleep(BEHIND / 20)
        return len(self.overlay)

    def close(self) -> None:
        """The file is about to be closed; what it does not have stays in the log."""
        self._closed = True
