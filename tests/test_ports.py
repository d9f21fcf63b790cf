"""Ports are chosen so that nobody else takes them before they are bound."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ports
import pytest
from ports import BLOCK, FIRST, LAST, Ports, blocks, free_port, is_free

ANYWHERE = [
    (family, kind, host)
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1"))
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
]


@pytest.fixture
def mine() -> Iterator[Ports]:
    """A block that no other test takes from."""
    given = Ports()
    yield given
    given.close()


@pytest.fixture
def own_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In place of the kernel's file."""
    path = tmp_path / "ip_local_port_range"
    monkeypatch.setattr(ports, "_EPHEMERAL", path)
    return path


def test_a_port_is_given_once(mine: Ports) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        given = list(pool.map(lambda _: mine.take(), range(200)))
    assert len(set(given)) == 200


def test_the_kernel_gives_no_such_port_by_itself(mine: Ports) -> None:
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split())
    if low <= FIRST and high >= LAST:
        pytest.skip("the kernel of this machine takes ports from everywhere")
    assert not low <= mine.take() <= high
    assert not low <= free_port() <= high


@pytest.mark.parametrize(("family", "kind", "host"), ANYWHERE)
def test_what_somebody_holds_is_not_given(mine: Ports, family: int, kind: int, host: str) -> None:
    port = mine.take()
    with socket.socket(family, kind) as held:
        try:
            held.bind((host, port))
        except OSError:
            pytest.skip("no IPv6 here")
        assert not is_free(port)
        mine._next = port - mine.first
        assert mine.take() == mine.first + (port + 1 - mine.first) % BLOCK
    assert is_free(port)


def test_neighbours_are_all_free_and_given_to_nobody_else(mine: Ports) -> None:
    mine._next = 0
    first = mine.take()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as between:
        between.bind(("127.0.0.1", first + 3))
        assert mine.take(run=4) == first + 4
    assert mine.take() == first + 8


def test_a_run_does_not_leave_the_block(mine: Ports) -> None:
    mine._next = BLOCK - 3
    assert mine.take(run=4) == mine.first


def test_what_cannot_be_is_said(mine: Ports) -> None:
    with pytest.raises(OSError, match=f"no {BLOCK + 1} free ports from {mine.first} to"):
        mine.take(run=BLOCK + 1)


def test_another_process_takes_from_another_block(mine: Ports) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import ports; print(ports._OURS.first)"],
        capture_output=True, text=True, check=True, cwd=Path(ports.__file__).parent, timeout=60,
        env={"PYTHONPATH": str(Path(ports.__file__).parent)},
    )  # fmt: skip
    assert int(told.stdout) not in {mine.first, ports._OURS.first}


def test_where_no_block_is_left_one_is_shared(mine: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "blocks", lambda: [mine.first])
    held = mine._name
    another = Ports()
    assert another.first == mine.first
    assert another._name == -1  # it holds no block, and so has no file
    another.close()
    mine.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(held)
    alone = Ports()
    assert alone.first == mine.first
    alone.close()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("32768\t60999\n", list(range(FIRST, LAST, BLOCK))),
        ("20700\t60999\n", list(range(FIRST, 20_500, BLOCK))),
        ("1024\t17999\n", list(range(18_000, LAST, BLOCK))),
        ("1024\t65535\n", list(range(FIRST, LAST, BLOCK))),
    ],
)
def test_blocks_keep_away_from_the_kernel(own_range: Path, told: str, expected: list[int]) -> None:
    own_range.write_text(told, encoding="ascii")
    assert blocks() == expected


def test_an_unknown_range_is_taken_for_the_usual(own_range: Path) -> None:
    assert not own_range.exists()
    assert blocks() == list(range(FIRST, LAST, BLOCK))
