"""Tests share parts by their full name (`tests.ladder`), so the tree is on the import path: at its end.

Where the proxy is installed and PYTHONSAFEPATH is set, the installed, compiled copy must be found first.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
