"""A node that is killed between any two things that it does in a call takes nothing from either end."""

from __future__ import annotations

import pytest

from tests.simulation.node import Node
from tests.simulation.orders import lost, orders, played

AWAY = (0.0, 3.0)


@pytest.mark.parametrize("name", orders())
def test_a_death_at_any_point_takes_nothing(name: str) -> None:
    world, points = played(name)
    assert lost(world) == []
    assert world.breaches == []
    assert points >= (3 if name == "refused" else 8)
    found = {}
    for away in AWAY:
        for at in range(points):
            world, _ = played(name, at, away)
            assert world.node.incarnation == 1
            found[at, away] = lost(world)
    assert {point: texts for point, texts in found.items() if texts} == {}


def test_what_is_lost_without_notes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    _, points = played("ended by the caller")
    rise = Node._rise

    def without_notes(node: Node) -> None:
        rise(node)
        node._notes.clear()

    monkeypatch.setattr(Node, "_rise", without_notes)
    told = {text for at in range(points) for text in lost(played("ended by the caller", at)[0])}
    assert {"a: BYE 2 was answered 481", "0 records of its end"} <= told
