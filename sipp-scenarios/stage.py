"""The programs of a scenario: one proxy process and SIPp on both of its sides.

Here: writing the proxy's configuration, starting and stopping processes. Free ports come from ports.py. What is played
and what counts as success stands in cases.py and run.py.

Every process belongs to the `with` block that started it and is gone when the block ends. All files
of a play (configuration, logs, traces, records) are in the one folder that the caller gives.
"""

from __future__ import annotations

import http.client
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from ports import free_port as free_port  # who has a stage needs them

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
HOST = "127.0.0.1"
READY_WITHIN = 60.0
GONE_WITHIN = 20.0
HEARD_WITHIN = 20.0
"""Seconds in which a SIPp must get the message that it waits for."""
PLAYED_WITHIN = 100.0
"""Seconds in which one side of a play must come to its end."""
LISTENS = "0A"
"""The state of a socket in the tables of /proc/net."""
STARTED = "SIP on "
"""In the line that the proxy writes when it has its ports; another proxy may answer on them before."""
LONGEST_COMPLAINT = 2000
WORD_IN = "NPV_SCENARIO_SECRET"
"""The variable that holds the password of both sides of every scenario."""
WORD = "wonder"

_PROXY_TOML = """\
[node]
name = "scenario"
{node}

[admin]
listen = "127.0.0.1:{admin}"

[files]
customers = "{customers}"
trunks = "{folder}/trunks.toml"
numbering = "{root}/config/numbering.toml"
rules = "{root}/config/rules"
headers = "{root}/config/headers.toml"

[records]
path = "{folder}/records.jsonl"

[store]
wait_ms = 4900

[limits]
decision_timeout_ms = 5000
queue_delay_ms = 0
{limits}

[timers]
{timers}

{listen}
"""
_TRUNKS_TOML = """\
[[platform]]
name = "vms"
sources = ["{source}"]
customer_header = "X-Account"
campaign_header = "X-Campaign"
carrier = "carrier-1"
origin = "national"
address = "{place}:{platform}"
callback_hosts = ["acme.example"]
{transport}
{platform_more}

[[carrier]]
name = "carrier-1"
address = "{place}:{carrier}"
{transport}
domain = "edge.example.org"
numbers = "e164"
{carrier_more}
"""


class StageError(Exception):
    """A program of the scenario did not start; the text says which and why."""


def environment() -> dict[str, str]:
    """Environment of a child that must run the same copy of the proxy, source or compiled, as this process imports.

    Without an installed copy that is the source tree around this directory.
    """
    found = importlib.util.find_spec("proxy")
    home = Path(found.origin).parents[1] if found and found.origin else ROOT
    return {**os.environ, "PYTHONPATH": str(home), "TERM": "dumb", WORD_IN: WORD}


def write_config(
    folder: Path, ports: Mapping[str, int], settings: Mapping[str, int | str], listen: str, carrier: str, host: str,
    alone: bool = True,
) -> Path:  # fmt: skip
    """proxy.toml and trunks.toml for one play; `settings` are keys as `limits.answer_timeout`, of `node`, `limits`, `timers`,
    `platform` or `carrier`, with values as TOML writes them.

    `listen` are the listeners and `carrier` the further keys of the carrier as TOML, `host` is the address of all SIP;
    without `alone` the platform sends from its own port only, and the carrier from any other.
    """
    place = f"[{host}]" if ":" in host else host
    tables = {
        name: "\n".join(
            f"{key.partition('.')[2]} = {value}" for key, value in settings.items() if key.startswith(table)
        )
        for table, name in (
            ("node", "node"),
            ("limits", "limits"),
            ("timers", "timers"),
            ("platform", "platform_more"),
            ("carrier", "carrier_more"),
        )
    }
    path = folder / "proxy.toml"
    customers = HERE / "config" / "customers.toml"
    for file, text in ((path, _PROXY_TOML), (folder / "trunks.toml", _TRUNKS_TOML)):
        file.write_text(
            text.format(
                source=host if alone else f"{place}:{ports['platform']}", place=place, root=ROOT, folder=folder, customers=customers,
                listen=listen, transport=carrier, **ports, **tables,
            ),
            encoding="utf-8",
        )  # fmt: skip
    return path


def until_listening(port: int, ended: Callable[[], object] = lambda: False) -> None:
    """Wait until somebody has that port, of UDP or listening over TCP, or has `ended`. Raises StageError.

    Nothing is bound or sent for it, which could be in the way of who starts.
    """
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end:
        if ended() or is_held(port):
            return
        time.sleep(0.02)
    raise StageError(f"nobody listens on port {port}")


