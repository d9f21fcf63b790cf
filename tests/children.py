"""Processes that run code of the tests: they import the same copy of the proxy, source or installed, and the tests too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WITH_TESTS = os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT)])}
