"""What a call keeps stays small: a field that is forgotten to be let go shows here. The bound is generous."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import proxy

HELD = Path(__file__).with_name("held.py")
MOST = 4096
CALLS = 4000


def test_a_held_call_takes_little_memory() -> None:
    path = os.pathsep.join([str(Path(proxy.__file__).parents[1]), str(HELD.parents[2])])
    ran = subprocess.run(
        [sys.executable, str(HELD), str(CALLS)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.fullmatch(
        rf"{CALLS} calls held \(\w+\): (\d+) bytes each while they came in, (\d+) settled\n", ran.stdout
    )
    assert found is not None, ran.stdout
    assert 500 < int(found[1]) < MOST
