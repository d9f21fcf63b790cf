"""Platform and carrier that play every kind of call, one in ten of each: `sipp-scenarios/load/mix_*.xml`.

The last digit of the called number says what becomes of a call; nobody is called twice.
"""

from __future__ import annotations

import csv
import itertools
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from stage import HOST, free_port

from tests.bench.contenders import Site, accounts_csv
from tests.bench.figures import Counts, counts
from tests.bench.pair import Sipp
from tests.bench.processes import Cores

ALL = "0123456789"
"""Every kind, by the last digit of the called number."""
ANSWERED = "012345"
"""Those that become talks, which the platform ends, but the carrier those with a 4."""
REFUSED = "9"
PERSONS = 2_000_000
"""Metropolitan mobile numbers of 06 10 to 06 29, of which each takes one call."""
TIMEWAIT = 4.0
"""Seconds for which the carrier remembers a call that is over."""
PATIENT = ("-watchdog_minor_maxtriggers", "1000000", "-watchdog_major_maxtriggers", "1000000")
"""A SIPp that did not get the processor in time goes on: in hours that happens more often than it takes by itself."""
TRIES = ("-max_retrans", "12", "-max_invite_retrans", "12", "-max_non_invite_retrans", "12")
"""A node that is started again on a slow machine is called until it is there; by itself SIPp gives up after half a minute."""
PACE = ("-default_behaviors", "all,-abortunexp", *TRIES, *PATIENT)
FAILED = re.compile(r"Failed(?!Call\().+\(C\)")
"""Columns of its statistics that say why calls failed."""
_taken = itertools.count(0)


def called_csv(first: int, kinds: str) -> str:
    """For SIPp: called number and presented one, a mobile one in calls that are refused for it."""
    rows = [f"+336%07d{kind};{'+33612500001' if kind == REFUSED else '+33142500001'};\n" for kind in kinds]
    return f"SEQUENTIAL,PRINTF={PERSONS},PRINTFOFFSET={1_000_000 + first}\n{''.join(rows)}"


@dataclass(frozen=True)
class Side:
    """What one SIPp counted. `turned_away`: calls that the proxy ended by itself, with 480, 500 or 503; `reasons`: why calls
    failed, in SIPp's words."""

    counts: Counts
    turned_away: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


def side(statistics: str) -> Side:
    """From the text of its statistics file."""
    rows = [row for row in csv.DictReader(StringIO(statistics), delimiter=";") if row.get("CurrentCall")]
    named = [key for key in (rows[-1] if rows else {}) if key and "turned_away" in key and "(C)" in key]
    failed = {key[:-3]: int(value) for key, value in (rows[-1] if rows else {}).items() if FAILED.fullmatch(key or "")}
    reasons = {name: count for name, count in failed.items() if count}
    return Side(counts(statistics), sum(int(rows[-1][key]) for key in named), reasons)


class Pair:
    """Both sides of a load. The platform begins with `begin`."""

    def __init__(self, site: Site, cores: Cores, hold: float, options: tuple[str, ...], carrier_port: int) -> None:
        self.site = site
        self.calls = 0
        self.kinds = ALL
        self.first = 0
        """What is added to the called numbers of this load, so that they are no others'."""
        self.port = free_port()
        self.folder = site.folder / f"load-{self.port}"
        self.folder.mkdir()
        self._cores = cores
        self._hold = hold
        self._options = (*PACE, "-d", str(round(hold * 1000)), *options)
        self.uas: Sipp | None = None
        if carrier_port:
            self.uas = Sipp("mix_uas", carrier_port, self.folder, cores, *self._options, *self._errors("mix_uas"))
        self._uac: Sipp | None = None

    @property
    def uac(self) -> Sipp:
        """The platform."""
        assert self._uac is not None, "nobody calls yet"
        return self._uac

    def begin(self, calls: int, rate: int, kinds: str = ALL, port: int = 0) -> None:
        """Call, kind after kind; `port` is where to, if not the node itself."""
        folder = self.folder
        self.first = next(_taken) * 100_000 % PERSONS
        self.calls, self.kinds = calls, kinds
        (folder / "accounts.csv").write_text(accounts_csv(), encoding="utf-8")
        (folder / "called.csv").write_text(called_csv(self.first, kinds), encoding="utf-8")
        rows = ["-inf", str(folder / "accounts.csv"), "-inf", str(folder / "called.csv")]
        amount = ["-r", str(rate), "-m", str(calls), "-l", str(calls + 10), "-recv_timeout", "120000"]
        where = f"{HOST}:{port or self.site.port}"
        options = (*self._options, *self._errors("mix_uac"))
        self._uac = Sipp("mix_uac", self.port, folder, self._cores, *rows, *amount, *options, where)
        self._uac.__enter__()

    def _errors(self, scenario: str) -> tuple[str, ...]:
        return "-trace_err", "-error_file", str(self.folder / f"{scenario}_errors.log")

    def errors(self) -> str:
        """What both sides wrote of calls that failed, and of messages that they did not expect."""
        return "".join(_text(path) for path in sorted(self.folder.glob("*_errors.log")))

    def calling(self) -> bool:
        """Whether the platform has calls to make or to end."""
        return self._uac is not None and self._uac.process.poll() is None

    def wait(self, seconds: float) -> tuple[Side, Side]:
        """The end of all calls, at most so long; what platform and carrier counted."""
        self.uac.wait(seconds)
        if self.uas is not None:
            time.sleep(TIMEWAIT + 1.5)
            self.uas.stop(signal.SIGUSR1)
        return self.platform(), self.carrier()

    def platform(self) -> Side:
        """What the platform counted so far."""
        return side(_text(self.uac.figures))

    def carrier(self) -> Side:
        """What the carrier counted so far."""
        return side(_text(self.uas.figures) if self.uas is not None else "")

    def stop(self) -> None:
        """End what still runs."""
        if self._uac is not None:
            self._uac.__exit__(None, None, None)
        if self.uas is not None:
            self.uas.process.kill()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@contextmanager
def pair(site: Site, cores: Cores, hold: float, *options: str, carrier_port: int = 0) -> Iterator[Pair]:
    """Both sides, as long as the block; the carrier is there from its beginning."""
    found = Pair(site, cores, hold, options, carrier_port or site.carrier_port)
    assert found.uas is not None
    with found.uas:
        time.sleep(0.4)
        try:
            yield found
        finally:
            found.stop()


@contextmanager
def platform(site: Site, cores: Cores, hold: float, *options: str) -> Iterator[Pair]:
    """One more platform, for the carrier of another pair."""
    found = Pair(site, cores, hold, options, 0)
    try:
        yield found
    finally:
        found.stop()
