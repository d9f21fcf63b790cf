"""What is read of /proc."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from stage import HOST, free_port

from tests.bench import processes
from tests.bench.processes import Cores, Spent, TooFewCores, before_others, share_out


def test_one_core_is_measured_and_the_others_load_it() -> None:
    assert share_out({3, 1, 2}) == Cores(1, (2, 3))


@pytest.mark.parametrize("allowed", [set(), {0}])
def test_one_core_is_too_few(allowed: set[int]) -> None:
    with pytest.raises(TooFewCores, match="two cores are needed"):
        share_out(allowed)


def test_who_goes_before_others_takes_the_session_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "nice", asked.append)
    group = tmp_path / "autogroup"
    before_others(-10, group)
    group.write_text("/autogroup-7 nice 0\n", encoding="ascii")
    before_others(5, group)
    assert group.read_text(encoding="ascii").endswith("nice 0\n")
    before_others(-10, group)
    assert group.read_text(encoding="ascii") == "-10"
    assert asked == [-10, 5, -10]


def test_time_spent_is_the_difference() -> None:
    assert Spent(3.0, 2.0).since(Spent(1.0, 0.5)) == Spent(2.0, 1.5)
    assert Spent(2.0, 1.5).total == 3.5


def test_work_is_seen_as_processor_time() -> None:
    before = processes.spent([os.getpid()])
    while processes.spent([os.getpid()]).since(before).total < 3 / processes.TICKS:
        sum(range(10_000))
    assert processes.spent([]) == Spent(0.0, 0.0)


def test_children_belong_to_the_family() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        family = processes.family(child.pid)
        assert family[0] == child.pid
        assert len(family) == 2
        assert set(family) < set(processes.family(os.getpid()))
        assert processes.memory(family) > processes.memory(family[:1]) > 100_000
        child.communicate(b"\n")
    assert processes.memory(family) == 0


def test_a_busy_core_is_told_from_an_idle_one() -> None:
    stat = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 100 10 20 5000 7 1 2 3 0 0\ncpu10 1 1 1 1 1 1 1 1 0 0\n"
    assert processes.busy(stat, 0) == 136 / processes.TICKS
    assert processes.busy(stat, 1) == 0.0


def test_sockets_and_what_they_dropped() -> None:
    table = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
        " 17: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 42\n"
        " 18: 0100007F:13C5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0\n"
    )
    assert processes.sockets(table, 5060) == [42]
    assert processes.sockets(table, 5080) == []


def test_a_socket_of_this_machine_is_found() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        port = free_port()  # the table shows those of every address
        bound.bind((HOST, port))
        assert processes.udp_sockets(port) == [0]
