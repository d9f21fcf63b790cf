"""`make bench` from the outside: what it refuses, and what it leaves behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from tests.bench import run
from tests.bench.comparison import Comparison, Measured


def test_one_core_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    assert run.main([]) == 2
    assert "two cores are needed" in capsys.readouterr().err


def test_an_unknown_contender_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--only", "asterisk"]) == 2
    assert "asterisk" in capsys.readouterr().err


@pytest.fixture
def measured_alone(monkeypatch: pytest.MonkeyPatch) -> Measured:
    """A run with nothing but this, that keeps to no core."""
    result = Measured("proxy", "npv-proxy 1.0")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setattr(os, "sched_setaffinity", lambda process, cores: None)
    monkeypatch.setattr(shutil, "which", lambda program: program)
    monkeypatch.setattr(Comparison, "run", lambda self: [result])
    return result


def test_a_run_prints_its_table_and_writes_its_figures(
    measured_alone: Measured, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(["--quick", "--only", "proxy", "--out", str(tmp_path / "bench")]) == 0
    (path,) = (tmp_path / "bench").glob("*.json")
    read = msgspec.json.decode(path.read_bytes())
    assert read["contenders"][0]["version"] == "npv-proxy 1.0"
    assert set(read["machine"]) == {"at", "kernel", "processor", "cores", "python"}
    printed = capsys.readouterr().out
    assert "highest rate without failed calls" in printed
    assert str(path) in printed


def test_a_proxy_that_was_not_measured_is_a_failure(measured_alone: Measured, tmp_path: Path) -> None:
    measured_alone.missing = "does not listen"
    assert run.main(["--only", "proxy", "--out", str(tmp_path)]) == 1


def test_what_is_missing_is_named(
    measured_alone: Measured, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    assert run.main(["--only", "proxy"]) == 2
    assert "sipp (Debian: sip-tester)" in capsys.readouterr().err
