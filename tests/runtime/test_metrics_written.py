"""What a scrape says of records and of the ahead log."""

from __future__ import annotations

from pathlib import Path

from proxy.runtime.metrics_written import WRITTEN_ROWS, written_samples
from tests.runtime.ahead import SIZE, opened
from tests.runtime.observed import FakeCalls, FakeJournal


def test_every_row_has_its_value(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    log.put(1, b"one")
    log.keep(2, b"call", b"up")
    taken = written_samples(FakeJournal(), log, FakeCalls())
    assert list(taken) == [name for name, _, _, _ in WRITTEN_ROWS]
    assert taken["npv_calls_taken_up_total"] == {("going on",): 5, ("ended early",): 1}
    plain = [name for name in taken if () in taken[name]]
    assert [taken[name][()] for name in plain] == [11, 2, 2, 0, 0, SIZE, 4, 1]
    log.end(1, b"call", b"")
    log.close()
