"""What the commands share: which file is used, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from proxy.runtime import cli_options
from proxy.runtime.toml_source import ConfigError


def test_a_file_given_is_used_as_it_is() -> None:
    assert cli_options.config_path(Path("other.toml")) == Path("other.toml")


def test_the_file_of_the_working_directory_comes_before_the_packaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli_options.config_path(None) == cli_options.PACKAGED_CONFIG
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "proxy.toml").write_text("", encoding="utf-8")
    assert cli_options.config_path(None) == Path("config/proxy.toml")


def test_only_mistakes_of_the_operator_are_told_that_way() -> None:
    with pytest.raises(typer.Exit), cli_options.mistakes_told():
        raise ConfigError("f", 1, "k", "e", "s")
    with pytest.raises(KeyError), cli_options.mistakes_told():
        raise KeyError("ours")


def test_examples_stand_below_each_other() -> None:
    assert cli_options.examples("a", "b") == "Examples:\n\na\n\nb"
