"""Numbers that a person would call back in vain, told where numbers and configuration are looked at, never in the way.

What is asked is what a call would ask: where the number leads, and whether a trunk covers that. Whether anybody
answers there only a test call shows (`callback_tested`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, final

from proxy.b2bua.back_ways import BackWays
from proxy.b2bua.trunks import Topology
from proxy.policy.call_back import FORWARDED, NO_WAY, choose, meaning
from proxy.policy.directory import ACTIVE, Directory, NumberEntry
from proxy.policy.numbers import NumberingPlan
from proxy.runtime.trunk_settings import Trunks


@final
class CallBackChecks:
    """One directory with its trunks, at a node whose listeners `node` has."""

    def __init__(self, plan: NumberingPlan, directory: Directory, trunks: Trunks, node: Topology) -> None:
        self._plan: Final = plan
        self._directory: Final = directory
        self._ways: Final = BackWays(replace(node, platforms=trunks.platforms))

    def warning(self, entry: NumberEntry, day: int) -> str:
        """Why a call back to the number finds nobody on that day; empty when it does, or when it is not shown."""
        if entry.state != ACTIVE or not entry.held_by(entry.customer, day):
            return ""
        chosen = choose(self._plan, self._directory, entry.number.canonical, day, self._ways.own)
        rule = NO_WAY if chosen.rule == FORWARDED and not self._ways.leads(chosen) else chosen.rule
        return "" if rule == FORWARDED else meaning(rule, False)
