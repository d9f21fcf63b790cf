"""The shipped configuration, read once for all runtime tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.policy.edition import Edition
from proxy.runtime.edition_file import load_edition

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def edition() -> Edition:
    """The edition of the shipped files."""
    return load_edition(CONFIG / "rules", CONFIG / "numbering.toml", CONFIG / "customers.toml")
