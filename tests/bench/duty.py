"""A bound on the processor time of a process: a control group with a quota, so that one core of load can be many times
what the bounded process can take.

The quota is given out in slices of `PERIOD`, short enough that a pause between two is not taken for a queue.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PERIOD = 5000
"""In microseconds."""
SECOND = Path("/sys/fs/cgroup/cgroup.controllers")
"""There where control groups are of the second version."""
FIRST = Path("/sys/fs/cgroup/cpu")


class NoQuota(Exception):
    """The processor time of a process cannot be bounded here."""


def group_folder(name: str) -> Path:
    """Where a group of that name is made. Raises NoQuota."""
    if SECOND.exists():
        if "cpu" not in SECOND.read_text(encoding="utf-8").split():
            raise NoQuota("control groups do not bound processor time here")
        return SECOND.parent / name
    if not FIRST.is_dir():
        raise NoQuota("there are no control groups that bound processor time")
    return FIRST / name


def limits(folder: Path, share: float) -> dict[Path, str]:
    """What to write into which file so that the group gets that share of one core, and gets it before others."""
    quota = max(1000, round(share * PERIOD))
    if SECOND.exists():
        return {folder / "cpu.max": f"{quota} {PERIOD}", folder / "cpu.weight": "10000"}
    period, shares = folder / "cpu.cfs_period_us", folder / "cpu.shares"
    return {period: str(PERIOD), folder / "cpu.cfs_quota_us": str(quota), shares: "65536"}


@contextmanager
def bounded(processes: list[int], share: float) -> Iterator[None]:
    """These processes get that share of one core, as long as the block. Raises NoQuota where that cannot be had."""
    folder = group_folder(f"npv-bench-{os.getpid()}")
    try:
        folder.mkdir()
    except OSError as error:
        raise NoQuota(f"no control group can be made: {error.strerror}") from None
    try:
        for path, text in limits(folder, share).items():
            path.write_text(text, encoding="ascii")
        for process in processes:
            (folder / "cgroup.procs").write_text(str(process), encoding="ascii")
        yield
    except OSError as error:
        raise NoQuota(f"the control group takes no quota: {error.strerror}") from None
    finally:
        for line in (folder / "cgroup.procs").read_text(encoding="ascii").split():
            with contextlib.suppress(OSError):
                (folder.parent / "cgroup.procs").write_text(line, encoding="ascii")
        with contextlib.suppress(OSError):
            folder.rmdir()
