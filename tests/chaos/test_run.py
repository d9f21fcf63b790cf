"""Which faults are played, and that a short one takes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.ground import SHORT, Ground, person, until
from tests.chaos.run import chosen, main, play
from tests.chaos.verdict import Verdict


def test_faults_are_chosen_by_their_words() -> None:
    assert chosen("") == list(FAULTS)
    assert [fault.word for fault in chosen("stall,wires")] == ["stall", "wires"]
    with pytest.raises(ValueError, match="no fault is called flood"):
        chosen("stall,flood")


def test_every_fault_has_a_word_of_its_own_and_says_what_it_is() -> None:
    assert len({fault.word for fault in FAULTS}) == len(FAULTS)
    assert all(fault.play.__doc__ for fault in FAULTS)


def test_a_word_that_is_none_ends_the_run_before_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "flood"]) == 2
    assert "no fault is called flood" in capsys.readouterr().err


def test_a_program_that_does_not_start_is_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})  # nothing is played, so one core is enough

    def broken(ground: Ground) -> Verdict:
        raise AssertionError(f"no redis-server in {ground.folder.name}")

    assert play(Fault("broken", broken), tmp_path / "x", SHORT).lost == ["no redis-server in x"]


def test_the_person_of_a_call_is_found_by_its_place() -> None:
    assert person(0, "0123", 0) == ("cust0000", "+33610000000")
    assert person(1001, "0123", 200) == ("cust0001", "+33610012011")


def test_waiting_ends() -> None:
    assert until(lambda: True, 0.0)
    assert not until(lambda: False, 0.05, 0.01)


@pytest.mark.sipp
@pytest.mark.tool
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="load and node need a core each")
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.short], ids=lambda fault: fault.word)
def test_a_fault_takes_nothing(fault: Fault, tmp_path: Path) -> None:
    assert play(fault, tmp_path / fault.word, SHORT).lost == []
