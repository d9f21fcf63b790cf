"""The shipped edition, read once, and a desk over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.policy.edition import Edition
from proxy.runtime.edition_file import load_edition
from tests.policy.desk import Desk

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def shipped() -> Edition:
    """The edition of the files in config/."""
    return load_edition(CONFIG / "rules", CONFIG / "numbering.toml", CONFIG / "customers.toml")


@pytest.fixture(scope="session")
def desk(shipped: Edition) -> Desk:
    """Facts over the shipped edition."""
    return Desk(shipped)
