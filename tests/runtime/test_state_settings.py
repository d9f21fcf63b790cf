"""`[state]`: the folder of the ahead log, and its bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.state_settings import StateSettings, read_state
from proxy.runtime.toml_source import ConfigError, TomlSource


def read(text: str) -> StateSettings:
    return read_state(TomlSource("proxy.toml", f"[state]\n{text}").root.table("state"))


def test_the_log_lies_beside_the_store_unless_a_folder_is_named() -> None:
    assert read("") == StateSettings(None, 1024 * 1_000_000)
    assert read("").located(Path("/s/store.db")) == Path("/s/store.ahead")
    assert read("").copy_calls
    assert not read("copy_calls = false").copy_calls
    named = read('folder = "run/log"\nmost_mb = 64')
    assert (named.located(Path("/s/store.db")), named.most) == (Path("run/log").resolve(), 64 * 1_000_000)


@pytest.mark.parametrize("text", ["most_mb = 63", "folder = 1", "size = 1", "copy_calls = 1"])
def test_what_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        read(text)
