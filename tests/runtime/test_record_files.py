"""Files of records: begun and closed by a line of their own, one chain over all of them, deleted in time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from proxy.runtime import record_files
from proxy.runtime.record_archive import DAY, Keeping, files_of
from proxy.runtime.record_chain import NOTHING_BEFORE, faults, hash_of
from proxy.runtime.record_files import RecordFile, open_target, write_all

NOON = 1_795_348_800.0  # 2026-11-22T12:00:00Z
NAME = "records-20261122T120000.000000Z.jsonl"


def opened(path: Path, keeping: Keeping | None = None, now: float = NOON) -> RecordFile:
    file = RecordFile(str(path), "edge-1", keeping or Keeping())
    file.open(now)
    return file


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def kinds(path: Path) -> list[str]:
    return [str(json.loads(line)["record"]) for line in lines(path)]


def one(text: str = "x") -> list[bytes]:
    return [b'{"record":"fault","text":"%s"}' % text.encode()]


def read(line: bytes) -> Any:
    return json.loads(line)


def test_a_file_has_a_first_and_a_last_line(tmp_path: Path) -> None:
    file = opened(tmp_path / "records.jsonl")
    file.add([*one("a"), *one("b")], 1, NOON)
    file.close(NOON + 5)
    begin, _, _, end = lines(tmp_path / "records.jsonl")
    assert read(begin) == {
        "seq": 0, "prev": NOTHING_BEFORE, "record": "begin", "time": "2026-11-22T12:00:00.000Z", "node": "edge-1",
        "file": NAME, "previous": "",
    }  # fmt: skip
    assert (read(end)["reason"], read(end)["prospecting"], read(end)["seq"]) == ("stop", 1, 3)
    assert faults(lines(tmp_path / "records.jsonl")) == []


def test_a_file_without_records_is_whole_too(tmp_path: Path) -> None:
    opened(tmp_path / "records.jsonl").close(NOON)
    assert kinds(tmp_path / "records.jsonl") == ["begin", "end"]


def test_the_next_start_puts_the_file_aside_and_goes_on_from_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    opened(path).close(NOON)
    file = opened(path, now=NOON + 60)
    file.add(one(), 0, NOON + 60)
    begin = read(lines(path)[0])
    assert begin["previous"] == NAME
    assert begin["prev"] == hash_of(lines(tmp_path / NAME)[-1])


def test_a_file_cut_off_by_a_crash_goes_on_from_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    opened(tmp_path / "crashed").add(one(), 0, NOON)
    whole = lines(tmp_path / "crashed")
    path.write_bytes((tmp_path / "crashed").read_bytes() + b'{"seq":2,"prev":"0')
    opened(path).add(one(), 0, NOON)
    assert read(lines(path)[0])["prev"] == hash_of(whole[-1])


def test_a_file_is_closed_when_it_is_large_enough(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    file = opened(path, Keeping(rotate_bytes=1000))
    for second in range(20):
        file.add(one("y" * 100), 0, NOON + second)
    file.close(NOON + 30)
    files = files_of(path)
    assert len(files) > 2
    assert files[-1] == path
    before = NOTHING_BEFORE
    texts = 0
    for each in files:
        assert kinds(each)[0] == "begin"
        assert kinds(each)[-1] == "end"
        assert faults(lines(each)) == []
        assert read(lines(each)[0])["prev"] == before
        before = hash_of(lines(each)[-1])
        texts += kinds(each).count("fault")
        assert each == path or read(lines(each)[0])["file"] == each.name
    assert texts == 20


def test_a_file_is_closed_when_the_day_is_over(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    file = opened(path, Keeping(rotate_daily=True))
    file.add(one(), 0, NOON)
    file.add(one(), 0, NOON + 11 * 3600)
    assert files_of(path) == [path]
    file.add(one(), 0, NOON + 13 * 3600)
    assert [each.name for each in files_of(path)] == [NAME, "records.jsonl"]
    file.close(NOON)


def test_a_disk_that_refuses_to_rotate_keeps_the_file_and_is_asked_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "records.jsonl"
    file = opened(path, Keeping(rotate_bytes=1))
    file.add(one("a"), 0, NOON)
    refusing = True

    def opening(target: str, mode: int) -> int:
        if refusing:
            raise OSError(28, "No space left on device")
        return open_target(target, mode)

    monkeypatch.setattr(record_files, "open_target", opening)
    file.add(one("b"), 0, NOON + 1)
    refusing = False
    file.add(one("c"), 0, NOON + 2)
    assert kinds(path) == ["begin", "fault", "fault", "fault"]
    assert "cannot be begun: No space left on device" in capsys.readouterr().err
    file.add(one("d"), 0, NOON + 100)
    assert len(files_of(path)) == 2
    file.close(NOON)


@pytest.mark.parametrize("taken", [0, 10, 170, 330])
def test_what_the_disk_took_in_part_is_cut_off_and_told_as_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    path = tmp_path / "records.jsonl"
    file = opened(path)
    full = True

    def disk(descriptor: int, data: bytes) -> None:
        if full:
            os.write(descriptor, data[:taken])
            raise OSError(28, "No space left on device")
        write_all(descriptor, data)

    monkeypatch.setattr(record_files, "write_all", disk)
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            file.add([*one("a"), *one("b")], 0, NOON)
        file.lose(2, "No space left on device")  # who gives them up says so
    full = False
    file.add(one("c"), 0, NOON)
    file.close(NOON)
    assert kinds(path) == ["begin", "gap", "fault", "end"]
    gap = read(lines(path)[1])
    assert (gap["lost"], gap["reason"]) == (4, "No space left on device")
    assert faults(lines(path)) == []


def test_a_file_moved_away_is_closed_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    file = opened(path)
    file.add(one("a"), 0, NOON)
    path.rename(tmp_path / "elsewhere")
    file.reopen(NOON)
    file.add(one("b"), 0, NOON)
    file.close(NOON)
    assert kinds(tmp_path / "elsewhere") == ["begin", "fault", "end"]
    assert kinds(path) == ["begin", "fault", "end"]
    assert read(lines(path)[0])["prev"] == hash_of(lines(tmp_path / "elsewhere")[-1])


def test_a_file_that_was_not_moved_goes_on(tmp_path: Path) -> None:
    file = opened(tmp_path / "records.jsonl")
    file.reopen(NOON)
    file.close(NOON)
    assert kinds(tmp_path / "records.jsonl") == ["begin", "end"]


def test_two_processes_do_not_share_a_file(tmp_path: Path) -> None:
    held = open_target(str(tmp_path / "records.jsonl"))
    with pytest.raises(OSError, match="unavailable"):
        opened(tmp_path / "records.jsonl")
    os.close(held)


@pytest.mark.parametrize(
    ("prospecting", "days", "kept"), [(0, 9, True), (0, 11, False), (1, 11, True), (1, 29, True), (1, 31, False)]
)
def test_a_closed_file_is_deleted_when_all_of_it_has_been_kept_long_enough(
    tmp_path: Path, prospecting: int, days: int, kept: bool
) -> None:
    path = tmp_path / "records.jsonl"
    file = opened(path)
    file.add(one(), prospecting, NOON)
    file.close(NOON)
    os.utime(path, (NOON, NOON))
    opened(path, Keeping(keep_days=10, keep_prospecting_days=30), NOON + days * DAY)
    assert (tmp_path / NAME).exists() is kept


@pytest.mark.parametrize(
    ("purpose", "days", "kept"),
    [
        ("service", 9, True),
        ("service", 11, False),
        ("prospecting_consumer", 20, True),
        ("prospecting_consumer", 31, False),
    ],
)
def test_a_file_without_its_last_line_is_kept_by_what_is_in_it(
    tmp_path: Path, purpose: str, days: int, kept: bool
) -> None:
    (tmp_path / NAME).write_bytes(b'{"seq":0,"record":"decision","purpose":"%s"}\n{"se' % purpose.encode())
    os.utime(tmp_path / NAME, (NOON, NOON))
    keeping = Keeping(keep_days=10, keep_prospecting_days=30)
    opened(tmp_path / "records.jsonl", keeping, NOON + days * DAY)
    assert (tmp_path / NAME).exists() == kept


def test_nothing_is_deleted_where_nothing_is_to_be(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b'{"seq":0}\n')
    os.utime(tmp_path / NAME, (NOON, NOON))
    opened(tmp_path / "records.jsonl", Keeping(), NOON + 9999 * DAY)
    assert (tmp_path / NAME).exists()


def test_pieces_are_put_together() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    write_all(writing, b"abc" * 10)
    assert os.read(reading, 100) == b"abc" * 10
    os.close(reading)
    os.close(writing)
