"""What is particular to the file: other processes, a locked file, and the ledger's tables beside ours."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.store.directory_interface import DirectoryUnreachable
from proxy.runtime.store.directory_records import Version

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.store.directory_records import Version

async def main() -> None:
    store = EmbeddedDirectory(Path(sys.argv[1]))
    for number in range(1, 6):
        await store.append(Version(number, 0.0, "me", "a test", ()))
        print(number, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_what_was_confirmed_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    assert done.stdout.split() == ["1", "2", "3", "4", "5"]
    store = EmbeddedDirectory(path)
    assert asyncio.run(store.version()) == 5
    asyncio.run(store.close())


async def test_other_tables_of_the_file_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE ledger (person BLOB)")
        other.execute("INSERT INTO ledger VALUES (x'01')")
    other.close()
    store = EmbeddedDirectory(path)
    await store.append(Version(1, 0.0, "me", "a test", ()))
    await store.close()
    again = sqlite3.connect(path)
    assert again.execute("SELECT count(*) FROM ledger").fetchone() == (1,)
    again.close()


async def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(DirectoryUnreachable, match="not a database"):
        EmbeddedDirectory(path)


async def test_a_closed_store_is_told_as_such(tmp_path: Path) -> None:
    store = EmbeddedDirectory(tmp_path / "store.db")
    await store.close()
    with pytest.raises(DirectoryUnreachable, match="closed"):
        await store.version()
