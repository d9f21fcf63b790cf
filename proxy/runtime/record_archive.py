"""The files of one target beside each other: their names, their order, how long each is kept.

A closed file goes by the name of the target with the instant of its begin. Nothing is written here but names.
"""

from __future__ import annotations

import mmap
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from proxy.policy.directory import CAUTIOUS_PURPOSE
from proxy.runtime.record_chain import NOTHING_BEFORE, hash_of
from proxy.runtime.record_shapes import BeginLine, EndLine, utc

DAY: Final = 86_400.0
MEGABYTE: Final = 1_000_000
STAMP: Final = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)(?:-(\d+))?")
TAIL: Final = 1 << 22  # no line is longer
MOSTLY: Final = 1 << 14  # nearly every line is shorter
PROSPECTING: Final = f'"purpose":"{CAUTIOUS_PURPOSE}"'.encode()


@dataclass(frozen=True)
class Keeping:
    """When a file is closed, and how long it is kept; 0 means never and for ever."""

    rotate_bytes: int = 0
    rotate_daily: bool = False
    keep_days: int = 0
    keep_prospecting_days: int = 0


def say(text: str) -> None:
    """One line for the operator on standard error."""
    sys.stderr.write(f"npv-proxy: records: {text}\n")


def is_over(path: Path, keeping: Keeping, now: float) -> bool:
    """Whether a closed file has been kept long enough. One without `end` is looked through for prospecting."""
    try:
        changed = path.stat().st_mtime
        if not is_past(changed, keeping.keep_days, now) and not is_past(changed, keeping.keep_prospecting_days, now):
            return False
        _, last = ends_of(path)
        try:
            prospecting = msgspec.json.decode(last, type=EndLine).prospecting > 0
        except (msgspec.MsgspecError, UnicodeDecodeError):
            prospecting = holds_prospecting(path)
    except OSError:
        return False
    return is_past(changed, keeping.keep_prospecting_days if prospecting else keeping.keep_days, now)


def is_past(changed: float, days: int, now: float) -> bool:
    """Whether so many days have gone by; 0 days never do."""
    return days > 0 and changed + days * DAY < now


def holds_prospecting(path: Path) -> bool:
    """Whether a file that was not closed in order has a decision on prospecting. Raises OSError."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(PROSPECTING) >= 0


def put_aside(target: Path) -> tuple[str, str]:
    """Give a file that stands at `target` its own name; that name and the hash of its last whole line. Raises OSError."""
    try:
        there = target.stat()
    except FileNotFoundError:
        return "", NOTHING_BEFORE
    if not stat.S_ISREG(there.st_mode) or there.st_size == 0:
        return "", NOTHING_BEFORE
    first, last = ends_of(target)
    try:
        name = msgspec.json.decode(first, type=BeginLine).file
    except (msgspec.MsgspecError, UnicodeDecodeError):
        name = ""
    if Path(name).name != name or not STAMP.search(name):
        name = archived_name(target, there.st_mtime)
    aside = free_name(target.with_name(name))
    target.rename(aside)
    return aside.name, hash_of(last)


def ends_of(path: Path) -> tuple[bytes, bytes]:
    """The first and the last whole line of a file, without their line ends; empty where there is none."""
    with path.open("rb") as file:
        first = file.readline(TAIL)
        size, length = path.stat().st_size, MOSTLY
        while True:
            file.seek(max(0, size - length))
            whole, _, _ = file.read(length).rpartition(b"\n")
            _, before, last = whole.rpartition(b"\n")
            if before or length >= min(size, TAIL):
                return first.rstrip(b"\n"), last
            length *= 4


def whole_lines_backwards(path: Path) -> Iterator[bytes]:
    """The whole lines at the end of a file, the last one first, without their line ends."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        yield from reversed(file.read(TAIL).rpartition(b"\n")[0].split(b"\n"))


def archived_name(target: Path, began: float) -> str:
    """`records-20261122T101627.123456Z.jsonl` for a file begun at that instant."""
    stamp = utc(began, "microseconds").replace("-", "").replace(":", "")
    return f"{target.stem}-{stamp}{target.suffix}"


def free_name(path: Path) -> Path:
    """`path`, or with a count behind its stem if that name is taken."""
    free, count = path, 1
    while free.exists():
        count += 1
        free = path.with_name(f"{path.stem}-{count}{path.suffix}")
    return free


def archived(target: Path) -> list[Path]:
    """The closed files of a target, the oldest first."""
    found = []
    for path in target.parent.glob(f"{target.stem}-*{target.suffix}"):
        stamp = STAMP.fullmatch(path.stem.removeprefix(f"{target.stem}-"))
        if stamp:
            found.append((stamp[1], int(stamp[2] or 1), path))
    return [path for _, _, path in sorted(found)]


def files_of(target: Path) -> list[Path]:
    """All files of a target in the order of their writing, the one that is being written last."""
    return [*archived(target), *([target] if target.is_file() else [])]
