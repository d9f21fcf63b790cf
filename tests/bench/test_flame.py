"""`make profile` from the outside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench import flame


def test_one_core_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3})
    assert flame.main([]) == 2
    assert "two cores are needed" in capsys.readouterr().err


def test_the_process_is_looked_at_for_that_long() -> None:
    command = flame.looks(4711, 10, Path("drawing.svg"), native=False)
    assert command[1:6] == ["record", "--pid", "4711", "--output", "drawing.svg"]
    assert command[6:8] == ["--duration", "10"]
    assert flame.looks(4711, 10, Path("drawing.svg"), native=True) == [*command, "--native"]
