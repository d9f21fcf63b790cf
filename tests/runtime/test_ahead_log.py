"""The ahead log: what was put stands there, whatever becomes of the process; what nobody needs goes."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.runtime.ahead_log import CROWDED, AheadLog
from tests.children import ROOT, WITH_TESTS
from tests.runtime.ahead import SIZE, found_in, opened, until

STREAM, CALL, OVER = 1, 2, 3


def fill(log: AheadLog, segments: int) -> None:
    """Entries of a stream over so many segments."""
    end = log.end_position + segments * SIZE
    while log.end_position < end:
        until(lambda: log.put(STREAM, b"f" * 500) >= 0)


def test_a_successor_finds_streams_in_order_and_what_was_kept(tmp_path: Path) -> None:
    log, said = opened(tmp_path)
    log.mark()
    log.put(STREAM, b"one")
    log.keep(CALL, b"k1", b"up")
    log.keep(CALL, b"k2", b"up")
    log.end(OVER, b"k1", b"record")
    log.keep(CALL, b"k2", b"changed")
    log.put(STREAM, b"")
    found = found_in(tmp_path)
    assert [(entry.kind, entry.key, entry.payload) for entry in found.entries] == [
        (STREAM, b"", b"one"), (OVER, b"k1", b"record"), (STREAM, b"", b""),
    ]  # fmt: skip
    assert found.of(STREAM) == [b"one", b""]
    assert found.kept_of(CALL) == {b"k2": b"changed"}
    assert (log.entries, log.kept, found.damaged, said) == (6, 1, 0, [])
    log.close()


def test_one_process_has_the_folder(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    with pytest.raises(BlockingIOError):
        opened(tmp_path)
    log.close()
    again, _ = opened(tmp_path)
    again.close()


def test_an_orderly_end_leaves_nothing_and_an_early_one_what_is_needed(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    mark = log.mark()
    log.put(STREAM, b"written elsewhere")
    mark.position = log.end_position
    log.close()
    assert found_in(tmp_path).files == []
    log, _ = opened(tmp_path)
    log.keep(CALL, b"k", b"up")
    log.close()
    log.close()
    assert found_in(tmp_path).kept_of(CALL) == {b"k": b"up"}


def test_what_is_left_stays_until_it_was_taken_over(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    log.keep(CALL, b"k", b"up")
    log.close()
    log, _ = opened(tmp_path)
    log.close()
    heir = AheadLog(tmp_path, print, SIZE)
    found = heir.open()
    assert found.kept_of(CALL) == {b"k": b"up"}
    heir.keep(CALL, b"k", b"taken over")
    assert found_in(tmp_path).kept_of(CALL) == {b"k": b"taken over"}
    heir.taken_over()
    assert not any(path.exists() for path in found.files)
    assert found_in(tmp_path).kept_of(CALL) == {b"k": b"taken over"}
    heir.close()


def test_segments_go_when_their_streams_are_done_with_them(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    slow, quick = log.mark(), log.mark()
    fill(log, 3)
    quick.position = log.end_position
    assert log.held_bytes >= 3 * SIZE
    slow.position = log.end_position
    until(lambda: log.held_bytes == SIZE)
    until(lambda: len(found_in(tmp_path).files) <= 2)  # the file goes a moment later
    log.close()


def test_a_full_segment_rests_and_the_one_that_is_written_does_not(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    log.keep(CALL, b"call", b"up")
    fill(log, 3)
    until(lambda: [segment.rested for segment in log._segments.values()] == [True] * (len(log._segments) - 1) + [False])
    assert len(log._segments) > 2
    log.end(OVER, b"call", b"")
    log.close()


def test_kept_entries_are_put_again_so_that_old_segments_can_go(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    kept = {b"call %d" % number: b"up %d" % number for number in range(100)}
    for key, payload in kept.items():
        log.keep(CALL, key, payload)
    first = found_in(tmp_path).files[0]
    fill(log, CROWDED)
    until(lambda: log.put(STREAM, b"x") >= 0 and not first.exists())
    until(lambda: log.put(STREAM, b"x") >= 0 and log.held_bytes <= (CROWDED + 1) * SIZE)
    assert found_in(tmp_path).kept_of(CALL) == kept
    for key in kept:
        log.end(OVER, key, b"")
    until(lambda: log.put(STREAM, b"x") >= 0 and log.held_bytes <= 2 * SIZE)
    assert found_in(tmp_path).kept == {}
    log.close()


@pytest.mark.source_only  # compiled, nothing is made on the way that garbage would be collected for
def test_what_is_kept_is_looked_through_while_calls_come(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    keys = [b"call %d" % number for number in range(10_000)]
    log.places.update(dict.fromkeys(keys, 0))

    def another(*_: object) -> None:
        log.places[b"call %d" % len(log.places)] = 0

    before = gc.get_threshold()
    gc.callbacks.append(another)
    gc.set_threshold(10)
    try:
        found = log.kept_before(1)
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(another)
    assert len(log.places) > len(keys)
    assert found[: len(keys)] == keys
    log.places.clear()
    log.close()


def test_much_that_is_kept_is_not_put_again_and_again(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    kept = 10 * SIZE // 500
    for number in range(kept):
        until(lambda number=number: log.keep(CALL, b"call %d" % number, b"u" * 480) >= 0)  # type: ignore[misc]  # a lambda
    for _ in range(8):
        log._free()  # as the thread does
        log.put(STREAM, b"x")
    assert log.entries == kept + 8
    for number in range(kept):
        log.end(OVER, b"call %d" % number, b"")
    log.close()


def test_a_full_disk_is_said_and_counted_and_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, said = opened(tmp_path)
    mark = log.mark()

    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    until(lambda: len(found_in(tmp_path).files) == 2)
    with monkeypatch.context() as disk:
        disk.setattr(os, "posix_fallocate", full)
        while log.put(STREAM, b"p" * 500) >= 0:
            pass
        assert log.keep(CALL, b"k", b"p" * 500) == -1
        assert log.end(OVER, b"k", b"p" * 500) == -1
        assert (log.unlogged, len(said)) == (3, 1)
        assert "no space left" in said[0]
        assert log.put(STREAM, b"p" * SIZE) == -1
    mark.position = log.end_position
    until(lambda: log.put(STREAM, b"again") >= 0)
    assert found_in(tmp_path).of(STREAM)[-1] == b"again"
    log.close()


def test_a_log_does_not_grow_without_end(tmp_path: Path) -> None:
    log, said = opened(tmp_path, SIZE, 3 * SIZE)
    log.mark()
    while log.put(STREAM, b"p" * 500) >= 0:
        pass
    assert 3 * SIZE <= log.held_bytes <= 4 * SIZE
    assert "as long as it may be" in said[-1]
    log.close()


@pytest.mark.parametrize("lines", [1, 700, 3000])
def test_a_killed_process_loses_nothing_that_it_had_put(tmp_path: Path, lines: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.ahead", str(tmp_path)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env=WITH_TESTS,
    ) as writer:  # fmt: skip
        assert writer.stdout is not None
        for _ in range(lines):
            last = int(writer.stdout.readline())
        writer.kill()
        last = int(([str(last), *writer.stdout.read().split("\n")[:-1]])[-1])
    log = AheadLog(tmp_path, print, SIZE)
    found = log.open()
    streamed = found.of(STREAM)
    assert streamed[:last] == [b"%d " % number * 40 for number in range(1, last + 1)]
    assert len(streamed) <= last + 1
    ended = [int(entry.key.split()[1]) for entry in found.entries if entry.kind == OVER]
    assert ended[: last - 49] == list(range(1, last - 48))
    assert {b"call %d" % number for number in range(max(last - 48, 1), last + 1)} - found.kept_of(CALL).keys() <= {
        b"call %d" % ended[-1] if ended else b""
    }
    log.close()
