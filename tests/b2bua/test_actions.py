"""Every action of the coupling table is carried out by somebody."""

from __future__ import annotations

from pathlib import Path

from proxy.b2bua import coupling

SOURCE = (Path(__file__).parents[2] / "proxy" / "b2bua" / "actions.py").read_text(encoding="utf-8")


def test_each_action_of_the_table_has_somebody_who_does_it() -> None:
    ordered = {action for _, action in coupling.COUPLING.values()} - {coupling.NOTHING, coupling.CONFIRM}
    done = {value for name, value in vars(coupling).items() if f"table.{name}" in SOURCE}
    assert ordered == done
