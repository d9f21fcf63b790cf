"""A fixed piece of Python that tells how fast a core is just now.

`work` is the piece. Run as a program it does it four times a second until a line comes in, and prints the mean of the
processor time it took, in ms: beside a load, on the core of what is loaded, it says how much slower the others on the
machine made that core. Figures of two runs may be compared as far as their yard-sticks agree.
"""

from __future__ import annotations

import select
import sys
import time
from statistics import mean

ROUNDS = 4000
PAUSE = 0.25


def work() -> int:
    """About a millisecond of text, numbers and look-ups."""
    seen: dict[str, int] = {}
    for at in range(ROUNDS):
        name = f"sip:{at & 255}@yard"
        seen[name] = seen.get(name, 0) + len(name.partition("@")[0])
    return len(seen)


def main() -> None:
    """Measure until told to stop."""
    took: list[float] = []
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        begun = time.process_time_ns()
        work()
        took.append((time.process_time_ns() - begun) / 1e6)
    sys.stdout.write(f"{mean(took) if took else 0.0}\n")


if __name__ == "__main__":
    main()
