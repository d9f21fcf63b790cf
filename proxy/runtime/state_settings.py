"""`[state]` of `proxy.toml`: where the log lies that must outlive the process, and how long it may become.

The path is relative to the working directory. The keys are explained in `config/README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from proxy.runtime.record_archive import MEGABYTE
from proxy.runtime.toml_source import Table

LEAST: Final = 64
MOST: Final = 1024


@dataclass(frozen=True)
class StateSettings:
    """`folder` of the ahead log, none where it lies beside the store; `most` is in bytes; `copy_calls`: to a store on Redis."""

    folder: Path | None
    most: int
    copy_calls: bool = True

    def located(self, store: Path) -> Path:
        """The folder of the log, given the file of the store."""
        return self.folder or store.with_suffix(".ahead")


def read_state(table: Table) -> StateSettings:
    """`[state]`. Raises ConfigError."""
    folder = table.text("folder", "")
    most = table.integer("most_mb", MOST)
    if most < LEAST:
        raise table.error("most_mb", f"a whole number of at least {LEAST}")
    copy_calls = table.flag("copy_calls", True)
    table.close()
    return StateSettings(Path(folder).resolve() if folder else None, most * MEGABYTE, copy_calls)
