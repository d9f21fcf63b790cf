"""Names of closed files, their ends, and what does not belong to a target."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from proxy.runtime.record_archive import MOSTLY, archived, archived_name, ends_of, files_of, free_name, put_aside
from proxy.runtime.record_chain import NOTHING_BEFORE, hash_of

NOON = 1_795_348_800.0  # 2026-11-22T12:00:00Z
NAME = "records-20261122T120000.000000Z.jsonl"


def test_only_files_of_the_target_are_its_own(tmp_path: Path) -> None:
    for name in (NAME, "records-old.jsonl", "records-prospecting.jsonl", "records.jsonl.1", "other.jsonl"):
        (tmp_path / name).write_text("{}\n", encoding="utf-8")
    assert archived(tmp_path / "records.jsonl") == [tmp_path / NAME]


def test_a_foreign_file_in_the_place_is_put_aside_by_its_age(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"not ours\n")
    os.utime(path, (NOON, NOON))
    assert put_aside(path) == (NAME, hash_of(b"not ours"))
    assert put_aside(path) == ("", NOTHING_BEFORE)


def test_a_name_that_is_taken_gets_a_count(tmp_path: Path) -> None:
    assert archived_name(tmp_path / "records.jsonl", NOON) == NAME
    (tmp_path / NAME).touch()
    second = free_name(tmp_path / NAME)
    assert second.name == "records-20261122T120000.000000Z-2.jsonl"
    second.touch()
    assert archived(tmp_path / "records.jsonl") == [tmp_path / NAME, second]


def test_the_ends_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(b"one\ntwo\nthree")
    assert ends_of(tmp_path / "r") == (b"one", b"two")


@pytest.mark.parametrize("length", [1, 100, MOSTLY - 1, MOSTLY, 5 * MOSTLY])
@pytest.mark.parametrize("rest", [0, 1, MOSTLY + 1])
def test_the_last_whole_line_is_found_however_long_it_is(tmp_path: Path, length: int, rest: int) -> None:
    (tmp_path / "r").write_bytes(b"one\n" + b"two" * MOSTLY + b"\n" + b"l" * length + b"\n" + b"r" * rest)
    assert ends_of(tmp_path / "r") == (b"one", b"l" * length)
    (tmp_path / "r").write_bytes(b"l" * length + b"\n" + b"r" * rest)
    assert ends_of(tmp_path / "r") == (b"l" * length, b"l" * length)


def test_the_ends_of_a_large_file_take_little_memory(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(b"a line of some length\n" * 400_000)
    tracemalloc.start()
    try:
        assert ends_of(tmp_path / "r") == (b"a line of some length", b"a line of some length")
        assert tracemalloc.get_traced_memory()[1] < 16 * MOSTLY
    finally:
        tracemalloc.stop()


def test_the_file_that_is_being_written_comes_last(tmp_path: Path) -> None:
    assert files_of(tmp_path / "records.jsonl") == []
    for name in ("records.jsonl", NAME):
        (tmp_path / name).touch()
    assert files_of(tmp_path / "records.jsonl") == [tmp_path / NAME, tmp_path / "records.jsonl"]
