"""All files together, and what a running proxy takes over: everything or nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from proxy.runtime.configuration import Configuration, load_configuration, load_successor
from proxy.runtime.mistakes import ConfigErrors
from proxy.runtime.toml_source import ConfigError

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped configuration to change."""
    for name in ("proxy.toml", "customers.toml", "trunks.toml", "numbering.toml", "headers.toml"):
        shutil.copy(SHIPPED / name, tmp_path)
    shutil.copytree(SHIPPED / "rules", tmp_path / "rules")
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def load(folder: Path) -> Configuration:
    return load_configuration(folder / "proxy.toml")


def test_the_shipped_files_agree_with_each_other(folder: Path) -> None:
    found = load(folder)
    assert re.fullmatch(r"[0-9a-f]{12}", found.digest)
    assert found.edition.directory.customer("acme") is not None


@pytest.mark.parametrize("name", ["customers.toml", "trunks.toml", "numbering.toml", "rules/10-cli.toml"])
def test_the_digest_moves_with_every_file(folder: Path, name: str) -> None:
    before = load(folder).digest
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert load(folder).digest != before


def test_the_digest_moves_with_what_may_cross(folder: Path) -> None:
    before = load(folder).digest
    change(folder / "headers.toml", '"Alert-Info"', '"Alert-Info", "X-Trace"')
    after = load(folder)
    assert after.digest != before
    assert b"x-trace" in after.settings.topology.headers.to_platform[2]


def test_mistakes_of_several_files_are_told_together(folder: Path) -> None:
    change(folder / "headers.toml", '"Alert-Info"', '"Subject"')
    change(folder / "customers.toml", 'status = "active"', 'status = "asleep"')
    with pytest.raises(ConfigErrors, match=r"(?s)customers\.toml:\d+.*headers\.toml:\d+: key `headers`.*`Subject`"):
        load(folder)


def test_the_digest_is_the_same_on_another_node(folder: Path) -> None:
    before = load(folder).digest
    change(folder / "proxy.toml", '"edge-1"', '"edge-2"')
    change(folder / "proxy.toml", "127.0.0.1:5060", "127.0.0.1:5070")
    assert load(folder).digest == before


def test_a_platform_of_a_customer_that_no_file_knows(folder: Path) -> None:
    change(folder / "trunks.toml", 'customer_header = "X-Account"', 'customer = "nobody"')
    with pytest.raises(ConfigError, match=r"trunks\.toml:\d+: key `customer`: .*seen `nobody`"):
        load(folder)


def test_destinations_are_classes_of_the_plan_or_foreign(folder: Path) -> None:
    change(folder / "trunks.toml", 'origin = "national"', 'origin = "national"\ndestinations = ["geo", "foreign"]')
    assert load(folder).trunks.platforms[0].facts.allowed_classes == {"geo", "foreign"}
    change(folder / "trunks.toml", '"foreign"', '"landline"')
    with pytest.raises(ConfigError, match="seen `landline`"):
        load(folder)


def test_a_mistake_in_any_file_is_told(folder: Path) -> None:
    change(folder / "customers.toml", 'status = "active"', 'status = "asleep"')
    with pytest.raises(ConfigError, match=r"customers\.toml:\d+"):
        load(folder)


def test_a_successor_is_what_the_files_say_now(folder: Path) -> None:
    running = load(folder)
    change(folder / "proxy.toml", "max_calls = 0", "max_calls = 7")
    change(folder / "customers.toml", 'status = "active"', 'status = "suspended"')
    fresh = load_successor(running)
    assert fresh.settings.topology.limits.max_calls == 7
    assert fresh.edition.revision != running.edition.revision
    assert running.settings.topology.limits.max_calls == 0


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"edge-1"', '"edge-2"', "name"),
        ("127.0.0.1:5060", "127.0.0.1:5070", "udp"),
        ("127.0.0.1:9460", "127.0.0.1:9461", "listen"),
        ("records.jsonl", "other.jsonl", "path"),
    ],
)
def test_what_needs_a_restart_is_refused_by_a_reload(folder: Path, old: str, new: str, key: str) -> None:
    running = load(folder)
    change(folder / "proxy.toml", old, new)
    with pytest.raises(ConfigError, match="restart the proxy") as caught:
        load_successor(running)
    assert caught.value.key == key
    line = (folder / "proxy.toml").read_text(encoding="utf-8").splitlines()[caught.value.line - 1]
    assert new in line


def test_all_that_needs_a_restart_is_told_at_once(folder: Path) -> None:
    running = load(folder)
    change(folder / "proxy.toml", '"edge-1"', '"edge-2"')
    change(folder / "proxy.toml", "127.0.0.1:5060", "127.0.0.1:5070")
    with pytest.raises(ConfigErrors) as caught:
        load_successor(running)
    assert [mistake.key for mistake in caught.value.mistakes] == ["name", "udp"]
