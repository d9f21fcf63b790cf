"""What is kept of a process that is killed, and what is told of the calls that it took."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_segment import CALL
from proxy.runtime.call_keeping import ADDED, NOTE, NUMBER, NUMBER_END
from proxy.runtime.edition_file import load_edition
from tests.bench.edge import Written
from tests.chaos.capture import Datagram
from tests.chaos.evidence import Death, Evidence, keep_log, unwritten
from tests.chaos.ground import until
from tests.chaos.ladders import ladders
from tests.chaos.test_ladders import BYE, CARRIER, PLATFORM, UP, message
from tests.ladder import CALLED, OFFER, Caller, Ladder, set_up


def log_with(folder: Path, notes: list[bytes]) -> None:
    """A log that holds these notes when its process is killed."""
    log = AheadLog(folder, print)
    log.open()
    for note in notes:
        if note[1] == 3:
            log.put(ADDED, note)
        else:
            log.keep(NOTE, CALL + note[NUMBER:NUMBER_END], note)
    keep_log(os.getpid(), folder.parent / "kept")
    log.close()


def test_what_was_noted_of_each_call_is_read_out_of_the_log(tmp_path: Path) -> None:
    config, tests = Path(__file__).parents[2] / "config", Path(__file__).parents[1]
    ladder = Ladder(load_edition(config / "rules", config / "numbering.toml", tests / "b2bua" / "customers.toml"))
    ladder.feed("a", Caller(2, called="+33140000002").invite())
    ladder.expect("a 100 INVITE", "b INVITE")
    talk = set_up(ladder)
    log_with(tmp_path / "log", ladder.notes)
    assert Death(0.0, 1, tmp_path / "kept").noted() == {CALLED: "up", "+33140000002": "inviting"}
    ladder.feed("b", talk.callee.request("INVITE", body=OFFER))
    log_with(tmp_path / "other" / "log", ladder.notes)
    found = Death(0.0, 1, tmp_path / "other" / "kept").noted()
    assert found[CALLED] == "up, re-INVITE of the carrier under way"


def test_a_process_without_a_log_is_killed_all_the_same(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        evidence.kill([process.pid, 2**22 + 1])
        assert process.wait() == -9
    (death,) = evidence.deaths
    assert (death.process, death.noted()) == (process.pid, {})
    assert until(lambda: process.poll() is not None, 1.0)


@pytest.mark.parametrize(
    ("decided", "ended", "wrong"),
    [
        (1, 1, ""),
        (1, 0, "the record of its end is there 0 times"),
        (2, 1, "the record of its decision is there 2 times"),
    ],
)
def test_an_answered_call_has_one_record_of_each_kind(decided: int, ended: int, wrong: str) -> None:
    (ladder,) = ladders([message(1.0, text) for text in UP], {PLATFORM}, {CARRIER})
    written = Written(Counter({"call-of-p": decided}), Counter({"call-of-p": ended}))
    assert unwritten(ladder, written) == wrong


def test_the_calls_that_were_lost_are_found_in_what_was_captured(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path)
    evidence.capture.ports |= {PLATFORM, CARRIER}
    evidence._platforms.add(PLATFORM)
    evidence._carriers.add(CARRIER)
    for at, text in enumerate([*UP, BYE[0]]):
        evidence.capture.keep(message(float(at), text))
    written = Written(Counter({"call-of-p": 1}), Counter({"call-of-p": 1}))
    ((why, ladder),) = evidence.lost(written)
    assert why == "the BYE of the platform has no answer"
    assert len(ladder.steps) == len(UP) + 1
    evidence.capture.keep(Datagram(20.0, CARRIER, PLATFORM, b""))
    assert len(evidence.lost(written)) == 1
