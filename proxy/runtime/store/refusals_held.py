"""Refusals in memory: who told which customer to stop, as keyed hashes, at most so many; of too many the oldest go.

Beside each refusal stand the consents of the same person that were given after it: few have any, and with them the
question whether the refusal still stands is answered by the same function as in the store. To find the oldest, keys are
kept by day in the order in which they came; a key that has left or moved is passed over when its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias, final

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store.attempts import before
from proxy.runtime.store.interface import DAY, Consent

Consents: TypeAlias = tuple[Consent, ...]
Mixed: TypeAlias = tuple[float, Consents]
SLACK: Final = 1000  # keys that are gone and still in a day


@final
class RefusalsHeld:
    """By the lasting key of customer and person (`person_keys.Person.lasting`); at most `most` of them."""

    def __init__(self, most: int) -> None:
        self.most: Final = most
        self.dropped = 0  # refusals that are in force and found no room
        self._entries: Final[dict[bytes, float | Mixed]] = {}
        self._days: Final[dict[int, list[bytes]]] = {}
        self._references = 0  # keys in all days

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._entries)

    def __contains__(self, key: bytes) -> bool:
        return key in self._entries

    def put(self, key: bytes, at: float, consents: Consents = ()) -> None:
        """This person refused at `at`, POSIX seconds, and gave these consents."""
        later = tuple(consent for consent in consents if consent.at > at)
        known = self._entries.get(key)
        day = int(at // DAY)
        self._entries[key] = (at, later) if later else at
        if known is None or int(instant(known) // DAY) != day:
            self._days.setdefault(day, []).append(key)
            self._references += 1
            if self._references > 2 * len(self._entries) + SLACK:
                self._sort_anew()
        while len(self._entries) > self.most:
            self._drop_oldest()

    def remove(self, key: bytes) -> None:
        """This person has refused nothing."""
        self._entries.pop(key, None)

    def room_from(self) -> float:
        """Refusals before this instant find no room: everything held is of a later day."""
        return min(self._days, default=0) * DAY if self._entries and len(self) >= self.most else 0.0

    def refused_at(self, key: bytes) -> float:
        """When this person refused; 0 if that is not known."""
        known = self._entries.get(key)
        return 0.0 if known is None else instant(known)

    def state(self, key: bytes, inquiry: Inquiry) -> PersonState | None:
        """What is known of the refusal that the inquiry asks about, and of consents after it; attempts are not known."""
        known = self._entries.get(key)
        if known is None:
            return None
        at, consents = known if isinstance(known, tuple) else (known, ())
        return before(inquiry, [], [], at, list(consents))

    def _drop_oldest(self) -> None:
        day = min(self._days)
        keys = self._days[day]
        key = keys.pop()
        self._references -= 1
        if not keys:
            del self._days[day]
        known = self._entries.get(key)
        if known is not None and int(instant(known) // DAY) == day:
            del self._entries[key]
            self.dropped += 1

    def _sort_anew(self) -> None:
        """Leave the keys out that are gone."""
        self._days.clear()
        for key, entry in self._entries.items():
            self._days.setdefault(int(instant(entry) // DAY), []).append(key)
        self._references = len(self._entries)


def instant(entry: float | Mixed) -> float:
    """When the person refused."""
    return entry[0] if isinstance(entry, tuple) else entry
