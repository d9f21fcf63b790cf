"""The yard-stick is a fixed amount of work."""

from __future__ import annotations

import subprocess
import sys

from tests.bench import yardstick


def test_the_work_is_always_the_same() -> None:
    assert yardstick.work() == yardstick.work() == 256


def test_it_measures_until_it_is_told_to_stop() -> None:
    with subprocess.Popen(
        [sys.executable, yardstick.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert float(running.communicate("\n", timeout=60)[0]) >= 0.0
