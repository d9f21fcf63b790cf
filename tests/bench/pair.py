"""One contender under one load: platform and carrier played by SIPp on cores of their own, the contender on one core.

Every process belongs to the `with` block that started it. What is counted is the processor time of the contender and its
children between the first call and the end of the last.
"""

from __future__ import annotations

import itertools
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stage import HOST, Program, StageError, free_port

from tests.bench import processes, yardstick
from tests.bench.contenders import Contender, Site, accounts_csv, called_csv, npv
from tests.bench.figures import CALL, Counts, Held, Load, Outcome, counts
from tests.bench.processes import Cores
from tests.bench.scenario import FOLDER

LISTENS_WITHIN = 30.0
SETTLES_IN = 1.0
GRACE = 10.0
"""Seconds after the last call in which everything may end, retransmissions too."""
FOREVER = 900.0
STEADY_FROM = 0.4
LOOK = 0.05
_turns = itertools.count()


class Sipp(Program):
    """One SIPp on the cores of the load, with a row of figures each second."""

    def __init__(self, scenario: str, port: int, folder: Path, cores: Cores, *options: str) -> None:
        self.figures = folder / f"{scenario}.csv"
        self.figures.unlink(missing_ok=True)
        self.trace = folder / f"{scenario}_messages.log"
        where = ["-i", HOST, "-p", str(port), "-cid_str", f"%u-%p-{scenario[-3:]}@%s"]
        pace = ["-max_recv_loops", "1000", "-max_sched_loops", "1000", "-buff_size", "4194304", "-rtcheck", "loose"]
        figures = ["-trace_stat", "-stf", str(self.figures), "-fd", "1", "-nostdin", "-message_file", str(self.trace)]
        command = ["sipp", "-sf", str(FOLDER / f"{scenario}.xml"), *where, *pace, *figures, *options]
        super().__init__(pinned(cores.others, command), folder / f"{scenario}.log")

    def __enter__(self) -> Sipp:
        super().__enter__()
        return self

    def counted(self) -> Counts:
        """What it has counted so far."""
        return counts(self.figures.read_text(encoding="utf-8") if self.figures.exists() else "")


def pinned(cores: tuple[int, ...], command: list[str]) -> list[str]:
    """The command, kept on those cores."""
    return ["taskset", "-c", ",".join(map(str, cores)), *command]


