"""What a command stands before: a store filled once, a name for who asks, and a store that does not answer."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from proxy.runtime.directory_desk import at_desk, login, opened, seed_from
from proxy.runtime.store.directory_embedded import EmbeddedDirectory
from tests.runtime.desk import CONFIG, Desk
from tests.runtime.store.directory_shelf import NOON, numbering


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


async def test_a_store_is_filled_once(tmp_path: Path) -> None:
    store = EmbeddedDirectory(tmp_path / "store.db")
    assert await seed_from(store, numbering(), CONFIG / "customers.toml", NOON)
    assert not await seed_from(store, numbering(), tmp_path / "never read", NOON)
    version = (await store.versions(0))[0]
    assert (version.who, version.at) == ("seed", NOON)
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
