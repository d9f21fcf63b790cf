"""What the nodes of one store count together: limits of customers, trunks and carriers hold over all of them.

Each node tells the others, a few times a second, how many calls it has at once and how many it took since, of every name
that has a limit; now and then it tells all of it, so that what was lost is made up for. What the others told stands
beside what the workers of this node count (`shared_meters`), so a call that is asked for waits for nobody. In return
the limits of several nodes may be passed by what begins in the time between two messages; those of one node never are.
A node that says nothing for `GONE` seconds has no calls any more. What a node limits for itself (`[limits]`) is its own.

Only the arithmetic is here; `store.redis_limits` carries the messages. A message is `HEAD`, the name of the node, and an
`ENTRY` for each name.
"""

from __future__ import annotations

from struct import Struct, error
from typing import Final, final

from proxy.runtime.shared_meters import CELL, SharedMeters, key_of

VERSION: Final = 1
HEAD: Final = Struct("<BBB")  # version, whether it says all, length of the name of the node
ENTRY: Final = Struct("<qIH")  # key of the name, calls at once, calls taken since the last message
MOST_TAKEN: Final = 0xFFFF
GONE: Final = 5.0  # s
WHOLE: Final = 2.0  # s between two messages that say all
OUTCOMES: Final = ("sent", "heard", "silent", "unreadable")  # of messages
OWN: Final = key_of("node")  # each node has limits of its own


class Unreadable(Exception):
    """A message that is not one of ours."""


@final
class NodeLimits:
    """What this node knows of the others. Times are those of the engine's `now`."""

    def __init__(self, meters: SharedMeters, node: str) -> None:
        self.unplaced = 0  # entries of names for which there is no room
        self._meters: Final = meters
        self._node: Final = node.encode()[:0xFF]
        self._limits = b""
        self._limited: list[int] = []  # places
        self._said: dict[int, int] = {}  # calls at once, by place, as the others know them
        known = range(len(meters.limits()) // CELL)
        self._taken: Final = {place: taken for place in known if (taken := meters.takes(place))}
        self._whole_at = -WHOLE
        self._others: Final[dict[bytes, dict[int, int]]] = {}  # calls at once, by node and key
        self._heard: Final[dict[bytes, float]] = {}
        self._sums: Final[dict[int, int]] = {}

    @property
    def nodes(self) -> int:
        """Other nodes that speak."""
        return len(self._heard)

    def news(self, now: float) -> bytes:
        """The next message; empty when there is nothing to tell."""
        meters, taken = self._meters, self._taken
        whole = now >= self._whole_at + WHOLE
        said: dict[int, int] = {} if whole else self._said
        entries: list[bytes] = []
        for place in dict.fromkeys((*self._places(), *self._said)):
            live, takes = meters.lives(place), meters.takes(place)
            fresh = takes - taken.get(place, 0)
            if fresh or live != said.get(place, 0):
                entries.append(ENTRY.pack(meters.key(place), live, min(fresh, MOST_TAKEN)))
                said[place], taken[place] = live, takes
        self._said = {place: live for place, live in said.items() if live}
        if whole:
            self._whole_at = now
        return HEAD.pack(VERSION, whole, len(self._node)) + self._node + b"".join(entries) if whole or entries else b""

    def _places(self) -> list[int]:
        """Where something is counted that has a limit."""
        limits = self._meters.limits()
        if limits != self._limits:
            self._limits = limits
            rates = memoryview(limits).cast("d")
            self._limited = [place for place, rate in enumerate(rates) if rate and self._meters.key(place) != OWN]
        return self._limited

    def heard(self, message: bytes, now: float) -> None:
        """What a node told; its own message says nothing new. Raises Unreadable."""
        try:
            version, whole, length = HEAD.unpack_from(message)
            body = message[HEAD.size + length :]
            entries = list(ENTRY.iter_unpack(body))
        except error:
            raise Unreadable(f"{len(message)} bytes that are no whole message") from None
        if version != VERSION:
            raise Unreadable(f"a message of version {version}, where {VERSION} is known")
        node = message[HEAD.size : HEAD.size + length]
        if node == self._node:
            return
        self._heard[node] = now
        known = self._others.setdefault(node, {})
        if whole:
            named = {key for key, _, _ in entries}
            for key in [key for key in known if key not in named]:
                self._set(known, key, 0)
        for key, live, taken in entries:
            self._set(known, key, live)
            place = self._meters.place_of(key) if taken else -1
            if place >= 0:
                self._meters.taken_elsewhere(place, taken, now)

    def _set(self, known: dict[int, int], key: int, live: int) -> None:
        """That node has so many calls there."""
        before = known.pop(key, 0)
        if live:
            known[key] = live
        if live == before:
            return
        total = self._sums.pop(key, 0) + live - before
        if total:
            self._sums[key] = total
        place = self._meters.place_of(key)
        if place < 0:
            self.unplaced += 1
        else:
            self._meters.elsewhere(place, total)

    def forget(self, now: float) -> None:
        """Those who have said nothing for long have no calls any more."""
        for node in [node for node, at in self._heard.items() if now - at > GONE]:
            del self._heard[node]
            known = self._others.pop(node)
            for key in list(known):
                self._set(known, key, 0)
