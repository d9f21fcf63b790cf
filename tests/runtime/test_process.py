"""What `npv-proxy run` becomes: one process, a supervisor with workers, or one of them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stage import StageError, environment

from proxy.runtime import process
from proxy.runtime.clock import FixedClock, SystemClock
from tests.runtime.crew import crew_site, started, workers_of
from tests.runtime.ends import site_in


def test_alone_it_is_one_process(tmp_path: Path) -> None:
    site = site_in(tmp_path)
    with started(site) as proxy:
        assert workers_of(proxy.process.pid) == {}
        assert "workers" not in proxy.output()
        assert proxy.stop(signal.SIGINT) == 0


def test_a_worker_leaves_signals_to_its_supervisor(tmp_path: Path) -> None:
    site = crew_site(tmp_path)
    with started(site) as proxy:
        ids = workers_of(proxy.process.pid)
        assert sorted(ids) == [0, 1]
        for one in ids.values():
            for sent in process.OURS:
                os.kill(one, sent)
        assert proxy.get("/readyz") == (200, "ready\n")
        assert ", 2 workers" in proxy.output()
        assert proxy.stop(signal.SIGINT) == 0
        assert "npv_worker" not in proxy.output()
        assert "is replaced" not in proxy.output()


def test_a_wrong_file_is_told_once_for_all_workers(tmp_path: Path) -> None:
    site = crew_site(tmp_path)
    site.change("proxy.toml", "max_calls = 0", "max_calls = -1")
    with pytest.raises(StageError) as caught, started(site):
        pass
    assert str(caught.value).count("max_calls") == 1


def test_a_worker_is_not_started_by_hand(tmp_path: Path) -> None:
    site = crew_site(tmp_path)
    words = [sys.executable, "-m", "proxy", "worker", "--config", str(site.config)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 2
    assert "--place" in done.stderr


def test_the_clock_of_tests_stands_where_it_is_set() -> None:
    assert isinstance(process.clock_at(None), SystemClock)
    assert isinstance(process.clock_at(5.0), FixedClock)
    assert process.clock_at(5.0).epoch() >= 5.0


def test_a_large_piece_of_memory_is_not_taken_out_of_the_heap_after_a_larger_one_was_given_back() -> None:
    # the number of pieces that are mapped of their own: before, with one large piece, and with it after a larger one
    code = """
import ctypes, sys
from proxy.runtime.process import LARGE, steady_memory
class Told(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]
mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Told
if sys.argv[1] == "steady":
    steady_memory()
larger = bytearray(8 * LARGE)
del larger
before = mallinfo().hblks
piece = bytearray(4 * LARGE)
print(mallinfo().hblks - before)
"""
    if not hasattr(ctypes.CDLL(None), "mallinfo2"):
        pytest.skip("another C library")
    found = {
        how: subprocess.run([sys.executable, "-c", code, how], capture_output=True, text=True, check=True, env=environment()).stdout
        for how in ("as it is", "steady")
    }  # fmt: skip
    assert found == {"as it is": "0\n", "steady": "1\n"}
