"""`make profile`: a flame graph of the proxy under load, as SVG in var/profile, drawn by py-spy.

py-spy stops the proxy for each look, so the figures of such a run are not worth quoting; where the time goes is. Native
frames are drawn where they can be read: the compiled packages are seen by them alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence

from tests.bench.comparison import WARM
from tests.bench.contenders import Proxy
from tests.bench.figures import CALL, Load
from tests.bench.pair import Bench, running
from tests.bench.processes import TooFewCores, share_out

LOOKS = 400
"""Looks per second."""
MARGIN = 2.0
"""Seconds by which the load lasts longer than the looking, on each side."""


def looks(process: int, seconds: int, drawing: Path, native: bool) -> list[str]:
    """The command that draws that process."""
    spy = Path(sys.executable).with_name("py-spy")
    command = [str(spy) if spy.exists() else "py-spy", "record", "--pid", str(process), "--output", str(drawing)]
    return [*command, "--duration", str(seconds), "--rate", str(LOOKS), *(["--native"] if native else [])]


def draw(bench: Bench, rate: int, seconds: int, drawing: Path) -> str:
    """Draw the proxy under that load; what went wrong, or nothing."""
    said = ""
    for native in (True, False):
        spying = subprocess.Popen(
            ["sh", "-c", 'sleep "$0"; exec "$@"', str(MARGIN), *looks(bench.process, seconds, drawing, native)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        bench.play(Load(CALL, rate, seconds + 2 * MARGIN))
        said = spying.communicate(timeout=120)[0]
        if spying.returncode == 0 and drawing.exists():
            return ""
    return said.strip() or "py-spy drew nothing"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when a drawing was made."""
    parser = argparse.ArgumentParser(description="A flame graph of the proxy under load.")
    parser.add_argument("--rate", type=int, default=500, help="calls per second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("var/profile"), help="folder of the drawing")
    asked = parser.parse_args(arguments)
    try:
        cores = share_out(os.sched_getaffinity(0))
    except TooFewCores as error:
        sys.stderr.write(f"{error}\n")
        return 2
    os.sched_setaffinity(0, cores.others)
    asked.out.mkdir(parents=True, exist_ok=True)
    drawing = (asked.out / time.strftime("%Y%m%d-%H%M%S.svg", time.gmtime())).absolute()
    proxy = Proxy("proxy")
    with tempfile.TemporaryDirectory(prefix="npv-profile-") as made, running(proxy, Path(made, "1"), cores) as bench:
        bench.play(WARM)
        wrong = draw(bench, asked.rate, asked.seconds, drawing)
    if wrong:
        sys.stderr.write(f"{wrong}\nreading another process may need root\n")
        return 1
    sys.stdout.write(f"{proxy.version()} at {asked.rate} calls per second: {drawing}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
