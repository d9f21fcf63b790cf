"""Tests share parts by their full name (`tests.ladder`), so the tree is on the import path: at its end.

Where the proxy is installed and PYTHONSAFEPATH is set, the installed, compiled copy must be found first. Properties are
not judged by how long an example takes: other programs may have the machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.append(str(Path(__file__).parents[1]))

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")
