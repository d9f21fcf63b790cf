"""One file of the ahead log: its bytes are there before it is used, and an entry knows its place."""

from __future__ import annotations

import errno
import mmap
import os
import random
from pathlib import Path
from types import ModuleType
from zlib import crc32

import pytest

from proxy.runtime.ahead_segment import COMPILED, FIRST, HEAD, MAGIC, NAME, Segment, entered, framed, way_in
from tests.runtime.ahead import SIZE
from tests.runtime.native import built_module


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return built_module("ahead", COMPILED, tmp_path_factory.mktemp("native"))


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


def test_c_puts_the_same_bytes(native: ModuleType) -> None:
    dice = random.Random(7)
    with mmap.mmap(-1, SIZE) as ours, mmap.mmap(-1, SIZE) as theirs:
        at = FIRST
        while at >= 0:
            key, payload = dice.randbytes(dice.choice((0, 12, 255))), dice.randbytes(dice.randrange(900))
            position, kind = dice.randrange(1 << 62), dice.randrange(1, 256)
            end = entered(ours, at, position, kind, key, payload)
            assert native.put(theirs, at, position, kind, key, payload) == end
            at = end
        assert ours[:] == theirs[:]
        assert ours[FIRST:].strip(b"\0")


def test_an_entry_fills_a_segment_to_its_last_byte_and_no_further(native: ModuleType) -> None:
    for put in (entered, native.put):
        with mmap.mmap(-1, mmap.PAGESIZE) as pages:
            at = len(pages) - len(framed(0, 1, b"k", b"payload"))
            assert put(pages, at, 0, 1, b"k", b"payload") == len(pages)
            assert put(pages, at + 1, 0, 1, b"k", b"payload") == -1
            assert put(pages, len(pages), 0, 1, b"", b"") == -1


def test_c_reckons_the_same_crc_with_and_without_the_means_of_the_processor(native: ModuleType) -> None:
    dice = random.Random(8)
    for size in (*range(70), 255, 4096, 70_001):
        data, begun = dice.randbytes(size), dice.randrange(1 << 32)
        assert native.checksum(data, begun, False) == native.checksum(data, begun, True) == crc32(data, begun)


def test_c_refuses_what_is_no_entry(native: ModuleType) -> None:
    with mmap.mmap(-1, SIZE) as pages:
        for wrong in [(pages, -1, 0, 1, b"", b""), (pages, 0, 0, 256, b"", b""), (pages, 0, 0, 1, b"k" * 256, b"")]:
            with pytest.raises(ValueError, match="no such"):
                native.put(*wrong)
        for odd in [
            (pages, 0, 0, 1, "k", b""),
            (pages, 0, 0, 1, b""),
            (b"", 0, 0, 1, b"", b""),
            (pages, "", 0, 1, b"", b""),
        ]:
            with pytest.raises((TypeError, BufferError)):
                native.put(*odd)
        for strange in [(b"",), ("", 0, True), (b"", "", True)]:
            with pytest.raises(TypeError):
                native.checksum(*strange)
        assert not pages[:].strip(b"\0")


def test_the_log_puts_by_c_where_it_can() -> None:
    assert (way_in() is entered) is not COMPILED
