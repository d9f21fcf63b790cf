"""The file survives a kill at any moment, is shared with other processes, and forgets what has ended."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.runtime.store import writer
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.interface import LedgerSilent
from tests.children import ROOT, WITH_TESTS
from tests.runtime.store.histories import DAY, NOON, PERSON, consent, inquiry, keys

WORKER = """
import asyncio, sys
from pathlib import Path
from proxy.runtime.store.embedded import EmbeddedLedger
from tests.runtime.store.histories import NOON, inquiry, keys

async def main() -> None:
    ledger = EmbeddedLedger(Path(sys.argv[1]), keys(), lambda: NOON, 5.0)
    await ledger.open()
    for number in range(100_000):
        states = await ledger.ask([inquiry(f"{number}-{one}", person=f"+3314{number:05}{one}") for one in range(3)])
        assert all(state.reserved for state in states)
        print(number, flush=True)

asyncio.run(main())
"""


async def opened(path: Path, now: float = NOON, wait: float = 5.0) -> EmbeddedLedger:
    ledger = EmbeddedLedger(path, keys(), lambda: now, wait)
    await ledger.open()
    return ledger


def killed_after(confirmations: int, path: Path) -> list[int]:
    """The numbers that a process had confirmed when it was killed in the middle of its work."""
    command = [sys.executable, "-c", WORKER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=WITH_TESTS) as worker:
        assert worker.stdout is not None
        confirmed = [int(worker.stdout.readline()) for _ in range(confirmations)]
        worker.kill()
        return confirmed + [int(line) for line in worker.stdout.read().split("\n")[:-1]]


@pytest.mark.parametrize("confirmations", [50, 333])
async def test_what_was_confirmed_survives_a_kill(confirmations: int, tmp_path: Path) -> None:
    confirmed = await asyncio.to_thread(killed_after, confirmations, tmp_path / "ledger.db")
    assert len(confirmed) >= confirmations
    ledger = await opened(tmp_path / "ledger.db")
    for number in confirmed:
        asked = [inquiry("look", person=f"+3314{number:05}{one}", reserve=False) for one in range(3)]
        assert [state.attempts for state in await ledger.ask(asked)] == [1, 1, 1]
    await ledger.close()


async def test_a_command_writes_beside_the_proxy(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "ledger.db")
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom proxy.runtime.store.embedded import EmbeddedLedger\n"
        "from tests.runtime.store.histories import NOON, PERSON, keys\n"
        "async def main():\n    ledger = EmbeddedLedger(Path(sys.argv[1]), keys(), lambda: NOON, 5.0)\n"
        "    await ledger.open()\n    await ledger.refuse('acme', PERSON, NOON, 'command', 'ticket 5')\n"
        "    await ledger.close()\nasyncio.run(main())\n"
    )
    await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", script, str(tmp_path / "ledger.db")],
        cwd=ROOT,
        env=WITH_TESTS,
        check=True,
        timeout=60,
    )
    state = (await ledger.ask([inquiry("a", refusal_since=0.0)]))[0]
    assert (state.refusal_at, state.reserved) == (NOON, False)
    await ledger.close()


async def test_a_file_that_somebody_holds_is_waited_for_no_longer_than_said(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "ledger.db", wait=1.0)
    holder = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerSilent) as caught:
        await ledger.ask([inquiry("a")])
    assert caught.value.reason == "late"
    with pytest.raises(LedgerSilent):
        await ledger.ask([inquiry("b")])
    holder.execute("ROLLBACK")
    holder.close()
    await becomes(tmp_path / "ledger.db", (1, 0, 0))  # the first was begun before its asker gave up
    states = await ledger.ask([inquiry("c", reserve=False)])
    assert [state.attempts for state in states] == [1]  # the second was not
    await ledger.close()


async def test_what_has_ended_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "CARRY_OVER", 0.01)
    ledger = await opened(tmp_path / "ledger.db")
    await ledger.ask([inquiry("a"), inquiry("b", person="+33140000099")])
    await ledger.consent(consent("c"))
    await ledger.refuse("acme", PERSON, NOON, "api", "r")
    await ledger.close()
    later = await opened(tmp_path / "ledger.db", NOON + 31 * DAY)
    await later.ask([inquiry("x", NOON + 31 * DAY, person="+33140000050")])
    await becomes(tmp_path / "ledger.db", (1, 1, 1))
    assert len(await later.consents("acme")) == 1
    await later.close()
    much_later = await opened(tmp_path / "ledger.db", NOON + 3 * 366 * DAY)
    await becomes(tmp_path / "ledger.db", (0, 1, 0))
    await much_later.close()


async def becomes(path: Path, rows: tuple[int, ...]) -> None:
    """Wait until the file has so many rows."""
    for _ in range(3000):
        if counts(path) == rows:
            return
        await asyncio.sleep(0.02)
    assert counts(path) == rows


def counts(path: Path) -> tuple[int, ...]:
    """Rows of attempts, refusals and consents."""
    connection = sqlite3.connect(path)
    found = tuple(
        connection.execute(f"SELECT count(*) FROM ledger_{table}").fetchone()[0]  # noqa: S608 - names of this test
        for table in ("attempts", "refusals", "consents")
    )
    connection.close()
    return found


async def test_a_closed_ledger_is_silent(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "ledger.db")
    await ledger.close()
    with pytest.raises(LedgerSilent, match="closed"):
        await ledger.ask([inquiry("a")])


async def test_a_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"a letter, and no database at all " * 100)
    with pytest.raises(LedgerSilent, match="not a database"):
        await opened(tmp_path / "ledger.db")
