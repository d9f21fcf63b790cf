"""A key file that changes under a running node."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proxy.runtime.store import keys_watch
from proxy.runtime.store.keys_watch import KeysWatch, state_of
from proxy.runtime.store.person_keys import KeysDiffer
from proxy.runtime.tasks import Tasks
from tests.runtime.ends import until


class Node:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.taken: list[str] = []
        self.said: list[str] = []
        self.watch = KeysWatch(path, self.take, self.said.append)

    def take(self) -> None:
        text = self.path.read_text(encoding="utf-8")
        if text == "other":
            raise KeysDiffer("other keys")
        self.taken.append(text)

    def write(self, text: str) -> None:
        """As the command does: another file in its place."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, self.path)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    path = tmp_path / "store.keys"
    path.write_text("first", encoding="utf-8")
    return Node(path)


async def test_a_file_that_stays_is_not_read_again(node: Node) -> None:
    for _ in range(3):
        await node.watch.look()
    assert (node.taken, node.said) == ([], [])


async def test_each_change_is_taken_once(node: Node) -> None:
    node.write("second")
    await node.watch.look()
    await node.watch.look()
    node.write("third")
    await node.watch.look()
    assert node.taken == ["second", "third"]
    assert node.said == [f"{node.path}: taken over"] * 2


async def test_keys_of_another_store_are_refused_once_and_a_later_file_is_taken(node: Node) -> None:
    node.write("other")
    await node.watch.look()
    await node.watch.look()
    assert node.said == ["the key file has changed, but the keys of before stay: other keys"]
    node.write("second")
    await node.watch.look()
    assert node.taken == ["second"]


async def test_a_file_that_is_gone_changes_nothing(node: Node) -> None:
    node.path.unlink()
    await node.watch.look()
    assert state_of(node.path) is None
    assert (node.taken, node.said) == ([], [])


async def test_it_looks_by_itself(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_watch, "LOOK", 0.01)
    tasks = Tasks(node.said.append)
    tasks.spawn(node.watch.follow(), "key file")
    node.write("second")
    await until(lambda: node.taken)
    await tasks.cancel()