class Bench:
    """A running contender, ready for loads."""

    def __init__(self, contender: Contender, site: Site, cores: Cores, program: Program) -> None:
        self.contender = contender
        self.site = site
        self.cores = cores
        self._program = program

    def family(self) -> list[int]:
        """Of the contender; taskset became its first."""
        return processes.family(self._program.process.pid)

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._program.process.poll() is None

    @property
    def process(self) -> int:
        """The first of them."""
        return self._program.process.pid

    def platform(self, load: Load, port: int, beside: str = "") -> Sipp:
        """The platform under that load; with `beside` it has a folder of that name for itself."""
        folder = self.site.folder / beside
        folder.mkdir(exist_ok=True)
        (folder / "accounts.csv").write_text(accounts_csv(), encoding="utf-8")
        (folder / "called.csv").write_text(called_csv(next(_turns)), encoding="utf-8")
        scenario = "call_uac" if load.job == CALL else "refused_uac"
        rows = ["-inf", str(folder / "accounts.csv"), "-inf", str(folder / "called.csv")]
        amount = [
            "-r",
            str(load.rate),
            "-m",
            str(load.calls),
            "-l",
            str(load.calls + 10),
            "-d",
            str(round(load.hold * 1000)),
        ]
        patience = ["-recv_timeout", "20000", f"{HOST}:{self.site.port}"]
        return Sipp(scenario, port, folder, self.cores, *rows, *amount, *patience)

    @contextmanager
    def carrier(self, *options: str) -> Iterator[Sipp]:
        """The carrier, as long as the block."""
        with Sipp("call_uas", self.site.carrier_port, self.site.folder, self.cores, *options) as uas:
            time.sleep(STEADY_FROM)
            yield uas
            uas.stop(signal.SIGUSR1)

    def play(self, load: Load) -> Outcome:
        """Drive that load; what came of it."""
        with self.carrier() as uas, self.platform(load, free_port()) as uac, Yard(self.cores) as yard:
            started = time.monotonic()
            ours, core = self._marks()
            dropped = sum(processes.udp_sockets(self.site.port))
            over = started + load.seconds + load.hold + GRACE
            driven = 0.0
            while uac.process.poll() is None and time.monotonic() < over:
                driven = max(driven, processes.spent([uac.process.pid]).total)
                time.sleep(LOOK)
            took = time.monotonic() - started
            own = processes.spent(self.family()).since(ours)
            others = processes.core_busy(self.cores.measured) - core - own.total
            uac.wait(0.0)
            uas.stop(signal.SIGUSR1)
            seen = uac.counted()
            well = max(seen.well, 1)
            return Outcome(
                job=load.job, rate=load.rate, rate_reached=seen.rate, calls=load.calls, well=seen.well,
                sent_again=seen.sent_again + uas.counted().sent_again, dropped=sum(processes.udp_sockets(self.site.port)) - dropped,
                user_ms=1000 * own.user / well, system_ms=1000 * own.system / well, core_share=own.total / took,
                others_share=max(0.0, others) / took, load_share=driven / took, yard_ms=yard.mean(), survived=self.alive(),
            )  # fmt: skip

    def _marks(self) -> tuple[processes.Spent, float]:
        return processes.spent(self.family()), processes.core_busy(self.cores.measured)

    def hold(self, calls: int, rate: int, settle: float) -> Held:
        """Memory before and with that many calls up, `settle` seconds after the last came up."""
        idle = processes.memory(self.family())
        load = Load(CALL, rate, calls / rate, FOREVER)
        with self.carrier() as uas, self.platform(load, free_port()) as uac:
            over = time.monotonic() + load.seconds + GRACE
            while uas.counted().up < calls and time.monotonic() < over:
                time.sleep(0.5)
            time.sleep(settle)
            held = Held(calls, uas.counted().up, idle, processes.memory(self.family()))
            uac.process.kill()
            uas.process.kill()
        return held

    def problems(self) -> list[str]:
        """What is wrong with one call and one refused call; nothing when the contender does its job."""
        with self.carrier("-trace_msg") as uas:
            with self.platform(Load(CALL, 1, 1.0, 0.0), free_port()) as uac:
                called = uac.wait(GRACE)
            with self.platform(Load("refused", 1, 1.0), free_port()) as uac:
                refused = uac.wait(GRACE)
            trace = uas.trace.read_text(encoding="utf-8", errors="replace") if uas.trace.exists() else ""
        wrong = [] if called == 0 else ["a call does not end well"]
        wrong += [] if refused == 0 else ["a mobile number is not refused with 403"]
        return wrong + wrong_invites(trace)


def wrong_invites(trace: str) -> list[str]:
    """What is wrong with the INVITEs that reached the carrier, from the messages of its SIPp: one, and rewritten."""
    parts = [part.replace("\r", "") for part in re.split(r"^-{20,}.*$", trace, flags=re.MULTILINE)]
    invites = [part for part in parts if " message received " in part and "\nINVITE sip:" in part]
    if len(invites) != 1:
        return [f"{len(invites)} INVITEs reached the carrier, not 1"]
    lines = invites[0].split("\n")
    named = {name: [line for line in lines if line.startswith(f"{name}:")] for name in ("From", "P-Asserted-Identity")}
    wrong = [f"{name} is not the number of the account: {found}" for name, found in named.items()
             if len(found) != 1 or f"sip:{npv(0)}@" not in found[0]]  # fmt: skip
    return wrong + ["X-Account reached the carrier" for line in lines if line.startswith("X-Account")]


class Yard:
    """The yard-stick beside a load, on the core of the contender."""

    def __init__(self, cores: Cores) -> None:
        command = pinned((cores.measured,), [sys.executable, str(Path(yardstick.__file__))])
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Yard:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def mean(self) -> float:
        """End it; what it measured, in ms."""
        return float(self._process.communicate("\n", timeout=GRACE)[0])


@contextmanager
def running(contender: Contender, folder: Path, cores: Cores, where: tuple[int, ...] = ()) -> Iterator[Bench]:
    """The contender on its core, or on those of `where`, in a folder of its own, as long as the block.

    Raises StageError when it does not start.
    """
    folder.mkdir(parents=True)
    site = Site(folder, free_port(), free_port())
    command = pinned(where or (cores.measured,), contender.command(site))
    with Program(command, folder / "output.log") as program:
        over = time.monotonic() + LISTENS_WITHIN
        while not processes.udp_sockets(site.port):
            if program.process.poll() is not None or time.monotonic() > over:
                raise StageError(f"{contender.name} does not listen:\n{program.output()[-2000:]}")
            time.sleep(0.1)
        time.sleep(SETTLES_IN)
        yield Bench(contender, site, cores, program)
