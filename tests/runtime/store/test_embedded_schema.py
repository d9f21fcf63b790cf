"""How the file is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.store.embedded_schema import forget_ended, opened
from proxy.runtime.store.person_keys import KeysDiffer


def test_the_file_is_made_for_its_owner_only_and_in_wal(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.db"
    connection = opened(path, "ab")
    assert path.stat().st_mode & 0o077 == 0
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    connection.close()


def test_a_file_of_other_keys_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "ledger.db", "ab").close()
    opened(tmp_path / "ledger.db", "ab").close()
    with pytest.raises(KeysDiffer, match=r"other keys \(ab\) than the key file holds \(cd\)"):
        opened(tmp_path / "ledger.db", "cd")


def test_cleaning_takes_a_bounded_bite(tmp_path: Path) -> None:
    connection = opened(tmp_path / "ledger.db", "ab")
    connection.executemany(
        "INSERT INTO ledger_attempts VALUES (?, x'00', ?)", [(bytes([number]), number) for number in range(120)]
    )
    assert [forget_ended(connection, 99.0) for _ in range(4)] == [50, 50, 0, 0]
    assert connection.execute("SELECT count(*) FROM ledger_attempts").fetchone() == (20,)
    connection.close()
