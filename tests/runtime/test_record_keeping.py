"""What was put into the ahead log and never written is found, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proxy.policy.edition import Edition
from proxy.runtime import journal as journal_module
from proxy.runtime import record_files
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_reading import Found, read_back
from proxy.runtime.ahead_segment import call_key
from proxy.runtime.call_keeping import NOTE
from proxy.runtime.journal import Journal, Targets
from proxy.runtime.record_archive import Keeping, files_of
from proxy.runtime.record_chain import faults
from proxy.runtime.record_files import RecordFile, write_all
from proxy.runtime.record_keeping import REST, WHOLE, RecordKeeping, left_over, newest_written
from tests.children import ROOT, WITH_TESTS
from tests.runtime.test_journal import put, texts

NEVER = 3600.0
KEPT = 1 << 20


def silent(text: str) -> None:
    """Nothing is wrong."""
    raise AssertionError(text)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer looks at its queue only when it is stopped."""
    monkeypatch.setattr(journal_module, "PAUSE", NEVER)


def opened(folder: Path) -> tuple[AheadLog, Found]:
    """The log of a process, and what it found."""
    log = AheadLog(folder / "ahead", silent, KEPT)
    return log, log.open()


def killed(log: AheadLog) -> None:
    """Let the process go as kill -9 does: the files stay as they are, the lock goes."""
    log.mark().position = 0
    log.keep(NOTE, b"somebody", b"x")
    log.close()


def begun(folder: Path, edition: Edition, name: str = "r.jsonl", audit: str = "") -> tuple[Journal, AheadLog]:
    """A journal of a new process in that folder."""
    log, left = opened(folder)
    journal = Journal(Targets(str(folder / name), audit=audit), 100, "edge-1", edition)
    journal.start(log, left)
    log.taken_over()
    return journal, log


def test_a_killed_process_loses_no_record_and_none_is_doubled(tmp_path: Path, edition: Edition) -> None:
    journal, log = begun(tmp_path, edition)
    put(journal, "one", "two")
    journal.stop()  # both stand in the file, and in the log
    left_behind = Journal(Targets(str(tmp_path / "other.jsonl")), 100, "edge-1", edition)
    left_behind.start(log)
    put(left_behind, "three")
    left_behind.stop()
    killed(log)
    journal, log = begun(tmp_path, edition)
    put(journal, "four")
    journal.stop()
    log.close()
    old, new = files_of(tmp_path / "r.jsonl")
    assert (texts(old), texts(new)) == (["one", "two"], ["three", "four"])
    assert faults(new.read_bytes().splitlines()) == []
    assert journal.written == 2


