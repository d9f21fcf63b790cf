"""What this running copy is: its version, and whether what `pyproject.toml` has compiled is compiled."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path
from typing import Final

import proxy
from proxy.b2bua import counters

DISTRIBUTION: Final = "npv-proxy"


def version() -> str:
    """The version of the installed distribution, else the one that the source tree beside us states."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return source_version(Path(proxy.__file__).parent.parent / "pyproject.toml")


def source_version(pyproject: Path) -> str:
    """The version in a `pyproject.toml`; `unknown` when there is none."""
    try:
        stated = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["version"]
    except (OSError, KeyError):
        return "unknown"
    return str(stated)


def kind() -> str:
    """`compiled` when mypyc built what it is to build, which is all or nothing; else `source`."""
    return kind_of(counters.__file__)


def kind_of(module_file: str) -> str:
    """`compiled` for an extension module, `source` for a Python file."""
    return "source" if module_file.endswith(".py") else "compiled"
