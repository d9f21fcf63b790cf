"""Every event has a number and a name."""

from __future__ import annotations

from proxy.b2bua import events


def test_numbers_are_the_places_of_the_names() -> None:
    numbers = {name: value for name, value in vars(events).items() if name.isupper() and isinstance(value, int)}
    assert sorted(numbers.values()) == list(range(len(events.EVENT_NAMES)))
    for name, value in numbers.items():
        assert events.EVENT_NAMES[value] == name.lower().replace("_", " ")
