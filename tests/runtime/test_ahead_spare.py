"""The segment made beforehand: one at a time, and a disk that refuses is asked again later."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from proxy.runtime import ahead_spare
from proxy.runtime.ahead_spare import Spare
from tests.runtime.ahead import SIZE, Said


def test_the_segment_is_there_before_it_is_wanted_and_is_made_when_it_is_not(tmp_path: Path) -> None:
    said = Said()
    spare = Spare(tmp_path, SIZE, said.append)
    zeroth = spare.first(5)
    spare.prepare(True)
    spare.prepare(True)
    first, second = spare.take(True), spare.take(True)
    assert first is not None
    assert second is not None
    assert (zeroth.number, first.number, second.number, said) == (5, 6, 7, [])
    spare.prepare(True)
    spare.drop()
    spare.drop()
    assert sorted(path.name for path in tmp_path.iterdir()) == [zeroth.path.name, first.path.name, second.path.name]
    zeroth.remove()
    first.remove()
    second.remove()


def test_a_refusal_is_said_once_and_tried_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said()
    spare = Spare(tmp_path, SIZE, said.append)
    tries = 0

    def full(*_: int) -> None:
        nonlocal tries
        tries += 1
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(os, "posix_fallocate", full)
        spare.prepare(True)
        spare.prepare(True)
        assert spare.take(True) is None
        assert (tries, len(said)) == (1, 1)
        disk.setattr(ahead_spare, "RETRY", 0.0)
        spare.prepare(True)
        assert (tries, len(said)) == (2, 1)
    monkeypatch.setattr(ahead_spare, "RETRY", 0.0)
    spare.prepare(False)
    assert "as long as it may be" in said[1]
    spare.prepare(True)
    taken = spare.take(True)
    assert taken is not None
    assert spare.trouble == ""
    taken.remove()


def test_a_writer_does_not_wait_for_a_segment_that_is_slow_in_the_making(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead_spare, "WAIT", 0.0)
    spare = Spare(tmp_path, SIZE, print)
    seen = []

    def slow(*_: int) -> None:
        seen.append(spare.take(True))

    monkeypatch.setattr(os, "posix_fallocate", slow)
    monkeypatch.setattr("mmap.mmap", lambda *_: bytearray(SIZE))
    spare.prepare(True)
    assert seen == [None]
    assert spare.take(True) is not None
