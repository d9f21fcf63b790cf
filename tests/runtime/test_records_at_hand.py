"""The commands on records go by the directory of the store, and leave an empty one alone."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from proxy.runtime.records_at_hand import at_hand
from proxy.runtime.store.directory_changes import change
from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.directory_shelf import CONFIG, ME, SMALL, edit, numbering


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped files in a working directory of their own."""
    shutil.copytree(CONFIG, tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config" / "proxy.toml"


async def fill(path: Path) -> None:
    store = EmbeddedDirectory(path)
    await change(store, numbering(), edit(SMALL), ME)
    await store.close()


def test_without_a_store_the_customers_file_speaks(config: Path) -> None:
    found = at_hand(config)
    store = found.configuration.settings.store.path
    assert (found.edition, found.versions) == (found.configuration.edition, ())
    assert not store.exists()


def test_a_store_that_holds_nothing_is_left_so(config: Path) -> None:
    path = at_hand(config).configuration.settings.store.path
    path.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(EmbeddedDirectory(path).close())
    assert at_hand(config).versions == ()
    assert at_hand(config).edition.directory.customer("acme") is not None


def test_the_directory_of_the_store_and_its_history(config: Path) -> None:
    path = at_hand(config).configuration.settings.store.path
    path.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(fill(path))
    found = at_hand(config)
    assert [one.who for one in found.versions] == ["me"]
    assert found.edition.directory.customer("acme") is None
    assert found.edition.directory.customer("a") is not None
    assert found.edition.revision.endswith(".1")


def test_a_store_that_does_not_answer_is_a_mistake_of_the_file(config: Path) -> None:
    path = at_hand(config).configuration.settings.store.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no database at all, and long enough to be seen as none" * 100)
    with pytest.raises(ConfigError, match="a store that answers"):
        at_hand(config)
