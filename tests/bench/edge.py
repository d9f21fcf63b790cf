"""A node that is watched from outside: its files, its process, what it says on /metrics, and what it leaves on the disk.

It can be killed and started again in the same folder and on the same ports, as a service manager would.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from stage import GONE_WITHIN, HOST, Program, StageError, free_port

from tests.bench import processes
from tests.bench.contenders import OPEN, Site, customers_toml, proxy_toml, trunks_toml
from tests.bench.pair import pinned

READY_WITHIN = 60.0
_SAMPLE = re.compile(r"^(\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


class _Line(msgspec.Struct):
    """What is read of a record."""

    record: str
    call_id: str = ""
    a_call_id: str = ""


@dataclass
class Written:
    """What stands in the files of records: how often each call, by its Call-ID at the platform, is decided, and ended."""

    decided: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def twice(self) -> int:
        """Records that say again what another said."""
        return sum(count - 1 for counts in (self.decided, self.ended) for count in counts.values())


def with_keys(text: str, keys: Mapping[str, str]) -> str:
    """The TOML with these keys, named `table.key`, in place of those that stand there, or added to their table."""
    for name, value in keys.items():
        table, _, key = name.partition(".")
        head = f"[{table}]\n"
        if head not in text:
            text += f"\n{head}"
        before, found, after = text.partition(head)
        body, mark, rest = after.partition("\n[")
        body = re.sub(rf"^{key} = .*\n?", "", body, flags=re.MULTILINE)
        text = f"{before}{found}{key} = {value}\n{body}{mark}{rest}"
    return text


class Edge:
    """One node. `keys` are those of `proxy.toml` that differ from the shipped ones; `cores` where it may run, () anywhere."""

    def __init__(self, folder: Path, keys: Mapping[str, str], cores: tuple[int, ...] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.site = Site(folder, free_port(), free_port())
        self.admin = free_port()
        self.starts = 0
        self._cores = cores
        self._program: Program | None = None
        (folder / "customers.toml").write_text(customers_toml(), encoding="utf-8")
        self.use_trunks(trunks_toml(self.site))
        text = with_keys(proxy_toml(self.site, self.admin), keys)
        self.config = folder / "proxy.toml"
        self.config.write_text(text, encoding="utf-8")

    def __enter__(self) -> Edge:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._program is not None:
            end = time.monotonic() + GONE_WITHIN
            self.stop(signal.SIGINT)
            while time.monotonic() < end and self.alive():
                time.sleep(0.05)
            self.kill()

    def use_trunks(self, text: str) -> None:
        """Write them; they hold for a store that has none yet."""
        (self.site.folder / "trunks.toml").write_text(text, encoding="utf-8")

    def start(self) -> None:
        """Start it, and wait until it takes calls. Raises StageError."""
        command = [sys.executable, "-m", "proxy", "run", "--config", str(self.config), "--fixed-clock", OPEN]
        if self._cores:
            command = pinned(self._cores, command)
        self.starts += 1
        self._program = Program(command, self.site.folder / f"output-{self.starts}.log")
        self._program.__enter__()
        end = time.monotonic() + READY_WITHIN
        while self.page("/readyz")[0] != 200:
            if not self.alive() or time.monotonic() > end:
                raise StageError(f"the node does not start:\n{self.said()[-2000:]}")
            time.sleep(0.02)

    def said(self) -> str:
        """What it wrote on its outputs since it was started last."""
        return self._started().output()

    def _started(self) -> Program:
        if self._program is None:
            raise StageError("the node was not started")
        return self._program

    @property
    def process(self) -> int:
        """The first of its processes."""
        return self._started().process.pid

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._started().process.poll() is None

    def family(self) -> list[int]:
        """All its processes."""
        return processes.family(self.process)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end; nothing is waited for."""
        if self.alive():
            self._started().process.send_signal(with_signal)

    def wait(self, seconds: float) -> int:
        """Its exit code; it is killed when it takes longer."""
        return self._started().wait(seconds)

    def kill(self) -> None:
        """End all its processes at once, as a machine does that loses its power."""
        for one in self.family():
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        self._started().process.wait()

    def page(self, path: str) -> tuple[int, str]:
        """Status and body of an admin page; status 0 when there is no answer."""
        connection = http.client.HTTPConnection(HOST, self.admin, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def metrics(self) -> dict[str, float]:
        """Each metric, added up over its labels; empty when there is no answer."""
        found: dict[str, float] = {}
        for name, value in _SAMPLE.findall(self.page("/metrics")[1]):
            found[name] = found.get(name, 0.0) + float(value)
        return found

    def record_files(self) -> list[Path]:
        """Those that are written, and those put aside."""
        return sorted(path for path in self.site.folder.rglob("*.jsonl*") if path.is_file())

    def written(self) -> Written:
        """Read all of them."""
        found = Written()
        decode = msgspec.json.Decoder(_Line).decode
        for line in lines_of(self.record_files()):
            one = decode(line)
            if one.record == "decision":
                found.decided[one.call_id] += 1
            elif one.record == "call":
                found.ended[one.a_call_id] += 1
            else:
                found.others[one.record] += 1
        return found


def lines_of(files: list[Path]) -> Iterator[bytes]:
    """Whole lines of all files."""
    for path in files:
        with path.open("rb") as opened:
            yield from (line for line in opened if line.endswith(b"\n"))
