"""`make micro`: what pieces of the proxy's work cost, as multiples of a yard-stick, against a reference in the tree.

A piece and the yard-stick (`yardstick.work`, plain Python) are run in turns; of each the least processor time of many rounds
counts. A ratio is thousandths of a yard-stick: it hardly depends on the machine, so it can be compared with the one in
`micro_reference.toml`, which holds one for each build. `--write` makes the figures of this run the reference; with
`--most 20` a piece that is more than 20 % dearer than its reference is a failure.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import gc
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from proxy.runtime import build
from tests.bench import yardstick
from tests.bench.pieces import Piece, pieces

REFERENCE = Path(__file__).with_name("micro_reference.toml")
HEAD = """\
# What each piece of work cost when this was written, in thousandths of a yard-stick, for each build.
# Written by `python tests/bench/micro.py --write`.
"""
ROUNDS = 25
ALONE = 5000
"""Decisions that are timed one by one."""


@dataclass(frozen=True)
class Cost:
    """Least processor time in us of one piece and of the yard-stick beside it."""

    name: str
    took: float
    yard: float

    @property
    def ratio(self) -> float:
        """Thousandths of a yard-stick."""
        return 1000 * self.took / self.yard


def timed(run: Callable[[], object], clock: Callable[[], int] = time.process_time_ns) -> float:
    """Processor time in us."""
    begun = clock()
    run()
    return (clock() - begun) / 1000


def cost(piece: Piece, rounds: int, clock: Callable[[], int] = time.process_time_ns) -> Cost:
    """Piece and yard-stick in turns, the least of each."""
    took, yard = [], []
    for _ in range(rounds):
        gc.collect()
        yard.append(timed(yardstick.work, clock))
        took.append(timed(lambda: piece.run(piece.times), clock) / piece.times)
    return Cost(piece.name, min(took), min(yard))


def spread(piece: Piece, times: int, clock: Callable[[], int] = time.process_time_ns) -> tuple[float, float]:
    """Processor time in us that half of the runs do with, and 99 of 100, each timed alone; the clock's own time counts."""
    took = sorted([timed(lambda: piece.run(1), clock) for _ in range(times)])
    return took[(times - 1) // 2], took[(times - 1) * 99 // 100]


def changed(one: Cost, reference: Mapping[str, float]) -> float | None:
    """By which share it is dearer than its reference (cheaper: below 0); None when there is none."""
    before = reference.get(one.name)
    return one.ratio / before - 1 if before else None


def lines(costs: Sequence[Cost], reference: Mapping[str, float]) -> list[str]:
    """The table."""
    rows = [f"{'':20}{'us':>10}{'ratio':>10}{'reference':>11}{'change':>9}"]
    for one in costs:
        change = changed(one, reference)
        before = f"{reference[one.name]:11.2f}{change:+9.1%}" if change is not None else f"{'-':>11}{'-':>9}"
        rows.append(f"{one.name:20}{one.took:10.2f}{one.ratio:10.2f}{before}")
    return rows


def read(path: Path) -> dict[str, dict[str, float]]:
    """The references by build; none when there is no file."""
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path: Path, references: Mapping[str, Mapping[str, float]]) -> None:
    """All of them as TOML."""
    text = HEAD
    for kind, ratios in sorted(references.items()):
        text += f"\n[{kind}]\n" + "".join(f'"{name}" = {ratio:.2f}\n' for name, ratio in ratios.items())
    path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 1 when a piece is dearer than `--most` allows."""
    parser = argparse.ArgumentParser(description="What pieces of the proxy's work cost, against a reference.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help="make this run the reference of this build")
    parser.add_argument("--most", type=float, metavar="PERCENT", help="fail above that much more than the reference")
    parser.add_argument("--reference", type=Path, default=REFERENCE)
    asked = parser.parse_args(arguments)
    references = read(asked.reference)
    reference = references.get(build.kind(), {})
    every = pieces()
    costs = [cost(piece, asked.rounds) for piece in every]
    sys.stdout.write(f"{build.kind()} build; a ratio is thousandths of a yard-stick\n")
    sys.stdout.write("\n".join(lines(costs, reference)) + "\n")
    for piece in every:
        if piece.alone:
            half, most = spread(piece, ALONE)
            sys.stdout.write(f"{piece.name}, one by one: p50 {half:.1f} us, p99 {most:.1f} us\n")
    if asked.write:
        write(asked.reference, {**references, build.kind(): {one.name: one.ratio for one in costs}})
    dearer = [one.name for one in costs if asked.most is not None and (changed(one, reference) or 0) * 100 > asked.most]
    if dearer:
        sys.stdout.write(f"dearer than {asked.most:g} % allow: {', '.join(dearer)}\n")
    return 1 if dearer else 0


if __name__ == "__main__":
    sys.exit(main())
