"""What cannot be had of the system is the mistake of the key that asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.addresses import Endpoint
from proxy.runtime.needs import FREE, listening, needed, shown
from proxy.runtime.settings import load_settings
from proxy.runtime.toml_source import ConfigError


def test_an_error_of_the_system_names_file_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "proxy.toml"
    path.write_text('[[listen]]\nname = "a"\naddress = "192.0.2.1:5060"\n')
    with (
        pytest.raises(ConfigError, match="a free address of this machine") as caught,
        needed(path, ("listen", 0, "address"), FREE, "192.0.2.1:5060"),
    ):
        raise OSError(99, "no")
    assert (caught.value.file, caught.value.line, caught.value.key) == (str(path), 3, "listen.address")
    assert caught.value.seen == "`192.0.2.1:5060` (cannot assign requested address)"


def test_an_address_as_it_is_written() -> None:
    assert shown(Endpoint("::1", 5060)) == "[::1]:5060"
    assert shown(Endpoint("192.0.2.1", 5060)) == "192.0.2.1:5060"


def test_where_sip_is_received() -> None:
    settings = load_settings(Path(__file__).parents[2] / "config" / "proxy.toml")
    assert listening(settings) == "udp 127.0.0.1:5060"
