"""Which ledger the settings make, and a rotation that a running ledger takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.ledger_choice import chosen_ledger, take_keys
from proxy.runtime.store.person_keys import KeysDiffer, new_keys, rotate, write_keys
from proxy.runtime.store.redis_ledger import RedisLedger
from proxy.runtime.store.redis_place import Place
from tests.runtime.store.histories import DAY, NOON, inquiry


async def test_a_file_or_redis(tmp_path: Path) -> None:
    file = chosen_ledger(tmp_path / "l.db", None, tmp_path / "keys", 0.5, lambda: NOON)
    place = Place(("redis://127.0.0.1:1/0",))
    redis = chosen_ledger(tmp_path / "l.db", place, tmp_path / "keys", 0.5, lambda: NOON)
    assert isinstance(file, EmbeddedLedger)
    assert isinstance(redis, RedisLedger)
    assert file.keys.fingerprint == redis.keys.fingerprint
    await redis.close()


async def test_a_rotation_is_taken_over_while_the_ledger_runs(tmp_path: Path) -> None:
    now = NOON
    ledger = chosen_ledger(tmp_path / "l.db", None, tmp_path / "keys", 5.0, lambda: now)
    await ledger.open()
    await ledger.ask([inquiry("a")])
    now = NOON + 40 * DAY
    rotate(tmp_path / "keys", now, 600.0)
    take_keys(ledger, tmp_path / "keys")
    await ledger.ask([inquiry("b", now, window_start=NOON)])
    now += 600
    assert (await ledger.ask([inquiry("c", now, window_start=NOON)]))[0].attempts == 1
    write_keys(tmp_path / "keys", new_keys(NOON))
    with pytest.raises(KeysDiffer, match="other keys"):
        take_keys(ledger, tmp_path / "keys")
    await ledger.close()
