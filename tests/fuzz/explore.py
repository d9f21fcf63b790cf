"""Looks for inputs that break a promise: `make fuzz SECONDS=60`, or `python -m tests.fuzz.explore --help`.

Each target gets its share of the time. Where atheris is installed the time is divided between its coverage guided
search, in a process of its own, and the mutator of this folder, which needs nothing; an input that shows something new
is kept in `var/fuzz/corpus` for the next run. A finding is written to `var/fuzz/findings` and the command that replays
it is printed; the exit code is 1. Executions are added up per target in `var/fuzz/counts.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from tests.fuzz.mutation import Mutator
from tests.fuzz.targets import TARGETS, Target, run_once

ROOT: Final = Path(__file__).parents[2]
KEPT_MOST: Final = 2000  # inputs of one target in memory
KEPT_LARGEST: Final = 1500
UNITS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


@dataclass
class Report:
    """What one turn at one target gave."""

    target: str
    executions: int = 0
    new: int = 0
    findings: list[Path] = field(default_factory=list)
    slowest: float = 0.0
    slowest_size: int = 0
    seconds: float = 0.0

    def line(self) -> str:
        """One line for people."""
        rate = self.executions / self.seconds if self.seconds else 0.0
        return (
            f"{self.target:8} {self.executions:>10,} executions ({rate:,.0f}/s), {self.new} new inputs, "
            f"slowest {self.slowest * 1000:.1f} ms for {self.slowest_size} bytes, {len(self.findings)} findings"
        )


def name_of(data: bytes) -> str:
    """A file name for an input."""
    return hashlib.sha256(data).hexdigest()[:16]


def keep_finding(folder: Path, target: Target, data: bytes) -> Path:
    """Write an input that broke a promise."""
    path = folder / "findings" / f"{target.name}-{name_of(data)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def replay_command(target: Target, path: Path) -> str:
    """What to type to see it again."""
    return f"python -m tests.fuzz.explore --replay {target.name} {path}"


def told(target: Target, path: Path, error: Exception) -> str:
    """What a finding prints."""
    last = "".join(traceback.format_exception(error, limit=-4))
    return f"{last}FINDING {target.name}: {type(error).__name__}\nreplay: {replay_command(target, path)}\n"


def starting_points(target: Target, folder: Path) -> list[bytes]:
    """The corpus of the tree and what earlier runs kept."""
    paths = target.corpus()
    kept = folder / "corpus" / target.name
    if kept.is_dir():
        paths += sorted(kept.iterdir())[:KEPT_MOST]
    return [data for data in (path.read_bytes() for path in paths) if len(data) <= target.longest]


def mutate(target: Target, seconds: float, seed: int, folder: Path, most_findings: int = 5) -> Report:
    """Explore one target with the mutator for `seconds` of the clock."""
    report = Report(target.name)
    mutator, begun = Mutator(seed), monotonic()
    corpus = starting_points(target, folder)
    traits: set[str] = set()
    kinds: set[str] = set()
    for data in corpus:
        try_one(target, data, report, traits, kinds, folder)
    report.new, report.slowest = 0, 0.0  # the first of them loaded the rules
    choose = mutator.random
    while monotonic() - begun < seconds and len(report.findings) < most_findings:
        for _ in range(50):
            recent = corpus[-50:] if choose.random() < 0.3 else corpus
            data = mutator.change(choose.choice(recent), corpus, target.longest)
            if try_one(target, data, report, traits, kinds, folder) and len(data) <= KEPT_LARGEST:
                if len(corpus) < KEPT_MOST:
                    corpus.append(data)
                    save(folder, target, data)
                else:
                    corpus[choose.randrange(len(corpus))] = data
    report.seconds = monotonic() - begun
    return report


def save(folder: Path, target: Target, data: bytes) -> None:
    """Keep an input that showed something new."""
    path = folder / "corpus" / target.name / name_of(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def try_one(target: Target, data: bytes, report: Report, traits: set[str], kinds: set[str], folder: Path) -> bool:
    """Run one input; did it show a trait that nobody has seen? A second finding of one kind is not told again."""
    report.executions += 1
    try:
        trait, took = run_once(target, data)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} {where.filename}:{where.lineno}"
        if kind not in kinds:
            kinds.add(kind)
            path = keep_finding(folder, target, data)
            report.findings.append(path)
            sys.stdout.write(told(target, path, error))
            sys.stdout.flush()
        return False
    if took > report.slowest:
        report.slowest, report.slowest_size = took, len(data)
    if trait in traits:
        return False
    traits.add(trait)
    report.new += 1
    return True


def guided(target: Target, seconds: float, seed: int, folder: Path) -> Report:
    """Explore one target by coverage, in a process of its own."""
    report = Report(target.name + "+")
    kept = folder / "guided" / target.name
    found = folder / "findings"
    kept.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    for data in starting_points(target, folder):
        (kept / name_of(data)).write_bytes(data)
    before, known = len(list(kept.iterdir())), set(found.iterdir())
    command = [sys.executable, "-m", "tests.fuzz.guided", target.name, f"-max_total_time={max(1, int(seconds))}"]
    command += [f"-seed={seed & 0x7FFFFFFF or 1}", f"-max_len={target.longest}", "-timeout=20", "-rss_limit_mb=2048"]
    command += [f"-artifact_prefix={found}/{target.name}-", "-print_final_stats=1", str(kept)]
    begun = monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    report.seconds = monotonic() - begun
    output = done.stdout + done.stderr
    units = UNITS.search(output)
    report.executions = int(units[1]) if units else 0
    report.new = len(list(kept.iterdir())) - before
    report.findings = sorted(set(found.iterdir()) - known)
    for path in report.findings:
        sys.stdout.write(f"{output[-3000:]}\nFINDING {target.name}\nreplay: {replay_command(target, path)}\n")
    if done.returncode and not report.findings:
        raise RuntimeError(f"the guided search of {target.name} did not run:\n{output[-3000:]}")
    return report


def add_counts(folder: Path, reports: Sequence[Report]) -> dict[str, int]:
    """Add the executions to those of all runs before; returns the sums."""
    path = folder / "counts.json"
    counts: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for report in reports:
        counts[report.target] = counts.get(report.target, 0) + report.executions
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    fresh.replace(path)
    return counts


def explore(names: Sequence[str], seconds: float, seed: int, folder: Path, by_coverage: bool) -> bool:
    """All these targets within `seconds`; was nothing found?"""
    shares = sum(TARGETS[name].share for name in names)
    clean = True
    for name in names:
        target = TARGETS[name]
        own = seconds * target.share / shares
        reports = [mutate(target, own / 2 if by_coverage else own, seed, folder)]
        if by_coverage:
            reports.append(guided(target, own / 2, seed, folder))
        for report in reports:
            sys.stdout.write(report.line() + "\n")
            clean = clean and not report.findings
        counts = add_counts(folder, reports)
        sys.stdout.flush()
    sys.stdout.write(f"seed {seed}; executions of all runs so far: {sum(counts.values()):,}\n")
    return clean


def replay(target: Target, path: Path) -> None:
    """Run one input again; what it breaks is raised."""
    trait, took = run_once(target, path.read_bytes())
    sys.stdout.write(f"{target.name}: {trait} ({took * 1000:.1f} ms)\n")


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.explore", description="Explore the fuzz targets.")
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=time.time_ns() // 1_000_000 % 2**31, help="of the mutator")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "fuzz", help="where inputs and counts are kept")
    parser.add_argument("--plain", action="store_true", help="without atheris, even where it is installed")
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"), help="run one input again")
    options = parser.parse_args(arguments)
    if options.replay:
        replay(TARGETS[options.replay[0]], Path(options.replay[1]))
        return 0
    by_coverage = not options.plain and importlib.util.find_spec("atheris") is not None
    names = options.target or list(TARGETS)
    return 0 if explore(names, options.seconds, options.seed, options.folder, by_coverage) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
