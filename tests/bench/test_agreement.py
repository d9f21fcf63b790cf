"""A small run of the trial, so that it stays true with every change; the large one is `python -m tests.bench.agreement`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.bench.agreement import Trial

CALLS = 12_800


def test_ledger_record_and_decision_agree(tmp_path: Path) -> None:
    trial = Trial(CALLS, 3, tmp_path)
    assert asyncio.run(trial.run(600.0)) == CALLS
    assert trial.wrong.total() == 0, trial.wrong
    for rule in ("consent.consumer", "refusal.consumer", "frequency.consumer", "hours.consumer", "attempts.campaign"):
        assert trial.seen[rule] > 0, trial.seen
