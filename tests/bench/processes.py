"""What Linux tells of processes: processor time, memory, sockets, cores. Reading of /proc and nothing else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


class TooFewCores(Exception):
    """Load and what is loaded would share a core, so nothing would be measured."""


@dataclass(frozen=True)
class Cores:
    """The core of what is loaded, and those of everything else."""

    measured: int
    others: tuple[int, ...]


@dataclass(frozen=True)
class Spent:
    """Processor time, in s."""

    user: float
    system: float

    def since(self, before: Spent) -> Spent:
        """What was spent between the two."""
        return Spent(self.user - before.user, self.system - before.system)

    @property
    def total(self) -> float:
        """Both together."""
        return self.user + self.system


def before_others(nice: int, group: Path = PROC / "self" / "autogroup") -> None:
    """This process, and what it starts, as nice as that; below 0 only root. Where the kernel shares a core out between
    sessions first (sched(7), autogroup), niceness counts inside of one only, so the session itself gets it too."""
    os.nice(nice)
    if nice < 0 and group.exists():
        group.write_text(str(max(nice, -20)), encoding="ascii")


def share_out(allowed: Iterable[int]) -> Cores:
    """The first of the allowed cores is measured. Raises TooFewCores below two."""
    cores = sorted(allowed)
    if len(cores) < 2:
        raise TooFewCores("two cores are needed, one for the load and one for what is loaded; here is one")
    return Cores(cores[0], tuple(cores[1:]))


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold anything. The first is the state."""
    return (PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()


def family(root: int) -> list[int]:
    """The process, its children, and theirs."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [root]
    for one in found:  # grows while it is walked
        found.extend(children.get(one, []))
    return found


def spent(processes: Iterable[int]) -> Spent:
    """Processor time so far, of all their threads; one that has ended counts nothing."""
    user = system = 0
    for one in processes:
        with contextlib.suppress(OSError, IndexError):
            fields = _stat(one)
            user, system = user + int(fields[11]), system + int(fields[12])
    return Spent(user / TICKS, system / TICKS)


def memory(processes: Iterable[int]) -> int:
    """Bytes they hold; a page that several share counts once (Pss)."""
    held = 0
    for one in processes:
        with contextlib.suppress(OSError):
            for line in (PROC / str(one) / "smaps_rollup").read_text(encoding="utf-8").splitlines():
                if line.startswith("Pss:"):
                    held += int(line.split()[1]) * 1024
    return held


def busy(stat: str, core: int) -> float:
    """Seconds so far in which the core did anything, or was taken away by the host: from the text of /proc/stat."""
    for line in stat.splitlines():
        name, *numbers = line.split() or [""]
        if name == f"cpu{core}":
            return sum(int(numbers[at]) for at in (0, 1, 2, 5, 6, 7)) / TICKS
    return 0.0


def core_busy(core: int) -> float:
    """The same of this machine."""
    return busy((PROC / "stat").read_text(encoding="utf-8"), core)


def sockets(table: str, port: int) -> list[int]:
    """Datagrams dropped by each UDP socket on that port, from the text of /proc/net/udp; empty when there is none."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return [int(row[-1]) for row in rows if row[1].endswith(f":{port:04X}")]


def udp_sockets(port: int) -> list[int]:
    """The same of this machine."""
    return sockets((PROC / "net" / "udp").read_text(encoding="utf-8"), port)
