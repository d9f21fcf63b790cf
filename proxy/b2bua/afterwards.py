"""The dialogs of a call that was taken up from another process and has ended, kept while a BYE in them may still come.

The process that died may have read a BYE whose answer never went out. If the other leg was quicker, the call is over
when that BYE comes again, and no transaction of ours knows it: it is answered 200 all the same, as it would have been.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.fabric import Fabric
from proxy.b2bua.legs import Asker, Fork

FORGET: Final = 0


@final
class Afterwards(Asker):
    """One pair of dialogs, for as long as whoever says BYE repeats it (timer F)."""

    __slots__ = ("fabric", "fork")

    def __init__(self, fabric: Fabric, fork: Fork) -> None:
        self.fabric: Final = fabric
        self.fork: Final = fork
        fabric.timers.arm(fabric.now, fabric.a_pace.long, self, FORGET)

    def fire(self, kind: int, now: float) -> None:
        """The pair is forgotten."""
        self.fabric.dialogs.remove(self.fork)
