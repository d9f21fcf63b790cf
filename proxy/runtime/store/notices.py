"""What the store tells its nodes when something has changed, so that they look at once instead of after a while.

A notice is a few bytes: one letter says what changed, for a person the key of its hash follows. Notices may be lost and
may come twice: whoever is told looks at the store, and looks now and then without being told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

DIRECTORY: Final = b"d"  # a version of the directory was added
PERSON: Final = b"p"  # of this person a refusal or a consent
PERSONS: Final = b"l"  # the same of some persons; the log of the store says of whom
ANYTHING: Final = b""  # the way to the store is new: what was said before was not heard

Heard: TypeAlias = Callable[[bytes], None]


class Notices(Protocol):
    """A way by which a node is told. `heard` is called on the loop with each notice, and with ANYTHING at each start."""

    received: int  # notices that came
    reconnects: int  # times the way had to be made anew

    async def start(self) -> None:
        """Begin to listen; a store that is silent now is heard when it answers."""

    async def stop(self) -> None:
        """Listen no more and give everything back."""
