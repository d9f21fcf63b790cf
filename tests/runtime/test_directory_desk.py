"""What a command stands before: a store filled once, a name for who asks, and a store that does not answer."""

from __future__ import annotations

import getpass
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.runtime.directory_desk import at_desk, book_of, login, opened, seed_from
from proxy.runtime.settings import Files
from proxy.runtime.store.directory_bulk import toml_drafts
from proxy.runtime.store.directory_changes import change, rolled_back, seed
from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from proxy.runtime.toml_source import read_toml
from tests.runtime.desk import CONFIG, Desk
from tests.runtime.store.directory_shelf import CUSTOMER, ME, NOON, edit, numbering

FILES = Files(
    CONFIG / "customers.toml",
    CONFIG / "trunks.toml",
    CONFIG / "numbering.toml",
    CONFIG / "rules",
    CONFIG / "headers.toml",
)
NO_FILES = replace(FILES, customers=CONFIG / "never read", trunks=CONFIG / "never read")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


async def test_a_store_is_filled_once(tmp_path: Path) -> None:
    store = EmbeddedDirectory(tmp_path / "store.db")
    assert await seed_from(store, numbering(), FILES, NOON)
    assert not await seed_from(store, numbering(), NO_FILES, NOON)
    assert list((await book_of(store, numbering(), NO_FILES, NOON)).trunks) == ["vms", "carrier-1"]
    (version,) = await store.versions(0)
    assert (version.who, version.at) == ("seed", NOON)
    assert version.what == "first filled from customers.toml and trunks.toml"
    await store.close()


async def test_a_store_of_an_older_time_gets_the_trunks_of_the_file_as_its_next_version(tmp_path: Path) -> None:
    store = EmbeddedDirectory(tmp_path / "store.db")
    await seed(store, numbering(), toml_drafts(read_toml(FILES.customers)), ME)
    assert list((await book_of(store, numbering(), FILES, NOON)).trunks) == ["vms", "carrier-1"]
    assert (await book_of(store, numbering(), NO_FILES, NOON)).version == 2
    version = (await store.versions(1))[0]
    assert (version.who, version.what) == ("seed", "trunks first filled from trunks.toml")
    await change(store, numbering(), edit(CUSTOMER.format("zed")), ME)
    book, _ = await rolled_back(store, numbering(), 1, ME)
    assert "zed" not in book.customers
    assert list(book.trunks) == ["vms", "carrier-1"]
    await store.close()


async def test_a_desk_knows_who_and_when(desk: Desk) -> None:
    async with opened(desk.folder / "config" / "proxy.toml", "zoe") as found:
        assert found.signature("a test").who == "zoe"
        assert abs(found.today - found.clock.epoch() / 86_400 - 719_163) < 2
        assert (await found.book()).version == 1


def test_without_a_name_it_is_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    assert login() == getpass.getuser()

    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert login() == "unknown"


def test_a_store_that_does_not_answer_ends_the_command(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    (desk.folder / "var").write_text("", encoding="utf-8")
    assert desk.told("customers", "list")[0].startswith("the directory cannot be reached: ")


def test_what_the_work_returns_is_handed_on(desk: Desk) -> None:
    async def work(_: object) -> int:
        return 7

    assert at_desk(desk.folder / "config" / "proxy.toml", "", work) == 7