def is_held(port: int) -> bool:
    """Whether a UDP socket or a listening TCP socket of this machine has the port."""
    for name, state in (("udp", ""), ("udp6", ""), ("tcp", LISTENS), ("tcp6", LISTENS)):
        table = Path("/proc/net", name)
        for row in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else []:
            _, local, _, found, *_ = row.split()
            if int(local.rpartition(":")[2], 16) == port and found.endswith(state):
                return True
    return False


def command_done(command: str, config: Path, folder: Path) -> str:
    """Run a command of npv-proxy to its end on the store of a play; what it printed. Raises StageError if it failed."""
    done = subprocess.run(
        [sys.executable, "-m", "proxy", *command.split(), "--config", str(config)],
        capture_output=True, text=True, check=False, timeout=READY_WITHIN, cwd=folder, env=environment(),
    )  # fmt: skip
    if done.returncode:
        raise StageError(f"`npv-proxy {command}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout


class Program:
    """One child process with its output in a file; killed at the end of the block if still there."""

    gone_within = GONE_WITHIN

    def __init__(self, command: list[str], log: Path) -> None:
        self.command = command
        self.log = log
        self.folder = log.parent
        self.files: tuple[int, ...] = ()
        """Open files that the program inherits, by their numbers here."""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Program:
        with self.log.open("wb") as out:
            try:
                self._process = subprocess.Popen(
                    self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder, env=environment(),
                    pass_fds=self.files,
                )  # fmt: skip
            except FileNotFoundError:
                raise StageError(f"`{self.command[0]}` is missing") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise StageError(f"`{self.command[0]}` was not started")
        return self._process

    def wait(self, seconds: float) -> int:
        """Exit code; the program is killed when it takes longer than `seconds`."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Ask the program to end, and end it when it does not."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.wait(self.gone_within)

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


class Proxy(Program):
    """`npv-proxy run`, of the same build (source or compiled) as the interpreter that runs this."""

    def __init__(self, config: Path, admin_port: int, clock: str, folder: Path) -> None:
        command = [sys.executable, "-m", "proxy", "run", "--config", str(config)]
        if clock:
            command += ["--fixed-clock", clock]
        super().__init__(command, folder / "proxy.log")
        self.admin_port = admin_port

    def __enter__(self) -> Proxy:
        super().__enter__()
        try:
            self._until_ready()
        except StageError:
            self.stop()
            raise
        return self

    def _until_ready(self) -> None:
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise StageError(f"the proxy ended at start:\n{self.output()}")
            if STARTED in self.output() and self.get("/readyz")[0] == 200:
                return
            time.sleep(0.05)
        raise StageError(f"the proxy was not ready after {READY_WITHIN:.0f} s:\n{self.output()}")

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of an admin page; status 0 when nothing listens."""
        connection = http.client.HTTPConnection(HOST, self.admin_port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()


class Sipp(Program):
    """One side of a scenario. `rows` are the injected lines (-inf), one a call; every run is bounded."""

    gone_within = 2.0  # asked to end it waits for its calls, of which nobody wants to know any more

    def __init__(
        self, scenario: Path, side: str, port: int, rows: list[tuple[str, ...]], folder: Path, *options: str,
        host: str = HOST,
    ) -> None:  # fmt: skip
        self.port = port
        self.trace = folder / f"{side}_messages.log"
        self.errors = folder / f"{side}_errors.log"
        if any(";" in value for row in rows for value in row):
            raise StageError("an injected value holds a semicolon, which SIPp takes for the end of the value")
        values = folder / f"{side}.csv"
        values.write_text("SEQUENTIAL\n" + "".join(";".join(row) + ";\n" for row in rows), encoding="utf-8")
        files = [
            "-inf", str(values), "-trace_msg", "-message_file", str(self.trace), "-trace_err", "-error_file", str(self.errors),
        ]  # fmt: skip
        within, heard = str(round(PLAYED_WITHIN)), str(round(1000 * HEARD_WITHIN))
        bounds = ["-nostdin", "-timeout", within, "-timeout_error", "-recv_timeout", heard]
        place = ["-i", host, "-p", str(port), "-cid_str", f"%u-%p-{side}@%s"]
        super().__init__(["sipp", "-sf", str(scenario), *place, *files, *bounds, *options], folder / f"{side}.log")

    def __enter__(self) -> Sipp:
        super().__enter__()
        until_listening(self.port, lambda: self.process.poll() is not None)
        return self

    def complaint(self) -> str:
        """What SIPp found wrong, in its own words."""
        if self.errors.exists():
            return self.errors.read_text(encoding="utf-8", errors="replace").strip()[:LONGEST_COMPLAINT]
        return self.output().strip()[-600:]
