"""`[auth]`: nonces and guessing."""

from __future__ import annotations

import pytest

from proxy.b2bua.logins import AuthPolicy
from proxy.runtime.auth_settings import PROCESS_KEY, read_policy
from proxy.runtime.toml_source import ConfigError, TomlSource


def read(text: str) -> AuthPolicy:
    return read_policy(TomlSource("proxy.toml", text).root.table("auth"))


def test_defaults_and_values() -> None:
    assert read("") == AuthPolicy(PROCESS_KEY, 300.0, 10, 60.0)
    assert read("[auth]\nnonce_seconds = 5\nfailures = 0\nrefuse_seconds = 1\n") == AuthPolicy(PROCESS_KEY, 5.0, 0, 1.0)
    assert len(PROCESS_KEY) == 32


@pytest.mark.parametrize("line", ["nonce_seconds = 0", "failures = -1", "refuse_seconds = 0", "other = 1"])
def test_what_is_wrong_is_told_with_its_line(line: str) -> None:
    with pytest.raises(ConfigError, match=r"proxy.toml:2: key `" + line.split(" ", maxsplit=1)[0]):
        read("[auth]\n" + line)
