"""`make chaos`: kills, stalls and faults of what the node stands on, under load, one after the other: what each took.

`ONLY=stall,wires` plays some of them; `SHORT=1` with little load. The exit code is 0 when nothing was lost.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import os
import shutil
import tempfile
from collections.abc import Sequence

import msgspec
from stage import StageError

from proxy.runtime import build
from tests.bench.processes import TooFewCores, before_others, share_out
from tests.bench.run import machine, say, written
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.ground import FULL, SHORT, Ground, Size
from tests.chaos.verdict import Verdict, table

NEEDED = {
    "sipp": "sip-tester",
    "redis-server": "redis-server",
    "redis-sentinel": "redis-sentinel",
    "taskset": "util-linux",
}


LONGEST_TOLD = 6000


def chosen(words: str) -> list[Fault]:
    """Those of these words, all when there is none. Raises ValueError for a word that is no fault's."""
    wanted = [word for word in words.split(",") if word]
    unknown = set(wanted) - {fault.word for fault in FAULTS}
    if unknown:
        raise ValueError(
            f"no fault is called {', '.join(sorted(unknown))}; there are {', '.join(f.word for f in FAULTS)}"
        )
    return [fault for fault in FAULTS if not wanted or fault.word in wanted]


def play(fault: Fault, folder: Path, size: Size) -> Verdict:
    """One fault in a folder of its own; a program that does not start is a loss like any other."""
    folder.mkdir(parents=True)
    try:
        return fault.play(Ground(folder, share_out(os.sched_getaffinity(0)), size))
    except (StageError, AssertionError) as error:
        return Verdict(fault.word, lost=[str(error)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when nothing was lost, 1 when something was, 2 when nothing can be played here."""
    parser = argparse.ArgumentParser(description="Faults under load, and what was lost by them.")
    parser.add_argument("--only", default="", help="words of faults, with commas")
    parser.add_argument("--short", action="store_true", help="little load")
    parser.add_argument("--held", type=int, default=0, help="talks that are up when something is killed")
    parser.add_argument("--rate", type=int, default=0, help="new calls per second meanwhile")
    parser.add_argument("--kills", type=int, default=0, help="how many, where there are several")
    parser.add_argument(
        "--nice", type=int, default=0, help="of all that is started; below 0 (root) on a shared machine"
    )
    parser.add_argument("--out", type=Path, default=Path("var/chaos"), help="folder of the JSON file")
    asked = parser.parse_args(arguments)
    lacking = [f"{program} (Debian: {package})" for program, package in NEEDED.items() if not shutil.which(program)]
    try:
        faults = chosen(asked.only)
        share_out(os.sched_getaffinity(0))
    except (ValueError, TooFewCores) as error:
        say(str(error))
        return 2
    if lacking:
        say(f"missing: {', '.join(lacking)}")
        return 2
    before_others(asked.nice)
    size = SHORT if asked.short else FULL
    size = Size(asked.held or size.held, asked.rate or size.rate, size.seconds, asked.kills or size.kills)
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="npv-chaos-") as made:
        for fault in faults:
            verdicts.append(play(fault, Path(made, fault.word), size))
            say(f"{fault.word}: lost {'; '.join(verdicts[-1].lost) or verdicts[-1].skipped or 'nothing'}")
            if verdicts[-1].lost and verdicts[-1].evidence:
                asked.out.mkdir(parents=True, exist_ok=True)
                told = asked.out / f"{fault.word}-lost.txt"
                told.write_text(verdicts[-1].evidence, encoding="utf-8")
                say(f"{verdicts[-1].evidence[:LONGEST_TOLD]}\nall of it: {told}")
    body = {"machine": machine(), "build": f"{build.kind()} {build.version()}", "size": vars(size)}
    path = written(
        asked.out,
        msgspec.json.format(msgspec.json.encode({**body, "faults": [vars(one) for one in verdicts]}), indent=1),
    )
    lost = [one for one in verdicts if one.lost]
    sys.stdout.write(
        f"\n{table(verdicts)}\n\nlost: {f'something by {len(lost)} faults' if lost else 'nothing'}; all of it: {path}\n"
    )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
