"""What stands in the ahead log is brought into the file, as often as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.ahead_reading import Entry
from proxy.runtime.store.attempts import packed, unpacked
from proxy.runtime.store.embedded_schema import opened
from proxy.runtime.store.ledger_entries import (
    ATTEMPT,
    REFUSAL,
    RELEASE,
    apply,
    attempt_entry,
    refusal_entry,
    release_entry,
)

ONE, TWO = packed([(1, b"aaaa", b"ccc")]), packed([(2, b"bbbb", b"ccc")])
NAME = b"p" * 16
GONE = b"q" * 16
HEARD = ("acme", 5.0, "607", 'call "1"')


@pytest.mark.parametrize("times", [1, 2, 3])
def test_entries_say_the_same_however_often_they_are_applied(tmp_path: Path, times: int) -> None:
    connection = opened(tmp_path / "ledger.db", "0")
    payloads = [
        (ATTEMPT, attempt_entry(NAME, ONE, 7.0)),
        (ATTEMPT, attempt_entry(GONE, ONE, 7.0)),
        (ATTEMPT, attempt_entry(NAME, TWO, 8.0)),
        (RELEASE, release_entry(NAME, ONE + TWO, TWO)),
        (RELEASE, release_entry(GONE, ONE, b"")),
        (REFUSAL, refusal_entry(NAME, HEARD)),
    ]
    for _ in range(times):
        apply([Entry(0, kind, b"", payload) for kind, payload in payloads], connection)
    rows = connection.execute("SELECT * FROM ledger_attempts").fetchall()
    assert rows == [(NAME, TWO, 8.0)]
    assert connection.execute("SELECT * FROM ledger_refusals").fetchall() == [(NAME, *HEARD)]


def test_what_is_in_the_file_stays(tmp_path: Path) -> None:
    connection = opened(tmp_path / "ledger.db", "0")
    connection.execute("INSERT INTO ledger_attempts VALUES (?, ?, 9.0)", (NAME, TWO))
    apply([Entry(0, ATTEMPT, b"", attempt_entry(NAME, ONE, 7.0))], connection)
    row, until = connection.execute("SELECT row, until FROM ledger_attempts").fetchone()
    assert (unpacked([row]), until) == (unpacked([TWO, ONE]), 9.0)
    apply([Entry(0, RELEASE, b"", release_entry(GONE, ONE, b""))], connection)
    assert connection.execute("SELECT count(*) FROM ledger_attempts").fetchone() == (1,)
