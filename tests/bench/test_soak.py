"""A soak of a few hundred calls, and what is held against a long one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.figures import Counts
from tests.bench.looks import Look
from tests.bench.mix import Side
from tests.bench.processes import share_out
from tests.bench.soak import Soak, as_json, run, told

IDLE = Look(0.0, 70 << 20, 90 << 20, 28, 11, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3)
LOADED = replace(IDLE, at=80.0, memory=100 << 20, calls=50, transactions=900, timers=900)


def whole() -> Soak:
    """A run in which all went well."""
    soak = Soak(1000, 100, 1.0, 75.0, "compiled")
    soak.begun, soak.ended = IDLE, replace(IDLE, memory=99 << 20, started=900)
    soak.looks = [replace(LOADED, at=10.0, memory=80 << 20), LOADED, replace(LOADED, at=90.0, memory=102 << 20)]
    soak.platform, soak.carrier = Side(Counts(1000, 1000, 0, 0, 0, 100.0)), Side(Counts(900, 900, 0, 0, 0, 90.0))
    soak.decided, soak.recorded = 1000, 900
    return soak


def test_a_run_in_which_all_went_well() -> None:
    assert whole().problems() == []
    assert "0 failed, nothing left" in told(whole())
    assert b'"problems": []' in as_json(whole())


def test_a_machine_that_did_not_keep_up_is_told_of() -> None:
    soak = whole()
    assert "no room" not in told(soak)
    soak.dropped = 7
    assert "7 datagrams found no room in the node's socket" in told(soak)


@pytest.mark.parametrize(
    ("change", "told_as"),
    [
        ({"platform": Side(Counts(1000, 998, 2, 0, 0, 100.0))}, "2 calls failed at the platform (mix_uac.xml)"),
        (
            {"platform": Side(Counts(1000, 999, 1, 0, 0, 100.0), 0, {"FailedMaxUDPRetrans": 1})},
            "1 calls failed at the platform (mix_uac.xml, FailedMaxUDPRetrans 1)",
        ),
        ({"platform": Side(Counts(1000, 1000, 0, 0, 0, 100.0), 4)}, "4 calls were turned away"),
        ({"carrier": Side(Counts(900, 899, 1, 0, 0, 90.0))}, "1 of 900 calls failed at the carrier (mix_uas.xml)"),
        ({"decided": 999}, "999 decisions were recorded for 1000 calls"),
        ({"recorded": 899}, "899 ends were recorded for 900 calls"),
        ({"twice": 1}, "1 records say what another said"),
        ({"ended": replace(IDLE, started=900, timers=2)}, "timers: 2 left"),
        ({"ended": replace(IDLE, started=900, files=29)}, "files: 28 before, 29 after"),
        ({"ended": replace(IDLE, started=900, faults=1)}, "a defect of ours ended a call"),
        ({"ended": replace(IDLE, started=900, records_dropped=1)}, "records were dropped"),
        ({"looks": [LOADED, replace(LOADED, memory=107 << 20)]}, "memory went 3.4% from its median"),
        ({"ended": None}, "the run did not come to its end"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_told(change: dict[str, object], told_as: str) -> None:
    soak = whole()
    for name, value in change.items():
        setattr(soak, name, value)
    assert soak.problems() == [told_as]


def test_one_look_at_a_machine_that_stalls_is_no_growth() -> None:
    soak = whole()
    soak.looks = [replace(LOADED, at=80.0 + number) for number in range(50)]
    soak.looks[7] = replace(LOADED, at=87.0, memory=150 << 20)
    assert soak.problems() == []
    soak.looks[-10:] = [replace(LOADED, at=130.0 + number, memory=107 << 20) for number in range(10)]
    assert soak.problems() == ["memory went 7.0% from its median"]


@pytest.mark.sipp
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="load and node need a core each")
def test_a_few_hundred_calls_of_every_kind(tmp_path: Path) -> None:
    soak = Soak(150, 75, 0.2, 1e9, "as imported")  # so short a run says nothing of memory
    run(soak, tmp_path / "node", share_out(os.sched_getaffinity(0)), {"timers.t1_ms": "100"}, 0, 0.5, 0.1)
    assert soak.problems() == []
    assert len(soak.looks) >= 1
