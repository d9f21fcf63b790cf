"""One file of the ahead log: its bytes are there before it is used, and an entry knows its place."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from proxy.runtime.ahead_segment import FIRST, HEAD, MAGIC, NAME, Segment, framed
from tests.runtime.ahead import SIZE


def test_a_segment_is_a_private_file_of_its_full_size(tmp_path: Path) -> None:
    segment = Segment(tmp_path, 7, SIZE)
    segment.touch()
    assert NAME.fullmatch(segment.path.name)
    assert (segment.path.stat().st_size, segment.path.stat().st_mode & 0o777) == (SIZE, 0o600)
    assert HEAD.unpack_from(segment.path.read_bytes()) == (MAGIC, 7, SIZE)
    segment.close()
    assert segment.path.exists()


def test_what_was_put_is_read_by_its_offset(tmp_path: Path) -> None:
    segment = Segment(tmp_path, 1, SIZE)
    data = framed(SIZE + FIRST, 3, b"key", b"payload")
    segment.bytes[FIRST : FIRST + len(data)] = data
    assert segment.entry(FIRST) == (3, b"key", b"payload")
    segment.remove()
    assert not segment.path.exists()


def test_a_segment_that_rests_takes_no_memory_and_says_the_same(tmp_path: Path) -> None:
    segment = Segment(tmp_path, 1, 8 << 20)
    segment.touch()
    data = framed(SIZE + FIRST, 3, b"key", b"payload")
    segment.bytes[FIRST : FIRST + len(data)] = data
    assert resident(segment.path) == 8 << 20
    segment.rest()
    assert resident(segment.path) == 0
    assert segment.entry(FIRST) == (3, b"key", b"payload")
    segment.remove()


def resident(path: Path) -> int:
    """Bytes of the file that this process has in memory."""
    rows = Path("/proc/self/smaps").read_text(encoding="utf-8").partition(str(path))[2].splitlines()
    return next(int(row.split()[1]) * 1024 for row in rows if row.startswith("Rss:"))


def test_an_entry_is_another_in_another_place_under_another_kind_or_key() -> None:
    same = {framed(0, 1, b"k", b"p"), framed(1, 1, b"k", b"p"), framed(0, 2, b"k", b"p"), framed(0, 1, b"kp", b"")}
    assert len({data[4:8] for data in same}) == 4


def test_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="space"):
        Segment(tmp_path, 1, SIZE)
    assert list(tmp_path.iterdir()) == []
