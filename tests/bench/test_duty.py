"""A bound on the processor time of a process: what is written where, and that it holds where it can be had."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bench import duty, processes
from tests.bench.duty import PERIOD, NoQuota, bounded, group_folder, limits

BUSY = "while True: pass"


@pytest.mark.parametrize("second", [True, False])
def test_what_is_written_says_the_share(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, second: bool) -> None:
    told = tmp_path / "cgroup.controllers"
    monkeypatch.setattr(duty, "SECOND", told)
    monkeypatch.setattr(duty, "FIRST", tmp_path)
    if second:
        told.write_text("cpuset cpu io\n", encoding="utf-8")
    folder = group_folder("one")
    assert folder == tmp_path / "one"
    values = {path.name: text for path, text in limits(folder, 0.4).items()}
    assert values.get("cpu.max", values.get("cpu.cfs_quota_us", "")).startswith("2000")
    assert str(PERIOD) in " ".join(values.values())


def test_without_the_controller_there_is_no_bound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = tmp_path / "cgroup.controllers"
    told.write_text("memory\n", encoding="utf-8")
    monkeypatch.setattr(duty, "SECOND", told)
    with pytest.raises(NoQuota):
        group_folder("one")
    monkeypatch.setattr(duty, "SECOND", tmp_path / "none")
    monkeypatch.setattr(duty, "FIRST", tmp_path / "none")
    with pytest.raises(NoQuota):
        group_folder("one")


def test_a_bounded_process_gets_no_more_than_its_share() -> None:
    busy = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        with bounded([busy.pid], 0.2):
            end, share = time.monotonic() + 30.0, 1.0
            while share > 0.3:  # as soon as the group has it
                assert time.monotonic() < end, share
                before, began = processes.spent([busy.pid]).total, time.monotonic()
                time.sleep(1.0)
                share = (processes.spent([busy.pid]).total - before) / (time.monotonic() - began)
        assert busy.poll() is None
    except NoQuota as reason:
        pytest.skip(str(reason))
    finally:
        busy.kill()
        busy.wait()
    assert not group_folder(f"npv-bench-{os.getpid()}").exists()
