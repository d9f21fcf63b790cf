"""How much memory a node keeps for each call that is up: python tests/bench/held_node.py [calls]

The node as shipped, one process, with SIPp on both sides. The calls come in at a steady rate and stay; when no transaction
of their set-up lingers any more, what the process holds is compared with what it held before, after as many calls as make
its caches full. Counted are its own pages (Pss_Anon of /proc/PID/smaps_rollup) and, apart, what it maps of files: the log
of what must outlive it, which is its calls' notes, and the database, which the kernel may drop.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import msgspec
from stage import HOST, StageError, free_port

from proxy.runtime import build
from tests.bench.contenders import accounts_csv, called_csv
from tests.bench.edge import Edge
from tests.bench.looks import own_memory, rows_of
from tests.bench.mix import PACE
from tests.bench.pair import FOREVER, Sipp
from tests.bench.processes import PROC, Cores
from tests.bench.run import cores_for_load, machine, say, written

CALLS = 20_000
WARM = 2_000
"""Calls that come and go before: caches, and the pages of the database."""
SETTLED_WITHIN = 90.0
KEYS = {"limits.decision_timeout_ms": "5000", "store.wait_ms": "4000", "limits.queue_delay_ms": "0"}
"""What else runs on the machine decides no call."""


@dataclass(frozen=True)
class Pages:
    """Bytes of memory: a process' own, and what it maps of files."""

    own: int
    files: int


@dataclass(frozen=True)
class HeldNode:
    """So many of the `asked` calls up, and the node's memory before them, when the last came up, and settled."""

    asked: int
    calls: int
    transactions: int
    before: Pages
    coming: Pages
    settled: Pages

    @property
    def own_each(self) -> float:
        """Bytes of the node's own memory for each call, settled."""
        return (self.settled.own - self.before.own) / max(self.calls, 1)

    @property
    def whole(self) -> bool:
        """Whether all calls were up and nothing of their set-up was left, so that the figures count."""
        return self.calls == self.asked and self.transactions == 0

    def told(self) -> str:
        """In lines."""
        calls = max(self.calls, 1)
        lines = [f"{self.calls} calls of {self.asked} up, {self.transactions} transactions left ({build.kind()})"]
        for name, pages in (("while they came in", self.coming), ("settled", self.settled)):
            own, files = pages.own - self.before.own, pages.files - self.before.files
            lines.append(
                f"  {name}: own memory {self.before.own / 2**20:.1f} -> {pages.own / 2**20:.1f} MiB, {own / calls:.0f} bytes each; "
                f"mapped files {self.before.files / 2**20:.1f} -> {pages.files / 2**20:.1f} MiB, {files / calls:.0f} each"
            )
        return "\n".join(lines)


def pages(family: Sequence[int]) -> Pages:
    """What these processes hold now."""
    texts = [(PROC / str(one) / "smaps_rollup").read_text(encoding="utf-8") for one in family]
    own = sum(map(own_memory, texts))
    return Pages(own, sum(rows_of(text)["Pss"] for text in texts) - own)


def sipp(edge: Edge, cores: Cores, calls: int, rate: int, hold: float, turn: int) -> Sipp:
    """The platform."""
    folder = edge.site.folder / f"platform-{turn}"
    folder.mkdir()
    (folder / "accounts.csv").write_text(accounts_csv(), encoding="utf-8")
    (folder / "called.csv").write_text(called_csv(turn), encoding="utf-8")
    rows = ["-inf", str(folder / "accounts.csv"), "-inf", str(folder / "called.csv")]
    amount = ["-r", str(rate), "-m", str(calls), "-l", str(calls + 10), "-d", str(round(hold * 1000))]
    rows += PACE
    return Sipp("call_uac", free_port(), folder, cores, *rows, *amount, f"{HOST}:{edge.site.port}")


def active(edge: Edge) -> tuple[int, int]:
    """Calls and transactions."""
    metrics = edge.metrics()
    return round(metrics.get("npv_calls_active", -1)), round(metrics.get("npv_transactions_active", -1))


def hold(calls: int, rate: int, warm: int, folder: Path, cores: Cores, keys: dict[str, str]) -> HeldNode:
    """Fill a node. Raises StageError when it does not start."""
    with Edge(folder, KEYS | keys, (cores.measured,)) as edge:
        with Sipp("call_uas", edge.site.carrier_port, edge.site.folder, cores, *PACE) as uas:
            time.sleep(0.5)
            if warm:
                with sipp(edge, cores, warm, rate, 0.5, 1) as uac:
                    uac.wait(warm / rate + 30.0)
                settle(edge, 0)
            before = pages(edge.family())
            with sipp(edge, cores, calls, rate, FOREVER * 4, 2) as uac:
                end = time.monotonic() + 2 * calls / rate + 30.0
                while active(edge)[0] < calls and time.monotonic() < end:
                    time.sleep(1.0)
                coming = pages(edge.family())
                settle(edge, calls)
                up, transactions = active(edge)
                found = HeldNode(calls, up, transactions, before, coming, pages(edge.family()))
                uac.process.kill()
            uas.process.kill()
        edge.kill()
    return found


def settle(edge: Edge, calls: int) -> None:
    """Until nothing is left but so many calls."""
    end = time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < end and active(edge) != (calls, 0):
        time.sleep(1.0)
    time.sleep(2.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when it was measured, 1 when not all calls were up, 2 when nothing can be measured here."""
    parser = argparse.ArgumentParser(description="What a call that is up takes of a node's memory.")
    parser.add_argument("calls", type=int, nargs="?", default=CALLS)
    parser.add_argument("--rate", type=int, default=500, help="calls per second")
    parser.add_argument("--warm", type=int, default=WARM, help="calls beforehand")
    parser.add_argument("--nice", type=int, default=0, help="of everything that is started")
    parser.add_argument("--out", type=Path, default=Path("var/held"), help="folder of the JSON file")
    asked = parser.parse_args(arguments)
    cores = cores_for_load(asked.nice, {"sipp": "sip-tester"})
    if cores is None:
        return 2
    with tempfile.TemporaryDirectory(prefix="npv-held-") as made:
        try:
            found = hold(asked.calls, asked.rate, asked.warm, Path(made, "node"), cores, {})
        except StageError as error:
            say(str(error))
            return 2
    body = {"machine": machine(), "build": f"{build.kind()} {build.version()}", **asdict(found)}
    path = written(asked.out, msgspec.json.format(msgspec.json.encode(body), indent=1))
    sys.stdout.write(f"{found.told()}\neverything: {path}\n")
    return 0 if found.whole else 1


if __name__ == "__main__":
    sys.exit(main())
