"""What explains a call that a kill took: its messages, what was noted of it at that instant, what the node said of itself.

A process is stopped, its ahead log is copied, and then it is killed: what stands in the log is what its successor reads.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from proxy.b2bua.coupling import STATE_NAMES
from proxy.b2bua.note_reading import Early, Talk, head_of
from proxy.b2bua.snapshot import EARLY, MARK
from proxy.runtime.ahead_reading import read_back
from proxy.runtime.call_keeping import notes_in
from tests.bench.edge import Edge, Written
from tests.bench.mix import Pair
from tests.bench.processes import PROC
from tests.chaos.capture import Capture
from tests.chaos.ladders import Ladder, ladders

LOG = re.compile(r" (/\S+/[0-9]{12}\.ahead)$", re.MULTILINE)
TELLING = re.compile(r"^.*(?:before this one|has ended|fault|damaged).*$", re.MULTILINE)
MOST_TOLD = 20


@dataclass(frozen=True)
class Death:
    """Of one process: the instant, and the folder with what its log held."""

    at: float
    process: int
    log: Path

    def noted(self) -> dict[str, str]:
        """By called number what its successor knew of the call."""
        found: dict[int, Early | Talk] = {}
        counts: dict[int, int] = {}
        for note in notes_in(read_back(self.log)):
            kind, number, count = head_of(note)
            if kind != MARK:
                found[number] = Early(number, note) if kind == EARLY else Talk(number, note)
                counts[number] = count
            elif counts.get(number) == count:
                found[number].story.take_mark(note)
        return {one.story.called: noted(one) for one in found.values()}


def noted(one: Early | Talk) -> str:
    """A note for people."""
    what = STATE_NAMES[one.story.state]
    if isinstance(one, Talk) and one.reinvite is not None:
        what += f", re-INVITE of the {'platform' if one.reinvite.from_a else 'carrier'} under way"
    return what


class Evidence:
    """Of one play, in a folder of its own. Open it before the load, close it behind."""

    def __init__(self, folder: Path) -> None:
        self.deaths: list[Death] = []
        self.capture = Capture(())
        self._folder = folder
        self._platforms: set[int] = set()
        self._carriers: set[int] = set()

    def __enter__(self) -> Evidence:
        self.capture.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.capture.__exit__(kind, value, trace)

    def watch(self, *loads: Pair) -> None:
        """Keep what these say and hear."""
        self._platforms |= {load.port for load in loads}
        self._carriers |= {load.site.carrier_port for load in loads}
        self.capture.ports |= self._platforms | self._carriers

    def kill(self, processes: Iterable[int]) -> None:
        """Kill -9, all of them at one instant."""
        stopped = []
        for one in processes:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP)
                stopped.append(one)
        at = time.time()
        for one in stopped:
            log = self._folder / f"log-{len(self.deaths)}"
            keep_log(one, log)
            self.deaths.append(Death(at, one, log))
        for one in stopped:
            os.kill(one, signal.SIGKILL)

    def lost(self, written: Written) -> list[tuple[str, Ladder]]:
        """The calls that were lost, and why."""
        found = []
        for ladder in ladders(self.capture.kept(), self._platforms, self._carriers):
            why = ladder.lost() or unwritten(ladder, written)
            if why:
                found.append((why, ladder))
        return found

    def told(self, edge: Edge, written: Written, complaints: str) -> str:
        """All of it as text; empty when no call was lost. `complaints` are those of both SIPps."""
        lost = self.lost(written)
        if not lost and not complaints:
            return ""
        kills = sorted({death.at for death in self.deaths})
        known = [(death.at, death.noted()) for death in self.deaths] if lost else []
        parts = [f"{len(lost)} calls were lost{f'; {self.capture.missing}' if self.capture.missing else ''}"]
        for why, ladder in lost[:MOST_TOLD]:
            notes = [(at, names[ladder.name]) for at, names in known if ladder.name in names]
            parts.append(f"{why}\n{ladder.told(kills, notes)}")
        said = "\n".join(TELLING.findall(edge.said()))
        return "\n\n".join([*parts, f"the node said:\n{said}", f"SIPp said:\n{complaints[-20000:]}"]) + "\n"


def keep_log(process: int, folder: Path) -> None:
    """Copy the log that this process has mapped, if it has one, into that new folder."""
    folder.mkdir(parents=True)
    with suppress(OSError):
        maps = (PROC / str(process) / "maps").read_text(encoding="utf-8", errors="replace")
        for one in sorted({Path(name) for name in LOG.findall(maps)}):
            shutil.copyfile(one, folder / one.name)


def unwritten(ladder: Ladder, written: Written) -> str:
    """What is wrong with the records of a call: of one that was answered each is there once, of any other once at most."""
    call_id = ladder.call_ids.get("platform", b"").decode("latin-1")
    answered = any(one.leg == "platform" and one.status == 200 and one.method == "INVITE" for one in ladder.steps)
    for what, counts in (("decision", written.decided), ("end", written.ended)):
        if counts[call_id] > 1 or (answered and not counts[call_id]):
            return f"the record of its {what} is there {counts[call_id]} times"
    return ""
