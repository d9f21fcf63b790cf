"""A directory's numbers, found by number and by customer and zone; a change copies only the parts that it touches.

With 100,000 numbers a copy of all takes long enough to hold up calls. So numbers stand on many shelves, of which a change
copies one, and a customer's zone is copied once however many of its numbers change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from proxy.policy.numbers import Number

SHELVES: Final = 256

ACTIVE: Final = "active"
ENDED: Final = ("quarantined", "ported_out")


@dataclass(frozen=True)
class NumberEntry:
    """A customer's right to show one number between two days."""

    number: Number
    customer: str
    right: str
    since: int
    until: int | None
    state: str
    quarantine_until: int | None
    callback_target: str
    evidence: str

    def held_by(self, customer_id: str, day: int) -> bool:
        """Whether this customer holds the number on that day; a right that has ended counts up to its last day."""
        return (
            self.customer == customer_id
            and self.since <= day
            and (self.until is None or day <= self.until)
            and (self.state == ACTIVE or self.state in ENDED)
        )

    def usable_by(self, customer_id: str, day: int) -> bool:
        """Held, and somebody answers when the called person calls back."""
        return self.callback_target != "" and self.held_by(customer_id, day)


@final
class Zone:
    """A customer's numbers of one zone in the order of the file: by right, and as they are looked through."""

    __slots__ = ("by_right", "entries")

    def __init__(self) -> None:
        self.by_right: dict[str, NumberEntry] = {}
        self.entries: tuple[NumberEntry, ...] = ()


@final
class NumberShelves:
    """All rights on numbers. Made by `add` and `settle`, and never changed after that: `changed` makes another one."""

    __slots__ = ("_shelves", "_zones", "_asked", "_found")

    def __init__(self) -> None:
        self._shelves: list[dict[str, tuple[NumberEntry, ...]]] = [{} for _ in range(SHELVES)]
        self._zones: dict[str, dict[str, Zone]] = {}  # by customer
        self._asked = ""  # the rules of a call look at the same number one after the other
        self._found: tuple[NumberEntry, ...] = ()

    def add(self, numbers: list[NumberEntry]) -> None:
        """More numbers while it is being made, so that many can be taken a few at a time."""
        self._asked, self._found = "", ()
        for entry in numbers:
            canonical = entry.number.canonical
            shelf = self._shelves[hash(canonical) % SHELVES]
            shelf[canonical] = (*shelf.get(canonical, ()), entry)
            zones = self._zones.setdefault(entry.customer, {})
            zone = zones.get(entry.number.zone)
            if zone is None:
                zone = zones[entry.number.zone] = Zone()
            name = right_of(entry)
            while name in zone.by_right:  # a file may state the same consented right twice
                name += "+"
            zone.by_right[name] = entry

    def settle(self) -> None:
        """All numbers are there."""
        for zones in self._zones.values():
            for zone in zones.values():
                zone.entries = tuple(zone.by_right.values())

    def entries(self, canonical: str) -> tuple[NumberEntry, ...]:
        """Every right ever recorded on a number, whoever held it."""
        if canonical != self._asked:
            self._found = self._shelves[hash(canonical) % SHELVES].get(canonical, ())
            self._asked = canonical
        return self._found

    def of_customer(self, customer_id: str) -> tuple[NumberEntry, ...]:
        """Every right recorded for a customer, zone by zone."""
        found: list[NumberEntry] = []
        for zone in self._zones.get(customer_id, {}).values():
            found.extend(zone.entries)
        return tuple(found)

    def in_zone(self, customer_id: str, zone: str) -> tuple[NumberEntry, ...]:
        """The customer's numbers of one zone, in the order of the file."""
        zones = self._zones.get(customer_id)
        if zones is None:
            return ()
        found = zones.get(zone)
        return () if found is None else found.entries

    def changed(self, numbers: list[tuple[NumberEntry | None, NumberEntry | None]]) -> NumberShelves:
        """Another one with the second of each pair instead of the first; None: nothing there before, or any more.

        What is the same right of the same customer takes the place of the first, everything else comes last.
        """
        made = NumberShelves()
        made._shelves, made._zones = self._shelves.copy(), self._zones.copy()
        fresh: dict[tuple[str, str], Zone] = {}
        for before, after in numbers:
            if before is not None:
                instead = after if after is not None and same_place(before, after) else None
                made._replace(before, instead)
                if instead is None:
                    made._zone(before, fresh).by_right.pop(right_of(before), None)
            if after is not None:
                if before is None or not same_place(before, after):
                    made._append(after)
                made._zone(after, fresh).by_right[right_of(after)] = after
        for zone in fresh.values():
            zone.entries = tuple(zone.by_right.values())
        return made

    def _replace(self, before: NumberEntry, after: NumberEntry | None) -> None:
        canonical = before.number.canonical
        place = hash(canonical) % SHELVES
        shelf = self._shelves[place] = self._shelves[place].copy()
        rights: list[NumberEntry] = []
        for one in shelf.get(canonical, ()):
            if one is not before:
                rights.append(one)
            elif after is not None:
                rights.append(after)
        if rights:
            shelf[canonical] = tuple(rights)
        else:
            shelf.pop(canonical, None)

    def _append(self, entry: NumberEntry) -> None:
        canonical = entry.number.canonical
        place = hash(canonical) % SHELVES
        shelf = self._shelves[place] = self._shelves[place].copy()
        shelf[canonical] = (*shelf.get(canonical, ()), entry)

    def _zone(self, entry: NumberEntry, fresh: dict[tuple[str, str], Zone]) -> Zone:
        """The zone of the entry, copied the first time."""
        key = (entry.customer, entry.number.zone)
        zone = fresh.get(key)
        if zone is None:
            zone = fresh[key] = Zone()
            zones = self._zones[entry.customer] = self._zones.get(entry.customer, {}).copy()
            old = zones.get(entry.number.zone)
            if old is not None:
                zone.by_right = old.by_right.copy()
            zones[entry.number.zone] = zone
        return zone


def right_of(entry: NumberEntry) -> str:
    """Which right of its customer an entry is."""
    return f"{entry.number.canonical}/{entry.since}"


def same_place(before: NumberEntry, after: NumberEntry) -> bool:
    """Whether the second may stand where the first stood."""
    return (
        before.customer == after.customer
        and before.since == after.since
        and before.number.canonical == after.number.canonical
        and before.number.zone == after.number.zone
    )
