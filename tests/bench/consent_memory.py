"""What a consent and a refusal cost on Redis: python -m tests.bench.consent_memory [persons]"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from proxy.runtime.store.redis_ledger import RedisLedger
from proxy.runtime.store.redis_place import Place
from tests.runtime.store.histories import NOON, consent, keys
from tests.runtime.store.redis_servers import RedisServer

TOGETHER = 10


async def fill(ledger: RedisLedger, kind: str, persons: int) -> None:
    """One for each person."""
    await ledger.open()
    for first in range(0, persons, TOGETHER):
        people = [f"+336{place:08}" for place in range(first, first + TOGETHER)]
        if kind == "refusal":
            await asyncio.gather(*[ledger.refuse("acme", person, NOON, "607", "4f1a09c2") for person in people])
        else:
            rows = [
                consent(f"form-{person[-6:]}", person=person, proof="https://proofs.example/7") for person in people
            ]
            await asyncio.gather(*[ledger.consent(row) for row in rows])
    await ledger.close()


def main() -> None:
    """Both, one after the other, on an empty server."""
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    for kind in ("refusal", "consent"):
        with tempfile.TemporaryDirectory() as folder:
            server = RedisServer(Path(folder), "--save", "").start()
            try:
                with server.client() as client:
                    before = client.info("memory")["used_memory"]
                    asyncio.run(fill(RedisLedger(Place((server.url,)), keys(), lambda: NOON, 10.0), kind, persons))
                    used = client.info("memory")["used_memory"] - before
                sys.stdout.write(f"{persons} persons, {used / persons:.1f} bytes each {kind}\n")
            finally:
                server.kill()


if __name__ == "__main__":
    main()
