"""The journal never holds up its caller: bounded, batched, reopened on demand, and losses are counted."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from time import time

import pytest

from proxy.b2bua.outputs import DecisionRecord, Fault
from proxy.policy.decide import decide
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.ledger import NOTHING_KNOWN
from proxy.runtime import journal as journal_module
from proxy.runtime import record_files
from proxy.runtime.journal import BATCH, Journal, Targets
from proxy.runtime.record_archive import DAY, files_of
from proxy.runtime.record_chain import faults
from proxy.runtime.record_files import RecordFile, write_all
from proxy.runtime.settings import load_settings
from tests.runtime.ahead import until
from tests.runtime.conftest import CONFIG


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "PAUSE", 0.001)


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def texts(path: Path) -> list[str]:
    """The records without the lines of the file itself."""
    return [str(record["text"]) for record in records(path) if "text" in record]


def losses(path: Path) -> list[object]:
    return [(record["lost"], record["reason"]) for record in records(path) if record["record"] == "gap"]


def put(journal: Journal, *names: str) -> None:
    for name in names:
        journal.put(Fault(name, b"c"))


def test_stop_writes_what_waits_in_order(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "var" / "records.jsonl"
    journal = Journal(Targets(str(path)), 1000, "edge-1", edition)
    journal.start()
    names = [str(number) for number in range(3 * BATCH + 5)]
    put(journal, *names)
    journal.stop()
    assert texts(path) == names
    assert (journal.written, journal.dropped, journal.failure) == (len(names), 0, "")


def test_each_start_begins_a_file_and_none_is_for_everybody(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "records.jsonl"
    for name in ("one", "two"):
        journal = Journal(Targets(str(path)), 10, "edge-1", edition)
        journal.start()
        put(journal, name)
        journal.stop()
    first, second = files_of(path)
    assert (texts(first), texts(second)) == (["one"], ["two"])
    assert first.stat().st_mode & 0o007 == second.stat().st_mode & 0o007 == 0


def test_records_beyond_the_capacity_are_dropped_and_counted(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "records.jsonl"
    journal = Journal(Targets(str(path)), 2, "edge-1", edition)
    put(journal, "one", "two", "three", "four")
    assert (journal.written, journal.dropped) == (0, 2)
    journal.start()
    journal.stop()
    assert texts(path) == ["one", "two"]
    assert losses(path) == [(2, "the queue was full")]


def test_put_does_not_wait_for_a_writer_that_is_stuck(tmp_path: Path, edition: Edition) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    journal = Journal(Targets(str(tmp_path / "pipe")), 3000, "edge-1", edition)
    journal.start()
    done = threading.Thread(target=put, args=(journal, *["x" * 100] * 5000))
    done.start()
    done.join(60)
    assert not done.is_alive()
    assert journal.dropped > 0
    os.close(reader)
    journal.stop()
    assert journal.written + journal.dropped == 5000


def test_stop_gives_up_on_a_target_that_is_stuck(
    tmp_path: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(journal_module, "PATIENCE", 0.05)
    monkeypatch.setattr(record_files, "write_all", lambda descriptor, data: release.wait(10))
    journal = Journal(Targets(str(tmp_path / "r")), 10, "edge-1", edition)
    journal.start()
    put(journal, "one")
    journal.stop()
    assert "is stuck" in journal.failure
    release.set()


def test_a_rotated_file_is_left_and_a_new_one_begun(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "records.jsonl"
    journal = Journal(Targets(str(path)), 10, "edge-1", edition)
    journal.start()
    put(journal, "old")
    until_written(journal, 1)
    path.rename(tmp_path / "records.jsonl.1")
    journal.reopen()
    put(journal, "new")
    journal.stop()
    assert texts(tmp_path / "records.jsonl.1") == ["old"]
    assert texts(path) == ["new"]


def test_a_file_that_cannot_be_reopened_goes_on(tmp_path: Path, edition: Edition) -> None:
    folder = tmp_path / "var"
    journal = Journal(Targets(str(folder / "records.jsonl")), 10, "edge-1", edition)
    journal.start()
    folder.rename(tmp_path / "old")
    folder.write_text("in the way", encoding="utf-8")
    journal.reopen()
    put(journal, "one")
    journal.stop()
    assert texts(tmp_path / "old" / "records.jsonl") == ["one"]
    assert "cannot reopen" in journal.failure


def test_a_full_disk_is_counted_and_the_next_line_is_whole(
    tmp_path: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.jsonl"
    full = True

    def disk(descriptor: int, data: bytes) -> None:
        if full:
            os.write(descriptor, data[:10])
            raise OSError(28, "No space left on device")
        write_all(descriptor, data)

    monkeypatch.setattr(record_files, "write_all", disk)
    journal = Journal(Targets(str(path)), 10, "edge-1", edition)
    journal.start()
    put(journal, "lost")
    until_dropped(journal, 1)
    full = False
    put(journal, "kept")
    journal.stop()
    assert (journal.written, journal.dropped) == (1, 1)
    assert "No space left on device" in journal.failure
    assert texts(path) == ["kept"]
    assert losses(path) == [(1, "No space left on device")]
    assert faults(path.read_bytes().splitlines()) == []


def test_a_disk_that_is_full_for_good_stops_nothing(edition: Edition) -> None:
    journal = Journal(Targets("/dev/full"), 100, "edge-1", edition)
    journal.start()
    put(journal, *["x"] * 300)
    until_dropped(journal, 300)
    journal.stop()
    assert (journal.written, journal.dropped) == (0, 300)
    assert "No space left on device" in journal.failure


def test_a_record_that_cannot_be_told_costs_only_itself(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "records.jsonl"
    journal = Journal(Targets(str(path)), 10, "edge-1", edition)
    journal.start()
    put(journal, "one", "\ud800", "two")
    journal.stop()
    assert texts(path) == ["one", "two"]
    assert losses(path) == [(1, "a record could not be encoded")]
    assert journal.dropped == 1
    assert "could not be encoded" in journal.failure


def test_an_empty_target_is_no_journal_but_defects_are_said(
    edition: Edition, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(Targets(""), 1, "edge-1", edition)
    journal.start()
    put(journal, "one", "two")
    journal.stop()
    assert (journal.written, journal.dropped) == (0, 0)
    assert capsys.readouterr().err == "npv-proxy: fault: one\nnpv-proxy: fault: two\n"


def test_a_dash_is_standard_output(edition: Edition, capfd: pytest.CaptureFixture[str]) -> None:
    journal = Journal(Targets("-"), 10, "edge-1", edition)
    journal.start()
    put(journal, "shown")
    journal.stop()
    lines = capfd.readouterr().out.splitlines()
    assert [json.loads(line)["record"] for line in lines] == ["begin", "fault", "end"]


def test_a_target_that_cannot_be_opened_is_told_at_start(tmp_path: Path, edition: Edition) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match="file"):
        Journal(Targets(str(tmp_path / "file" / "records.jsonl")), 1, "edge-1", edition).start()


def test_a_record_keeps_the_edition_it_was_put_under(tmp_path: Path, edition: Edition) -> None:
    later = Edition(edition.plan, edition.calendar, edition.book, edition.directory, "later")
    journal = Journal(Targets(str(tmp_path / "r")), 10, "edge-1", edition)
    journal.put(decided(edition, "follow-up"))
    journal.use_edition(later)
    journal.put(decided(edition, "follow-up"))
    journal.start()
    journal.stop()
    told = [record["revision"] for record in records(tmp_path / "r") if record["record"] == "decision"]
    assert told == [edition.revision, "later"]


def decided(edition: Edition, campaign: str) -> DecisionRecord:
    at = 1_795_428_000.0
    presented = [("From", "0162000001")]
    facts = gather(
        edition, TrunkFacts("vms"), "acme", campaign, "", "", "INVITE", presented, "0612345678", at, False
    )  # fmt: skip
    return DecisionRecord(campaign, at, facts, decide(facts, edition, NOTHING_KNOWN), b"c", 0.0)


def test_prospecting_and_whole_numbers_may_have_files_of_their_own(tmp_path: Path, edition: Edition) -> None:
    paths = [tmp_path / name for name in ("rest.jsonl", "prospecting.jsonl", "audit.jsonl")]
    journal = Journal(Targets(str(paths[0]), str(paths[1]), str(paths[2])), 10, "edge-1", edition)
    journal.start()
    for record in (decided(edition, "follow-up"), decided(edition, "nobody-knows"), Fault("f", b"c")):
        journal.put(record)
    journal.stop()
    kinds = [[record.get("id", record["record"]) for record in records(path)] for path in paths]
    assert kinds[0] == ["begin", "follow-up", "fault", "end"]
    assert kinds[1] == ["begin", "nobody-knows", "end"]
    assert kinds[2] == ["begin", "follow-up", "nobody-knows", "fault", "end"]
    assert (journal.written, journal.dropped) == (3, 0)
    assert paths[2].stat().st_mode & 0o777 == 0o600
    assert b"+33612345678" in paths[2].read_bytes()
    assert b"612345678" not in paths[0].read_bytes() + paths[1].read_bytes()
    assert [records(path)[-1]["prospecting"] for path in paths] == [0, 1, 1]


def test_the_shipped_configuration_keeps_each_as_long_as_it_must(
    tmp_path: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    targets = load_settings(CONFIG / "proxy.toml").records.targets
    journal = Journal(targets, 10, "edge-1", edition)
    journal.start()
    for record in (decided(edition, "follow-up"), decided(edition, "nobody-knows")):
        journal.put(record)
    journal.stop()
    left: list[set[str]] = []
    for days in (300, 400, 1000, 1100):
        held = set()
        for target in (targets.path, targets.prospecting):
            file = RecordFile(target, "edge-1", targets.keeping)
            file.open(time() + days * DAY)
            file.close(time() + days * DAY)
            held |= {str(one["id"]) for path in files_of(Path(target)) for one in records(path) if "id" in one}
        left.append(held)
    assert left == [{"follow-up", "nobody-knows"}, {"nobody-knows"}, {"nobody-knows"}, set()]


def test_a_journal_knows_how_many_verdicts_on_prospecting_it_holds(tmp_path: Path, edition: Edition) -> None:
    journal = Journal(Targets(str(tmp_path / "r")), 10, "edge-1", edition)
    journal.start()
    journal.put(decided(edition, "nobody-knows"))
    journal.put(decided(edition, "follow-up"))
    journal.stop()
    assert records(tmp_path / "r")[-1]["prospecting"] == 1


def until_written(journal: Journal, count: int) -> None:
    until(lambda: journal.written >= count)


def until_dropped(journal: Journal, count: int) -> None:
    until(lambda: journal.dropped >= count)
