"""`make simulate`: many seeds in parallel, with progress, and a table of what happened and what was checked.

`make simulate SEEDS=200` plays seeds 0 to 199; `--seed N --call M` plays one again and prints the
ladder of a call. With `--done FILE` each finished piece is written there as a line, and a run that was broken off goes on.
Ends with 1 when an invariant was broken; the ladders of the first ones are printed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from proxy.runtime import build
from tests.simulation.trace import ladder
from tests.simulation.verdict import INVARIANTS
from tests.simulation.world import World

PIECE: Final = 10  # seeds
SHOWN: Final = 3  # ladders
Piece = tuple[int, int, int]  # first seed, one after the last, calls of each
Result = dict[str, dict[str, int]]


def say(text: str) -> None:
    """One line for whoever waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def play(piece: Piece) -> tuple[Piece, Result, list[tuple[int, int, str]]]:
    """Play a piece: what was counted, what was seen, what was broken (seed, call, text)."""
    first, end, calls = piece
    counts: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    broken: list[tuple[int, int, str]] = []
    gc.disable()
    for seed in range(first, end):
        world = World(seed, calls)
        world.run()
        counts.update(world.counts)
        seen.update(world.seen)
        counts.update(calls=calls, seeds=1, broken=len(world.breaches))
        broken += [(seed, number, text) for number, text in world.breaches]
        del world
        gc.collect()  # a world is one large circle: looked for once, and not again and again while it turns
    gc.enable()
    return piece, {"counts": dict(counts), "seen": dict(seen)}, broken


def pieces(first: int, seeds: int, calls: int, done: set[int]) -> Iterator[Piece]:
    """What is still to be played."""
    for start in range(first, first + seeds, PIECE):
        if start not in done:
            yield start, min(start + PIECE, first + seeds), calls


def table(counts: Counter[str], seen: Counter[str], seconds: float) -> str:
    """The summary."""
    rows = [f"{counts['calls']:>12,}  calls in {counts['seeds']:,} seeds, {seconds:,.0f} s"]
    rows += [
        f"{count:>12,}  {name}" for name, count in sorted(counts.items()) if name not in ("calls", "seeds", "broken")
    ]
    rows.append("what was done:")
    rows += [f"{count:>12,}  {name}" for name, count in sorted(seen.items())]
    rows.append("what was checked after every seed:")
    rows += [f"              {name}" for name in INVARIANTS]
    rows.append(f"{counts['broken']:>12,}  broken")
    return "\n".join(rows)


def explore(options: argparse.Namespace) -> int:
    """Play all seeds; 1 when something was broken."""
    counts: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    done: set[int] = set()
    path = Path(options.done) if options.done else None
    spent = 0.0
    if path is not None and path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            known = json.loads(line)
            done.add(known["first"])
            counts.update(known["counts"])
            seen.update(known["seen"])
            spent = known["spent"]
    say(
        f"{build.kind()} build, {options.processes} processes, seeds {options.first} to {options.first + options.seeds - 1}"
    )
    begin, told = time.perf_counter(), 0.0
    shown = 0
    # unlike a Pool, an executor says so when one of its processes dies, instead of waiting for ever
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        todo = [pool.submit(play, piece) for piece in pieces(options.first, options.seeds, options.calls, done)]
        for finished in as_completed(todo):
            piece, result, broken = finished.result()
            counts.update(result["counts"])
            seen.update(result["seen"])
            now = time.perf_counter() - begin
            if path is not None:
                with path.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps({"first": piece[0], "spent": spent + now, **result}) + "\n")
            for seed, number, text in broken:
                say(f"BROKEN: seed {seed}, call {number}: {text}")
                if shown < SHOWN:
                    shown += 1
                    say(ladder(seed, options.calls, number))
            if now - told > 5:
                told = now
                say(
                    f"{counts['seeds']:,} of {options.seeds:,} seeds, {counts['calls']:,} calls, {counts['broken']} broken"
                )
    say(table(counts, seen, spent + time.perf_counter() - begin))
    return 1 if counts["broken"] else 0


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="simulated calls through the engine, with invariants")
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--calls", type=int, default=100, help="calls of each seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--done", default="", help="file of finished pieces; a run goes on from it")
    parser.add_argument("--seed", type=int, default=None, help="play this one again and print a ladder")
    parser.add_argument("--call", type=int, default=0, help="of this call; 0: of all")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        say(ladder(options.seed, options.calls, options.call))
        return 0
    return explore(options)


if __name__ == "__main__":
    sys.exit(main())
