"""Which process copies its calls, and under which name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from proxy.runtime.call_copy import copy_of, token_in
from proxy.runtime.settings import load_settings
from proxy.runtime.store.redis_place import Place
from proxy.runtime.tasks import Tasks
from tests.runtime.ends import site_in


def test_a_folder_keeps_its_token(tmp_path: Path) -> None:
    first = token_in(tmp_path)
    assert token_in(tmp_path) == first
    (tmp_path / "owner").write_bytes(b"cut")
    assert token_in(tmp_path) != first
    assert len(token_in(tmp_path)) == len(first) == 32


async def test_calls_are_copied_where_the_store_is_redis(tmp_path: Path) -> None:
    settings = load_settings(site_in(tmp_path).config)
    tasks = Tasks(lambda _: None)
    assert copy_of(settings, tmp_path, tasks, print) is None
    store = replace(settings.store, place=Place(("redis://127.0.0.1:1/0",)))
    redis = replace(settings, store=store)
    assert copy_of(redis, tmp_path, tasks, print) is not None
    alone = replace(redis, state=replace(settings.state, copy_calls=False))
    assert copy_of(alone, tmp_path, tasks, print) is None
