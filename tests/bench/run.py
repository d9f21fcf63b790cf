"""`make bench`: the proxy and its peers under the same load, in one run: a table, and everything measured as JSON.

One core is the contender's, the others are the load's and this program's; with one core it refuses. A quick run takes a
few minutes and says less. By hand, on the sources: PYTHONPATH=. python tests/bench/run.py --quick --only proxy,kamailio
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence

from tests.bench.comparison import FULL, QUICK, Comparison, Measured
from tests.bench.contenders import contenders
from tests.bench.processes import Cores, TooFewCores, before_others, share_out
from tests.bench.table import as_json, remarks, table

NEEDED = {"sipp": "sip-tester", "taskset": "util-linux"}


def machine() -> dict[str, str]:
    """What the figures depend on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "kernel": platform.release(),
        "processor": model,
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
    }


def say(text: str) -> None:
    """One line of what goes on."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def written(folder: Path, content: bytes) -> Path:
    """Write the JSON under the time of the run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / time.strftime("%Y%m%d-%H%M%S.json", time.gmtime())
    path.write_bytes(content)
    return path


def cores_for_load(nice: int, needed: Mapping[str, str]) -> Cores | None:
    """The cores, with this program on those of the load and at that priority; None, and why, when nothing can be measured
    here: one core, or a program lacking of those needed, each with its Debian package."""
    lacking = [f"{program} (Debian: {package})" for program, package in needed.items() if not shutil.which(program)]
    try:
        cores = share_out(os.sched_getaffinity(0))
    except TooFewCores as error:
        say(str(error))
        return None
    if lacking:
        say(f"missing: {', '.join(lacking)}")
        return None
    os.sched_setaffinity(0, cores.others)
    before_others(nice)
    return cores


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when the proxy was measured, 1 when it was not, 2 when nothing can be measured here."""
    parser = argparse.ArgumentParser(description="Compare the proxy with its peers under the same load.")
    parser.add_argument("--quick", action="store_true", help="a few minutes instead of about half an hour")
    parser.add_argument("--only", default="", help="names of contenders, with commas")
    parser.add_argument("--out", type=Path, default=Path("var/bench"), help="folder of the JSON file")
    parser.add_argument(
        "--nice", type=int, default=0, help="of everything that is started; below 0 (root) on a shared machine"
    )
    asked = parser.parse_args(arguments)
    plan = QUICK if asked.quick else FULL
    try:
        everybody = contenders([name for name in asked.only.split(",") if name])
    except ValueError as error:
        say(str(error))
        return 2
    cores = cores_for_load(asked.nice, NEEDED)
    if cores is None:
        return 2
    with tempfile.TemporaryDirectory(prefix="npv-bench-") as made:
        results: list[Measured] = Comparison(everybody, plan, cores, Path(made), say).run()
    path = written(asked.out, as_json(results, plan, machine()))
    sys.stdout.write("\n" + table(results, plan) + "\n")
    for line in remarks(results):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"\neverything measured: {path}\n")
    return 1 if any(one.missing for one in results if one.name == "proxy") else 0


if __name__ == "__main__":
    sys.exit(main())
