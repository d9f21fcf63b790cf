"""What a person with four attempts costs in the store: python -m tests.bench.ledger_memory [persons] [redis|embedded]"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import uvloop

from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.interface import Ledger
from proxy.runtime.store.redis_ledger import RedisLedger
from proxy.runtime.store.redis_place import Place
from tests.runtime.store.histories import HOUR, NOON, inquiry, keys
from tests.runtime.store.redis_servers import RedisServer

TOGETHER = 500


async def fill(ledger: Ledger, persons: int) -> None:
    """Four attempts for each."""
    await ledger.open()
    for first in range(0, persons, TOGETHER):
        for turn in range(4):
            asked = [
                inquiry(f"{first}-{place}-{turn}", NOON + turn * HOUR, f"+336{first + place:08}")
                for place in range(min(TOGETHER, persons - first))
            ]
            states = await ledger.ask(asked)
            assert all(state.reserved for state in states)
    await ledger.close()


def on_redis(folder: Path, persons: int) -> None:
    """Memory as the server counts it, before and after."""
    server = RedisServer(folder, "--save", "").start()
    try:
        with server.client() as client:
            before = client.info("memory")["used_memory"]
            uvloop.run(fill(RedisLedger(Place((server.url,)), keys(), lambda: NOON, 10.0), persons))
            used = client.info("memory")["used_memory"] - before
            some = client.memory_usage(client.randomkey())
        sys.stdout.write(f"redis: {persons} persons, {used / persons:.1f} bytes each, one key {some} bytes\n")
    finally:
        server.kill()


def in_file(folder: Path, persons: int) -> None:
    """Size of the file."""
    path = folder / "ledger.db"
    asyncio.run(fill(EmbeddedLedger(path, keys(), lambda: NOON, 10.0), persons))
    sys.stdout.write(f"embedded: {persons} persons, {path.stat().st_size / persons:.1f} bytes each\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
        (in_file if "embedded" in sys.argv else on_redis)(Path(made), wanted)
