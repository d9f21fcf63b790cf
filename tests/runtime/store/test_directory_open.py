"""Which store is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.store.directory_interface import DirectoryUnreachable
from proxy.runtime.store.directory_open import directory_store
from proxy.runtime.store.directory_redis import RedisDirectory
from proxy.runtime.store.redis_place import Place


async def test_a_file_where_there_is_no_redis(tmp_path: Path) -> None:
    store = directory_store(tmp_path / "store.db", None)
    assert isinstance(store, EmbeddedDirectory)
    await store.close()


async def test_redis_where_there_is_one(tmp_path: Path) -> None:
    store = directory_store(tmp_path / "store.db", Place(("redis://127.0.0.1:1",)))
    assert isinstance(store, RedisDirectory)
    assert not (tmp_path / "store.db").exists()
    await store.close()


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("", encoding="utf-8")
    with pytest.raises(DirectoryUnreachable, match=r"plain/store\.db: "):
        directory_store(tmp_path / "plain" / "store.db", None)
