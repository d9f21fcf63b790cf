"""What the file says of refusals: its log has no gaps, and a closed one is silent."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from proxy.runtime.store.embedded_refusals import EmbeddedRefusals
from proxy.runtime.store.embedded_schema import opened
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.refusals_source import Changed

ADD = "INSERT OR REPLACE INTO ledger_refusals VALUES (?, 'acme', 1.0, 'api', 'r')"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    opened(tmp_path / "store.db", "any").close()
    return tmp_path / "store.db"


async def test_a_log_that_was_cut_is_told(file: Path) -> None:
    source = EmbeddedRefusals(file)
    with sqlite3.connect(file) as other:
        other.executemany(ADD, [(b"%d" % number,) for number in range(10)])
    assert await source.position() == b"10"
    with sqlite3.connect(file) as other:
        other.executemany(ADD, [(b"%d" % number,) for number in range(120_000)])
        assert other.execute("SELECT count(*) FROM ledger_changes").fetchone()[0] <= 100_100
    other.close()
    assert await source.changed(b"10") is None
    newest = int(await source.position())
    assert await source.changed(b"%d" % (newest - 1)) == Changed(b"%d" % newest, [b"119999"])
    await source.close()


async def test_a_closed_file_is_silent(file: Path) -> None:
    source = EmbeddedRefusals(file)
    assert [page async for page in source.pages()] == []
    await source.close()
    with pytest.raises(LedgerSilent, match="closed"):
        await source.position()


async def test_a_file_that_cannot_be_read_is_silent(tmp_path: Path) -> None:
    (tmp_path / "store.db").mkdir()
    source = EmbeddedRefusals(tmp_path / "store.db")
    with pytest.raises(LedgerSilent, match="disk"):
        await source.position()
    await source.close()