def test_what_was_found_stands_in_the_log_again_until_it_is_written(
    tmp_path: Path, edition: Edition, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead: list[Journal] = []
    for name in ("first", "second"):  # the second dies before it has written anything, too
        journal, log = begun(tmp_path, edition, name)  # a test's process does not die, and keeps its file locked
        if not dead:
            put(journal, "one")
        dead.append(journal)
        killed(log)
    monkeypatch.setattr(journal_module, "PAUSE", 0.001)
    journal, log = begun(tmp_path, edition)
    journal.stop()
    assert texts(tmp_path / "r.jsonl") == ["one"]
    log.close()
    for journal in dead:
        journal.stop()


def test_a_record_ends_what_was_noted_of_its_call(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    log.keep(NOTE, call_key(7), b"note")
    log.keep(NOTE, call_key(8), b"note")
    RecordKeeping(log).put(REST, b'{"record":"call"}', 7)
    found = read_back(tmp_path / "ahead")
    assert set(found.kept) == {call_key(8)}
    assert found.of(REST) == [b'{"record":"call"}']
    log.end(NOTE, call_key(8), b"")
    log.close()


def test_what_is_written_keeps_no_log(tmp_path: Path, edition: Edition) -> None:
    journal, log = begun(tmp_path, edition)
    put(journal, "one")
    journal.stop()
    log.close()
    assert [path.name for path in (tmp_path / "ahead").iterdir()] == ["lock"]


def test_each_file_gets_what_it_lacks(tmp_path: Path, edition: Edition, slow: None) -> None:
    audit = str(tmp_path / "whole.jsonl")
    journal, log = begun(tmp_path, edition, audit=audit)
    put(journal, "one")
    found = read_back(tmp_path / "ahead")
    assert len(found.of(REST)) == len(found.of(WHOLE)) == 1
    assert left_over(found, WHOLE, audit) == found.of(WHOLE)
    journal.stop()
    assert left_over(found, WHOLE, audit) == left_over(found, REST, str(tmp_path / "r.jsonl")) == []
    log.close()


def found_with(*lines: bytes) -> Found:
    """A log with these lines."""
    found = Found([])
    for place, line in enumerate(lines):
        found.take(place, REST, b"", line)
    return found


@pytest.mark.parametrize("done", range(7))
@pytest.mark.parametrize("closed", [False, True])
def test_what_stands_behind_the_newest_line_of_the_files_is_not_written(
    tmp_path: Path, done: int, closed: bool
) -> None:
    lines = [b'{"text":"%d"}' % number for number in range(6)]
    file = RecordFile(str(tmp_path / "r.jsonl"), "edge-1", Keeping())
    if done:
        file.open(1.0)
        file.add([b'{"text":"from before"}', *lines[:done], b'{"text":"the log had no room"}'], 0, 1.0)
        if closed:
            file.close(2.0)
            file.open(3.0)  # and nothing is in the next one yet
    for found in (found_with(*lines), found_with(*lines, *lines[2:])):
        assert left_over(found, REST, file.target) == lines[done:]


def test_nobody_looks_back_for_ever(tmp_path: Path) -> None:
    file = RecordFile(str(tmp_path / "r.jsonl"), "edge-1", Keeping())
    file.open(1.0)
    file.add([b'{"text":"0"}', *[b'{"text":"%s"}' % (b"no room" * 10)] * 50], 0, 1.0)
    places = {b'{"text":"0"}': 7}
    assert newest_written(files_of(tmp_path / "r.jsonl"), places) == 7
    assert newest_written(files_of(tmp_path / "r.jsonl"), places, look_back=1000) == -1


WRITER = """
import sys
import time
from pathlib import Path
from proxy.b2bua.outputs import Fault
from proxy.runtime import ahead_spare
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.edition_file import load_edition
from proxy.runtime.journal import Journal, Targets
from tests.runtime.conftest import CONFIG

ahead_spare.WAIT = 60.0
folder = Path(sys.argv[1])
edition = load_edition(CONFIG / "rules", CONFIG / "numbering.toml", CONFIG / "customers.toml")
log = AheadLog(folder / "log", print, 1 << 16)
left = log.open()
journal = Journal(Targets(str(folder / "r.jsonl")), 100_000, "edge-1", edition)
journal.start(log, left)
log.taken_over()
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    journal.put(Fault(str(number), b"c"))
    print(number, flush=True)
journal.stop()
log.close()
"""


def test_one_kill_after_another_costs_no_record_and_doubles_none(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    begun_at = 0
    for count in (3000, 5, 900):
        words = [*command, str(begun_at), "1000000"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=WITH_TESTS) as writer:
            assert writer.stdout is not None
            for _ in range(count):
                writer.stdout.readline()
            writer.kill()
            begun_at += count + len(writer.stdout.read().split("\n"))  # one more: it may have been put and not told
    subprocess.run([*command, "0", "0"], check=True, timeout=60, cwd=ROOT, env=WITH_TESTS)
    found = [int(text) for path in files_of(tmp_path / "r.jsonl") for text in texts(path)]
    assert found == sorted(set(found))
    assert begun_at - len(found) <= 3
    for path in files_of(tmp_path / "r.jsonl"):
        assert faults(path.read_bytes().split(b"\n")[:-1]) == []


def test_what_a_full_disk_refuses_is_written_when_it_has_room_again(
    tmp_path: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "PAUSE", 0.001)
    full, tried = True, 0

    def disk(descriptor: int, data: bytes) -> None:
        nonlocal tried
        tried += 1
        if full:
            os.write(descriptor, data[:10])
            raise OSError(28, "No space left on device")
        write_all(descriptor, data)

    monkeypatch.setattr(record_files, "write_all", disk)
    audit = str(tmp_path / "whole.jsonl")
    journal, log = begun(tmp_path, edition, audit=audit)
    put(journal, "one", "two")
    end = time.monotonic() + 60.0
    while tried < 6:
        assert time.monotonic() < end
        time.sleep(0.001)
    assert (journal.written, journal.dropped) == (0, 0)
    put(journal, "three")
    full = False
    journal.stop()
    log.close()
    for path in (tmp_path / "r.jsonl", Path(audit)):
        assert texts(path) == ["one", "two", "three"]
        assert faults(path.read_bytes().splitlines()) == []
    assert (journal.written, journal.dropped) == (3, 0)
    assert "No space left on device" in journal.failure


def test_a_disk_that_stays_full_leaves_the_records_to_the_next_process(
    tmp_path: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk(descriptor: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(record_files, "write_all", disk)
        journal, log = begun(tmp_path, edition)
        put(journal, "one")
        journal.stop()
        log.close()
    journal, log = begun(tmp_path, edition)
    journal.stop()
    log.close()
    assert texts(tmp_path / "r.jsonl") == ["one"]
