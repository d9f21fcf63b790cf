"""`[records]` of `proxy.toml`: where records go, when a file is closed, how long it is kept.

All paths are relative to the working directory, or the configuration shipped with the package would write beside the
code. The keys are explained in `config/README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from proxy.runtime.journal import OFF, STDOUT, Targets
from proxy.runtime.record_archive import MEGABYTE, Keeping
from proxy.runtime.toml_source import Table

ONE_YEAR: Final = 366
THREE_YEARS: Final = 1096
DEFAULT_KEY: Final = "var/audit-key.pem"  # of audit files; files of records are signed where the key is given


@dataclass(frozen=True)
class Records:
    """`[records]`: `path` is absolute, `-` for standard output or empty for none."""

    path: str
    queue: int
    targets: Targets
    signing_key: Path

    def keys(self) -> dict[str, object]:
        """The value of every key that the running journal holds on to."""
        targets, keeping = self.targets, self.targets.keeping
        return {
            "path": self.path,
            "queue": self.queue,
            "prospecting_path": targets.prospecting,
            "audit_path": targets.audit,
            "rotate_mb": keeping.rotate_bytes,
            "rotate_daily": keeping.rotate_daily,
            "keep_days": keeping.keep_days,
            "keep_prospecting_days": keeping.keep_prospecting_days,
            "signing_key": "" if targets.signing_key is None else str(targets.signing_key),
        }


def read_records(table: Table) -> Records:
    """`[records]`. Raises ConfigError."""
    path = located(table.text("path", STDOUT))
    queue = table.integer("queue", 10_000)
    if queue < 1:
        raise table.error("queue", "a whole number of at least 1")
    keeping = Keeping(
        rotate_bytes=not_negative(table, "rotate_mb", table.integer("rotate_mb", 256)) * MEGABYTE,
        rotate_daily=table.flag("rotate_daily", True),
        keep_days=not_negative(table, "keep_days", table.integer("keep_days", ONE_YEAR)),
        keep_prospecting_days=not_negative(
            table, "keep_prospecting_days", table.integer("keep_prospecting_days", THREE_YEARS)
        ),
    )
    signing_key = Path(table.text("signing_key", DEFAULT_KEY)).resolve()
    targets = Targets(
        path,
        a_file(table, "prospecting_path", table.text("prospecting_path", OFF)),
        a_file(table, "audit_path", table.text("audit_path", OFF)),
        keeping,
        signing_key if table.has("signing_key") else None,
    )
    files = [one for one in (path, targets.prospecting, targets.audit) if one not in {OFF, STDOUT}]
    if len(set(files)) < len(files):
        raise table.error("path", "another file than those of `prospecting_path` and `audit_path`")
    table.close()
    return Records(path, queue, targets, signing_key)


def a_file(table: Table, key: str, text: str) -> str:
    """The absolute path that a key names, or nothing; standard output is none."""
    if text == STDOUT:
        raise table.error(key, "the path of a file, or nothing")
    return located(text)


def located(text: str) -> str:
    """The path as it is used from now on."""
    return text if text in {OFF, STDOUT} else str(Path(text).resolve())


def not_negative(table: Table, key: str, number: int) -> int:
    """The number, unless it is below 0."""
    if number < 0:
        raise table.error(key, "a whole number of at least 0")
    return number
