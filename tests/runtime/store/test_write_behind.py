"""On the way into the file: in batches, one after another, and nothing more once it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.store.write_behind import WriteBehind
from tests.runtime.ahead import found_in


class File:
    """A file whose writing thread does what the test says."""

    def __init__(self) -> None:
        self.posted: list[tuple[Any, Callable[[Exception | None], object]]] = []

    def post(self, work: Any, told: Callable[[Exception | None], object]) -> None:
        self.posted.append((work, told))


def behind(tmp_path: Path, refusals: list[int]) -> tuple[WriteBehind, File, AheadLog]:
    file, log = File(), AheadLog(tmp_path, print, 1 << 16)
    log.open()
    return WriteBehind(file, log, lambda: refusals.append(1)), file, log  # type: ignore[arg-type]  # as far as it is used


def put(written: WriteBehind, name: bytes) -> None:
    written.put(1, name)
    written.overlay.keep(name, b"", b"x" * 11, 1.0)


async def test_one_batch_is_written_at_a_time(tmp_path: Path) -> None:
    refusals: list[int] = []
    written, file, log = behind(tmp_path, refusals)
    assert written.age == 0
    put(written, b"one")
    put(written, b"two")
    written.flush()
    put(written, b"three")
    written.flush()
    assert [sorted(work.args[0]) for work, _ in file.posted] == [[b"one", b"two"]]
    file.posted[0][1](OSError("full"))
    await asyncio.sleep(0)
    assert (refusals, len(written.overlay)) == ([1], 3)
    written.flush()
    assert [sorted(work.args[0]) for work, _ in file.posted] == [[b"one", b"two"]] * 2
    file.posted[1][1](None)
    await asyncio.sleep(0)
    assert len(written.overlay) == 1
    assert written.age > 0
    written.flush()
    assert sorted(file.posted[2][0].args[0]) == [b"three"]
    file.posted[2][1](None)
    await asyncio.sleep(0)
    assert (len(written.overlay), written.age, await written.settle(1.0)) == (0, 0.0, 0)
    log.close()
    assert found_in(tmp_path).files == []


async def test_what_the_file_never_got_stays_in_the_log(tmp_path: Path) -> None:
    written, file, log = behind(tmp_path, [])
    put(written, b"one")
    assert await written.settle(0.02) == 1
    written.close()
    written.flush()
    assert len(file.posted) == 1
    log.close()
    assert len(found_in(tmp_path).files) == 1
